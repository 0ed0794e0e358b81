#include "runtime/event_sender.h"

#include <curl/curl.h>
#include <spdlog/spdlog.h>

#include "runtime/secret.h"

namespace shoehorn::runtime {
namespace {

using namespace std::chrono_literals;
constexpr std::chrono::milliseconds kFirstPause = 200ms, kLongestPause = 2000ms;
constexpr long kConnectMs = 3000, kWholeMs = 10'000;
constexpr auto kLook = 500ms;  // at an empty queue, between two looks at the end of the program

/// What the receiver made of an event.
enum class Taken { kYes, kLater, kNever };

/// The codes that say that this very event is at fault. Everything else (a token that ran out, a server that
/// starts) may get better, and the order of events forbids to go on without this one.
Taken TakenBy(long code) {
  if (code >= 200 && code < 300) return Taken::kYes;
  return code == 400 || code == 413 || code == 415 || code == 422 ? Taken::kNever : Taken::kLater;
}

size_t Ignore(char*, size_t size, size_t count, void*) { return size * count; }

}  // namespace

struct EventSender::Connection {
  CURL* handle = nullptr;
  std::string url, authorization, ca_file;
  const std::atomic<bool>* stop = nullptr;
  char words[CURL_ERROR_SIZE] = {};

  ~Connection() { curl_easy_cleanup(handle); }

  static int Progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return *static_cast<Connection*>(self)->stop ? 1 : 0;
  }

  void SetUp() {
    handle = curl_easy_init();
    SHOEHORN_CHECK(handle != nullptr, "no memory for a connection");
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "https,http");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);  // a token goes where the plan says, nowhere else
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, ca_file.c_str());
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, kWholeMs);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, Ignore);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, Progress);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, this);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "shoehorn-agent");
  }

  Taken Post(const Event& event, std::string& complaint) {
    curl_slist* list = curl_slist_append(nullptr, "Content-Type: application/json");
    list = curl_slist_append(list, "Expect:");  // one round trip less
    list = curl_slist_append(list, ("Idempotency-Key: " + event.key).c_str());
    if (!authorization.empty()) list = curl_slist_append(list, authorization.c_str());
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, event.body.data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(event.body.size()));
    words[0] = 0;
    const CURLcode result = curl_easy_perform(handle);
    long code = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
    curl_slist_free_all(list);
    if (result != CURLE_OK) {
      complaint = words[0] != 0 ? words : curl_easy_strerror(result);
      return Taken::kLater;
    }
    complaint = "the receiver answered with code " + std::to_string(code);
    return TakenBy(code);
  }
};

Result<std::unique_ptr<EventSender>> EventSender::Start(const place::EventRule& rule,
                                                        const std::filesystem::path& folder,
                                                        EventQueue& queue) {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  SHOEHORN_CHECK(ready, "libcurl does not start");
  auto connection = std::make_unique<Connection>();
  SHOEHORN_ASSIGN(const std::string token, ReadToken(rule.token_env, rule.token_file, folder));
  if (!token.empty()) connection->authorization = "Authorization: Bearer " + token;
  connection->url = rule.url;
  if (!rule.ca_file.empty()) {
    connection->ca_file = (folder / rule.ca_file).string();
    std::error_code code;
    if (!std::filesystem::exists(connection->ca_file, code)) {
      Diagnostic diagnostic;
      diagnostic.file = connection->ca_file;
      diagnostic.found = "the certificates of events.ca_file are not there";
      return diagnostic;
    }
  }
  return std::unique_ptr<EventSender>(new EventSender(std::move(connection), queue));
}

EventSender::EventSender(std::unique_ptr<Connection> connection, EventQueue& queue)
    : connection_(std::move(connection)), queue_(queue) {
  connection_->stop = &stop_;
  connection_->SetUp();
  thread_ = std::thread([this] { Loop(); });
}

EventSender::~EventSender() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  queue_.Wake();
  thread_.join();
}

void EventSender::Loop() {
  std::chrono::milliseconds pause = kFirstPause;
  std::string last_complaint;
  while (!stop_) {
    const std::optional<Event> event = queue_.Next(kLook);
    if (!event) continue;
    ++attempts_;
    std::string complaint;
    const Taken taken = connection_->Post(*event, complaint);
    if (taken == Taken::kLater) {
      if (stop_) return;
      // An outage is one line in the log, not one for each attempt.
      if (complaint != last_complaint)
        spdlog::warn("events wait, they cannot be sent: {}", Escaped(complaint));
      last_complaint = complaint;
      std::unique_lock lock(mutex_);
      stopped_.wait_for(lock, pause, [this] { return stop_.load(); });
      pause = std::min<std::chrono::milliseconds>(2 * pause, kLongestPause);
      continue;
    }
    if (!last_complaint.empty()) spdlog::info("events are sent again");
    last_complaint.clear();
    pause = kFirstPause;
    if (taken == Taken::kNever) {
      queue_.Refused(*event, complaint);
    } else {
      queue_.Sent(*event);
      ++sent_;
    }
  }
}

}  // namespace shoehorn::runtime
