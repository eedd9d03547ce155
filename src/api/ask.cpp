#include "api/ask.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <charconv>

#include "base/json.hpp"

namespace rollcall::api {

Result<std::shared_ptr<const operations::Stored>> Shared::stored() {
  const int64_t revision = TRY(world.store.revision());
  {
    const std::lock_guard lock(mutex_);
    if (stored_ && stored_->revision == revision) return stored_;
  }
  auto read = std::make_shared<const operations::Stored>(TRY(operations::stored(world)));
  const std::lock_guard lock(mutex_);
  stored_ = read;
  return read;
}

std::string Ask::who() const {
  if (!caller) return "nobody";
  return caller->kind == access::Caller::Kind::token ? "token " + caller->name : caller->name;
}

Result<json> Ask::body() const {
  if (trim(request.body).empty()) return json::object();
  json out = read_json<json>(request.body);
  if (!out.is_object())
    return Error{.kind = ErrorKind::invalid,
                 .message = "the body must be a JSON object, nested at most 256 levels",
                 .code = "body_invalid"};
  return out;
}

std::string Ask::text(std::string_view name) const {
  return std::string(request.parameter(name).value_or(""));
}

Result<bool> Ask::flag(std::string_view name) const {
  return TRY(choice(name, {"true", "false"}, "false")) == "true";
}

Result<std::string> Ask::choice(std::string_view name, const std::vector<std::string>& words,
                                const std::string& otherwise) const {
  const auto given = request.parameter(name);
  if (!given) return otherwise;
  if (std::find(words.begin(), words.end(), *given) != words.end()) return std::string(*given);
  return Error{.kind = ErrorKind::invalid,
               .message = fmt::format("`{}` must be one of {}{}", name, join(words, ", "),
                                      did_you_mean(*given, words)),
               .code = "parameter_invalid"};
}

Result<int64_t> Ask::number(std::string_view name, int64_t otherwise, int64_t least,
                            int64_t most) const {
  const auto given = request.parameter(name);
  if (!given) return otherwise;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), value);
  if (error != std::errc() || end != given->data() + given->size() || value < least || value > most)
    return Error{
        .kind = ErrorKind::invalid,
        .message = fmt::format("`{}` must be a whole number from {} to {}", name, least, most),
        .code = "parameter_invalid"};
  return value;
}

bool Ask::wants_lines() const {
  const auto accept = request.header("accept");
  return accept && accept->find("application/x-ndjson") != std::string_view::npos;
}

Status Ask::log(const std::string& action, const std::string& kind, const std::string& of_uid,
                const std::string& name, const std::string& before,
                const std::string& after) const {
  return world().store.log({.at = world().clock.now(),
                            .who = who(),
                            .action = action,
                            .kind = kind,
                            .uid = of_uid,
                            .name = name,
                            .before = before,
                            .after = after,
                            .address = request.address});
}

namespace {
Error wrong_field(const char* key, const std::string& message, const char* code) {
  return {.kind = ErrorKind::invalid,
          .message = message,
          .code = code,
          .place = ErrorPlace{.pointer = (json::json_pointer() / key).to_string()}};
}
}  // namespace

Result<std::string> text_field(const json& body, const char* key, bool required) {
  const auto at = body.find(key);
  if (at == body.end()) {
    if (!required) return std::string();
    return wrong_field(key, fmt::format("`{}` is missing", key), "key_missing");
  }
  if (!at->is_string())
    return wrong_field(key, fmt::format("`{}` must be text", key), "value_invalid");
  return at->get<std::string>();
}

Result<bool> flag_field(const json& body, const char* key) {
  const auto at = body.find(key);
  if (at == body.end()) return false;
  if (!at->is_boolean())
    return wrong_field(key, fmt::format("`{}` must be true or false", key), "value_invalid");
  return at->get<bool>();
}

Result<std::optional<int64_t>> number_field(const json& body, const char* key, int64_t least,
                                            int64_t most) {
  const auto at = body.find(key);
  if (at == body.end() || at->is_null()) return std::nullopt;
  const bool fits = at->is_number_integer() &&
                    !(at->is_number_unsigned() && at->get<uint64_t>() > uint64_t{INT64_MAX});
  if (!fits || at->get<int64_t>() < least || at->get<int64_t>() > most)
    return wrong_field(key,
                       fmt::format("`{}` must be a whole number from {} to {}", key, least, most),
                       "value_invalid");
  return at->get<int64_t>();
}

