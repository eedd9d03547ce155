#include <curl/curl.h>

#include <cctype>
#include <charconv>
#include <mutex>

#include "http/http.hpp"

namespace rollcall::http {
namespace {

constexpr long kConnectTimeoutMs = 10'000;
constexpr size_t kMostHeaders = 200;
constexpr Millis kLongestRetryAfter{3600'000};

struct Exchange {
  const Request& request;
  const std::stop_token& stop;
  CURL* handle;
  Response response = {};
  bool head_complete = false;
  bool too_long = false;
  bool refused_by_caller = false;
  std::optional<Time> retry_at = std::nullopt;
  bool held_back = false;
  bool stalled = false;
  curl_off_t body_bytes = -1;  // nothing: the body has not begun
  curl_off_t grew_at_us = 0;   // by libcurl's clock, which begins with the exchange
};

// In the three forms that HTTP has; each begins with a day of the week.
std::optional<Time> date_of(std::string_view text) {
  if (text.empty() || std::isalpha(static_cast<unsigned char>(text[0])) == 0) return std::nullopt;
  const time_t seconds = curl_getdate(std::string(text).c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  return Time(std::chrono::seconds(seconds));
}

size_t on_body(char* data, size_t, size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  long status = 0;
  curl_easy_getinfo(exchange.handle, CURLINFO_RESPONSE_CODE, &status);
  if (exchange.request.on_body && status == 200) {
    if (exchange.request.on_body({data, size})) return size;
    exchange.refused_by_caller = true;
    return 0;
  }
  if (exchange.response.body.size() + size > exchange.request.response_bytes_max) {
    exchange.too_long = true;
    return 0;
  }
  exchange.response.body.append(data, size);
  return size;
}

size_t on_header(char* data, size_t, size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) {  // also after a 100 or a proxy's answer
    exchange.head_complete = false;
    exchange.response.headers.clear();
    exchange.response.date = exchange.retry_at = std::nullopt;
    exchange.response.retry_after = std::nullopt;
  }
  if (line == "\r\n" || line == "\n") {
    exchange.head_complete = true;
    // A moment is one of the server's clock.
    if (exchange.retry_at && exchange.response.date && *exchange.retry_at > *exchange.response.date)
      exchange.response.retry_after =
          std::min(*exchange.retry_at - *exchange.response.date, kLongestRetryAfter);
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name(line.substr(0, colon));
  ascii_lower(name);
  const std::string_view value = trim(line.substr(colon + 1));
  if (exchange.response.headers.size() < kMostHeaders)
    exchange.response.headers.emplace_back(name, value);
  if (name == "content-type") exchange.response.content_type = std::string(value);
  if (name == "date") exchange.response.date = date_of(value);
  if (name == "retry-after") {
    int seconds = 0;
    const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (problem == std::errc() && end == value.data() + value.size() && seconds >= 0)
      exchange.response.retry_after =
          std::min<Millis>(std::chrono::seconds(seconds), kLongestRetryAfter);
    exchange.retry_at = date_of(value);
  }
  return size;
}

// Called at least once a second.
int on_progress(void* user, curl_off_t, curl_off_t body_bytes, curl_off_t, curl_off_t) {
  auto& exchange = *static_cast<Exchange*>(user);
  curl_off_t now_us = 0;
  curl_easy_getinfo(exchange.handle, CURLINFO_TOTAL_TIME_T, &now_us);
  if (exchange.head_complete && body_bytes != exchange.body_bytes) {
    exchange.body_bytes = body_bytes;
    exchange.grew_at_us = now_us;
  }
  // Before its answer a server may be at work for long; then it has something to say.
  const Millis silent =
      std::chrono::duration_cast<Millis>(std::chrono::microseconds(now_us - exchange.grew_at_us));
  exchange.stalled = exchange.body_bytes >= 0 && silent > exchange.request.stall_timeout;
  return exchange.stalled || exchange.stop.stop_requested() ? 1 : 0;
}

int on_leaving(void* user, char*, char*, int, int) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.held_back = !exchange.request.may_leave();
  return exchange.held_back ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

// Host and port alone: paths and queries may hold a person's address, and what stands before an @ a
// password.
std::string host_of(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const size_t at = url.rfind('@');
  return std::string(at == std::string_view::npos ? url : url.substr(at + 1));
}

class CurlTransport : public Transport {
 public:
  CurlTransport() { curl_global_init(CURL_GLOBAL_DEFAULT); }
  ~CurlTransport() override {
    for (CURL* handle : idle_) curl_easy_cleanup(handle);
  }

  Answer send(const Request& request, const std::stop_token& stop) override {
    if (stop.stop_requested())
      return tl::unexpected(Failure{
          {ErrorKind::cancelled, "stopped before talking to " + host_of(request.url)}, false});
    CURL* handle = take();
    CHECK(handle != nullptr);
    Exchange exchange{request, stop, handle};
    curl_easy_reset(handle);  // keeps connections and TLS sessions
    curl_slist* headers = nullptr;
    for (const auto& [name, value] : request.headers)
      headers = curl_slist_append(headers, (name + ": " + value).c_str());
    headers = curl_slist_append(headers, "Expect:");  // no 100-continue round trip
    curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    if (request.method == "POST") {
      curl_easy_setopt(handle, CURLOPT_POST, 1L);
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
    } else if (request.method != "GET") {
      curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    if (!request.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, request.ca_file.c_str());
    if (request.at_most_once) {
      curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
    }
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &exchange);
    if (request.may_leave) {
      curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, on_leaving);
      curl_easy_setopt(handle, CURLOPT_PREREQDATA, &exchange);
    }
    CURLcode code = curl_easy_perform(handle);
    long status = 0;
    // Over all connections that were tried; none: the server cannot have acted on it.
    long bytes_sent = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &bytes_sent);
    curl_slist_free_all(headers);
    give_back(handle);
    exchange.response.status = static_cast<int>(status);
    // libcurl takes a head that was cut off for the whole of an answer without a body, and an empty
    // body can mean much: an empty list.
    if (code == CURLE_OK && !exchange.head_complete) code = CURLE_GOT_NOTHING;
    if (code == CURLE_OK) return std::move(exchange.response);
    return tl::unexpected(failure(code, exchange, bytes_sent > 0));
  }

 private:
  static Failure failure(CURLcode code, const Exchange& exchange, bool anything_sent) {
    const std::string host = host_of(exchange.request.url);
    Error error{ErrorKind::unavailable,
                std::string("no answer from ") + host + ": " + curl_easy_strerror(code)};
    if (exchange.stop.stop_requested()) {
      error = {ErrorKind::cancelled, "stopped while talking to " + host};
    } else if (exchange.held_back) {
      error.message = "held back: the request to " + host + " would have left too late";
    } else if (exchange.stalled) {
      error.message = host + " stopped in the middle of its answer";
      error.remedy = "Try again.";
    } else if (exchange.too_long) {
      error = {ErrorKind::corrupt, host + " answered with more than " +
                                       std::to_string(exchange.request.response_bytes_max) +
                                       " bytes"};
    } else if (exchange.refused_by_caller) {
      error = {ErrorKind::corrupt, host + " answered with a body that makes no sense"};
    } else if (code == CURLE_SSL_CACERT_BADFILE) {
      error.kind = ErrorKind::invalid;
      error.remedy = "See that the file of certificates is there, and is PEM.";
    } else if (code == CURLE_PEER_FAILED_VERIFICATION) {
      error.remedy =
          "The certificate of this host cannot be trusted: check the address and the clock.";
    } else if (!anything_sent &&
               (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)) {
      error = {ErrorKind::invalid, "this is not the address of an HTTP server: " + host,
               "Check the address: it starts with https:// or http://."};
    } else if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST) {
      error.remedy = "Check the address and the network.";
    }
    return {std::move(error), anything_sent};
  }

  CURL* take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        CURL* handle = idle_.back();
        idle_.pop_back();
        return handle;
      }
    }
    return curl_easy_init();
  }
  void give_back(CURL* handle) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(handle);
  }

  std::mutex mutex_;
  std::vector<CURL*> idle_;  // protected by mutex_
};

}  // namespace

std::unique_ptr<Transport> make_transport() { return std::make_unique<CurlTransport>(); }

std::string url_encode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace rollcall::http
