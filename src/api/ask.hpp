// One request on its way: who asks, what the path names, and how answers are made.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "api/api.hpp"

namespace rollcall::api {

using json = nlohmann::ordered_json;
using access::Role;
using http_server::Request;
using http_server::Response;

// What all requests share.
struct Shared {
  Shared(const operations::World& the_world, service::Service& the_service,
         access::Access& the_access, alerts::Alerts& the_alerts, demo::Demo& the_demo,
         Settings the_settings)
      : world(the_world),
        service(the_service),
        access(the_access),
        alerts(the_alerts),
        demo(the_demo),
        settings(std::move(the_settings)),
        queries(static_cast<ptrdiff_t>(settings.queries_max)) {}

  const operations::World world;
  service::Service& service;
  access::Access& access;
  alerts::Alerts& alerts;
  demo::Demo& demo;
  const Settings settings;
  std::counting_semaphore<1024> queries;  // places for those that ask a source or Iterable
  std::atomic<const http_server::Server*> server{nullptr};

  // Whether the browser speaks TLS: to us, or to a proxy before us, whom it calls by the name in `url`.
  [[nodiscard]] bool is_secure(const Request& request) const;
  // The stored catalog as it is now; read again when its revision is another.
  Result<std::shared_ptr<const operations::Stored>> stored();

 private:
  std::mutex mutex_;
  std::shared_ptr<const operations::Stored> stored_;  // protected by mutex_
};

struct Ask {
  Shared& shared;
  const Request& request;
  const std::stop_token& stop;
  std::map<std::string, std::string, std::less<>> parts = {};  // of the path: {"uid", "…"}
  std::optional<access::Caller> caller = std::nullopt;

  [[nodiscard]] const operations::World& world() const { return shared.world; }
  [[nodiscard]] const std::string& uid() const { return parts.at("uid"); }
  [[nodiscard]] std::string who() const;
  // The body as a JSON object; an empty body is an empty one. Errors: invalid.
  [[nodiscard]] Result<json> body() const;
  // `?name=`: text, or a number within bounds. Errors: invalid.
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] Result<bool> flag(std::string_view name) const;  // "true" or "false"
  // One of `words`; `otherwise` when it is not given.
  [[nodiscard]] Result<std::string> choice(std::string_view name,
                                           const std::vector<std::string>& words,
                                           const std::string& otherwise = {}) const;
  [[nodiscard]] Result<int64_t> number(std::string_view name, int64_t otherwise, int64_t least,
                                       int64_t most) const;
  // Whether the caller wants lines of JSON as they come.
  [[nodiscard]] bool wants_lines() const;
  // A line of the log. What cannot be logged is an error: nothing is done in secret.
  [[nodiscard]] Status log(const std::string& action, const std::string& kind,
                           const std::string& uid, const std::string& name,
                           const std::string& before = {}, const std::string& after = {}) const;
};

// --- Fields of a body. Errors: invalid, with the pointer.
Result<std::string> text_field(const json& body, const char* key, bool required = true);
Result<bool> flag_field(const json& body, const char* key);
Result<std::optional<int64_t>> number_field(const json& body, const char* key, int64_t least,
                                            int64_t most);
// Whatever else there is, is a mistake. Errors: invalid.
Status only_fields(const json& body, std::initializer_list<std::string_view> keys);

// Whether two secrets are one, in a time that tells nothing of them.
bool same(std::string_view a, std::string_view b);

// --- Answers.
Response answer(const json& value, int status = 200);
Response answer_text(std::string json_text, int status = 200);
Response problem(const Error& error);
Response problem(int status, std::string_view code, const std::string& detail,
                 const std::string& remedy = {});
// Where an error is, as it is found in the body: `at` is where the object stands there; nothing: it is
// a stored one. What is wrong in another object has no place in a body.
Error in_body(Error error, const std::string& object, const std::optional<std::string>& at = "");
// What is wrong with a body, each at its pointer.
Response problems(const std::vector<catalog::Problem>& all);
int status_of(const Error& error);

Error cursor_unknown();
// A page of `all` by ?limit and ?cursor: {"items": […], "next_cursor": …}. `key_of` gives the text
// that a cursor holds; `item_of` is asked for what is on the page alone.
template <class T, class Key, class Item>
Result<Response> page_of(const Ask& ask, const std::vector<T>& all, Key key_of, Item item_of) {
  const int64_t limit = TRY(ask.number("limit", 100, 1, 1000));
  const std::string cursor = ask.text("cursor");
  size_t from = 0;
  if (!cursor.empty()) {
    while (from < all.size() && key_of(all[from]) != cursor) ++from;
    if (from == all.size()) return cursor_unknown();
    ++from;
  }
  json items = json::array();
  size_t at = from;
  for (; at < all.size() && at < from + static_cast<size_t>(limit); ++at)
    if constexpr (std::is_same_v<decltype(item_of(all[at])), Result<json>>)
      items.push_back(TRY(item_of(all[at])));
    else
      items.push_back(item_of(all[at]));
  return answer({{"items", std::move(items)},
                 {"next_cursor", at < all.size() ? json(key_of(all[at - 1])) : json(nullptr)}});
}

// --- Places for what asks a source or Iterable: until it is destroyed.
class Place {
 public:
  // Errors: busy, with retry_after.
  static Result<Place> take(Shared& shared);
  ~Place() {
    if (shared_ != nullptr) shared_->queries.release();
  }
  Place(Place&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}

 private:
  explicit Place(Shared& shared) : shared_(&shared) {}
  Shared* shared_;
};

}  // namespace rollcall::api
