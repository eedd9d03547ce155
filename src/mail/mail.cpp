#include "mail/mail.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/base64.hpp"

namespace rollcall::mail {
namespace {

constexpr long kTimeoutMs = 60'000;

// "=?UTF-8?B?…?=", in as many words as it takes; cut where a letter begins.
std::string encoded_word(std::string_view text) {
  constexpr size_t kMost = 42;  // bytes of a word, whose base64 then fits into a line
  std::string out;
  while (!text.empty()) {
    size_t size = std::min(kMost, text.size());
    while (size < text.size() && size > 1 &&
           (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
      --size;
    out +=
        (out.empty() ? "" : "\r\n ") + fmt::format("=?UTF-8?B?{}?=", base64(text.substr(0, size)));
    text.remove_prefix(size);
  }
  return out;
}

// English names, whatever the locale.
std::string date_of(Time time) {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const time_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000",
                     kDays[static_cast<size_t>(utc.tm_wday)], utc.tm_mday,
                     kMonths[static_cast<size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

struct Left {
  std::string_view text;
  const std::stop_token* stop;
};
size_t on_read(char* to, size_t one, size_t count, void* user) {
  auto& left = *static_cast<Left*>(user);
  const size_t size = std::min(one * count, left.text.size());
  std::copy_n(left.text.data(), size, to);
  left.text.remove_prefix(size);
  return size;
}
int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Left*>(user)->stop->stop_requested() ? 1 : 0;
}

Error error_of(CURLcode code, long answered) {
  const std::string said =
      answered > 0 ? fmt::format(" (the server answered {})", answered) : std::string();
  switch (code) {
    case CURLE_LOGIN_DENIED:
      return {ErrorKind::denied, "the mail server refuses user and password" + said,
              "Correct `smtp-user` and `smtp-password-file`."};
    case CURLE_SEND_ERROR:
      return {ErrorKind::denied, "the mail server refuses a recipient or the sender" + said,
              "Check the addresses, and `mail-from`."};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
      return {
          ErrorKind::unavailable,
          std::string("no trusted TLS with the mail server: ") + curl_easy_strerror(code) + said,
          "Name its certificates with `smtp-ca`."};
    case CURLE_ABORTED_BY_CALLBACK:
      return {ErrorKind::cancelled, "stopped while a mail was sent"};
    default:
      return {ErrorKind::unavailable,
              std::string("the mail server did not take it: ") + curl_easy_strerror(code) + said,
              "Check `smtp`; it is tried again."};
  }
}

class CurlMailer : public Mailer {
 public:
  CurlMailer(Server server, Clock& clock, Random& random)
      : server_(std::move(server)), clock_(clock), random_(random) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
  }

  Status send(const Message& message, const std::stop_token& stop) override {
    if (server_.url.empty())
      return Error{ErrorKind::invalid, "no mail server is set", "Set `smtp` and `mail-from`."};
    for (const std::string& to : message.to)
      if (!is_address(to)) return Error{ErrorKind::invalid, "an address to send to is none"};
    if (message.to.empty() || !is_address(server_.from))
      return Error{ErrorKind::invalid, "mail needs `mail-from` and somebody to go to"};
    CURL* const handle = curl_easy_init();
    CHECK(handle != nullptr);
    const std::string text = to_text(server_, message, clock_.now(), random_.next());
    Left left{text, &stop};
    curl_slist* to = nullptr;
    for (const std::string& one : message.to) to = curl_slist_append(to, one.c_str());
    curl_easy_setopt(handle, CURLOPT_URL, server_.url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(handle, CURLOPT_USE_SSL,
                     static_cast<long>(server_.plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    curl_easy_setopt(handle, CURLOPT_MAIL_FROM, server_.from.c_str());
    curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, to);
    if (!server_.user.empty()) {
      curl_easy_setopt(handle, CURLOPT_USERNAME, server_.user.c_str());
      curl_easy_setopt(handle, CURLOPT_PASSWORD, server_.password.reveal().c_str());
    }
    if (!server_.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, server_.ca_file.c_str());
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(handle, CURLOPT_READDATA, &left);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &left);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, kTimeoutMs);
    const CURLcode code = curl_easy_perform(handle);
    long answered = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answered);
    curl_slist_free_all(to);
    curl_easy_cleanup(handle);
    if (code == CURLE_OK) return ok_status();
    return error_of(code, answered);
  }

 private:
  const Server server_;
  Clock& clock_;
  Random& random_;
};

}  // namespace

bool is_address(std::string_view text) {
  const bool clean = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != ',' && c != ';' && c != '<' &&
           c != '>' && c != '"';
  });
  const size_t at = text.find('@');
  return clean && text.size() <= 254 && at != std::string_view::npos && at > 0 &&
         at + 1 < text.size() && text.find('@', at + 1) == std::string_view::npos;
}

std::string to_text(const Server& server, const Message& message, Time now, uint64_t id) {
  const std::string domain = server.from.substr(server.from.find('@') + 1);
  std::string out = fmt::format(
      "Date: {}\r\nFrom: Rollcall <{}>\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{:016x}@{}>\r\n"
      "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
      date_of(now), server.from, join(message.to, ",\r\n "), encoded_word(message.subject), id,
      domain);
  constexpr size_t kLine = 76;
  const std::string body = base64(message.text);
  for (size_t i = 0; i < body.size(); i += kLine) out += body.substr(i, kLine) + "\r\n";
  return out;
}

std::unique_ptr<Mailer> make_mailer(Server server, Clock& clock, Random& random) {
  return std::make_unique<CurlMailer>(std::move(server), clock, random);
}

}  // namespace rollcall::mail
