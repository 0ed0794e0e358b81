// Stands between a client and a server of this machine, passes every byte on, and counts those that go up:
// what really crosses a link, whatever the client's library made of the message.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace shoehorn::testing {

class CountingProxy {
 public:
  /// Listens on a free port of 127.0.0.1 and connects to `port` there. One connection at a time.
  explicit CountingProxy(int port);
  ~CountingProxy();
  CountingProxy(const CountingProxy&) = delete;
  CountingProxy& operator=(const CountingProxy&) = delete;

  int port() const { return port_; }
  int64_t up_bytes() const { return up_bytes_; }

 private:
  void Serve(int server_port);
  void Pass(int client, int server);

  int socket_ = -1, port_ = 0;
  std::atomic<bool> ends_ = false;
  std::atomic<int64_t> up_bytes_ = 0;
  std::thread thread_;
};

}  // namespace shoehorn::testing