Status only_fields(const json& body, std::initializer_list<std::string_view> keys) {
  const std::vector<std::string> names(keys.begin(), keys.end());
  for (const auto& [key, value] : body.items())
    if (std::find(names.begin(), names.end(), key) == names.end())
      return wrong_field(key.c_str(),
                         "`" + key + "` is no field of this request" + did_you_mean(key, names),
                         "key_unknown");
  return ok_status();
}

bool Shared::is_secure(const Request& request) const {
  constexpr std::string_view kTls = "https://";
  return request.secure ||
         (settings.url.starts_with(kTls) &&
          request.header("host") == std::string_view(settings.url).substr(kTls.size()));
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

Response answer_text(std::string json_text, int status) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = std::move(json_text) + "\n"};
}
Response answer(const json& value, int status) {
  return answer_text(value.dump(-1, ' ', false, json::error_handler_t::replace), status);
}

namespace {
std::string_view title_of(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return status < 500 ? "Bad Request" : "Internal Server Error";
  }
}

Response problem_of(int status, json more) {
  json body = {{"type", "about:blank"}, {"title", title_of(status)}, {"status", status}};
  body.update(more);
  Response out = answer(body, status);
  out.headers = {{"Content-Type", "application/problem+json"}};
  return out;
}
}  // namespace

int status_of(const Error& error) {
  if (error.code == "object_changed") return 412;
  switch (error.kind) {
    case ErrorKind::invalid:
      return 422;
    case ErrorKind::not_found:
      // A table or a file that is not there is no object that is not there.
      return error.context.empty() ? 404 : 502;
    case ErrorKind::conflict:
    case ErrorKind::busy:
      return 409;
    case ErrorKind::denied:
    case ErrorKind::corrupt:
      return 502;  // by what we asked; callers of ours are refused by 401 and 403
    case ErrorKind::throttled:
    case ErrorKind::unavailable:
    case ErrorKind::cancelled:
      return 503;
  }
  return 500;
}

Response problem(const Error& error) {
  json more = {{"detail", error.placed()},
               {"code", error.code.empty() ? std::string(to_string(error.kind)) : error.code}};
  if (!error.remedy.empty()) more["remedy"] = error.remedy;
  if (!error.context.empty()) more["context"] = error.context;
  if (error.place && !error.place->pointer.empty()) {
    more["detail"] = error.message;
    more["pointer"] = error.place->pointer;
  }
  Response out = problem_of(status_of(error), std::move(more));
  if (error.retry_after)
    out.headers.emplace_back("Retry-After", std::to_string(std::max<int64_t>(
                                                1, (error.retry_after->count() + 999) / 1000)));
  return out;
}

Response problem(int status, std::string_view code, const std::string& detail,
                 const std::string& remedy) {
  json more = {{"detail", detail}, {"code", code}};
  if (!remedy.empty()) more["remedy"] = remedy;
  return problem_of(status, std::move(more));
}

Response problems(const std::vector<catalog::Problem>& all) {
  json errors = json::array();
  for (const catalog::Problem& one : all)
    errors.push_back({{"detail", one.message},
                      {"code", one.code.empty() ? "value_invalid" : one.code},
                      {"pointer", one.pointer}});
  const json first = errors.empty() ? json::object() : errors[0];
  json more = {{"detail", first.value("detail", "")},
               {"code", first.value("code", "value_invalid")},
               {"pointer", first.value("pointer", "")},
               {"errors", std::move(errors)}};
  return problem_of(422, std::move(more));
}

Error in_body(Error error, const std::string& object, const std::optional<std::string>& at) {
  if (!error.place) return error;
  const bool is_there = at && (error.place->object.empty() || error.place->object == object);
  if (is_there)
    error.place->pointer.insert(0, *at);
  else
    error.place.reset();
  return error;
}

Error cursor_unknown() {
  return {.kind = ErrorKind::invalid,
          .message = "the cursor leads nowhere: what it named is gone",
          .remedy = "Begin again without a cursor.",
          .code = "cursor_unknown"};
}

Result<Place> Place::take(Shared& shared) {
  if (!shared.queries.try_acquire_for(std::chrono::seconds(10)))
    return Error{.kind = ErrorKind::unavailable,
                 .message = "as many queries as there may be are under way",
                 .remedy = "Try again in a few seconds.",
                 .retry_after = Millis(5000),
                 .code = "queries_full"};
  return Place(shared);
}

}  // namespace rollcall::api
