#include "servers/counting_proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "support/check.h"

namespace shoehorn::testing {
namespace {

constexpr int kPatienceMs = 50;

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

bool SendAll(int to, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(to, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

}  // namespace

CountingProxy::CountingProxy(int port) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  SHOEHORN_CHECK(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::listen(socket_, 16) == 0 &&
                     ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
                 "a proxy listens");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this, port] { Serve(port); });
}

CountingProxy::~CountingProxy() {
  ends_ = true;
  ::shutdown(socket_, SHUT_RDWR);
  thread_.join();
  ::close(socket_);
}

void CountingProxy::Serve(int server_port) {
  while (!ends_) {
    const int client = ::accept(socket_, nullptr, nullptr);
    if (client < 0) return;
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(server_port);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      Pass(client, server);
    ::close(server);
    ::close(client);
  }
}

void CountingProxy::Pass(int client, int server) {
  std::array<char, 65536> buffer{};
  std::array<pollfd, 2> ends = {{{client, POLLIN, 0}, {server, POLLIN, 0}}};
  while (!ends_) {
    if (::poll(ends.data(), ends.size(), kPatienceMs) < 0) return;
    for (size_t from = 0; from < 2; ++from) {
      if (ends[from].revents == 0) continue;
      const ssize_t got = ::recv(ends[from].fd, buffer.data(), buffer.size(), 0);
      if (got <= 0 || !SendAll(ends[1 - from].fd, buffer.data(), static_cast<size_t>(got))) return;
      if (from == 0) up_bytes_ += got;
    }
  }
}

}  // namespace shoehorn::testing
