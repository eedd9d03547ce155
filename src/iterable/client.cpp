#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "core/match_key.hpp"
#include "iterable/iterable.hpp"

namespace rollcall::iterable {
namespace {

using nlohmann::json;

constexpr Millis kLongestPause{20'000};
constexpr Millis kWaitThatIsTold{3000};
// A write begins only with so much of its proof's life left, or a quarter of it.
constexpr Millis kShortestCall{5000};
constexpr Millis kReadTimeout{60'000};
constexpr Millis kWriteTimeout{60'000};
constexpr Millis kLeastWrite{10'000};  // one is not begun where the permit does not last for it
constexpr Millis kMembersTimeout{4 * 3600'000};  // lists of millions take hours

bool worth_another_try(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
         status == 504;
}

// Bodies may echo the key and people's data: of an error only the short code word is ever shown.
std::string code_of(std::string_view body) {
  const json parsed = read_json<json>(body);
  if (!parsed.is_object() || !parsed.contains("code") || !parsed["code"].is_string()) return "";
  const auto code = parsed["code"].get<std::string>();
  const bool word = code.size() <= 64 && std::all_of(code.begin(), code.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.';
                    });
  return word ? code : "";
}

bool says_invalid_list(const http::Response& response) {
  return response.status == 400 && response.body.find("invalidListId") != std::string::npos;
}

std::string text_at(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::vector<int64_t> ids_at(const json& object, const char* name) {
  std::vector<int64_t> out;
  const auto found = object.find(name);
  if (found == object.end() || !found->is_array()) return out;
  for (const json& entry : *found)
    if (entry.is_number_integer()) out.push_back(entry.get<int64_t>());
  return out;
}

// Iterable's dates, to the second: "2026-01-02 03:04:05 +00:00".
std::string date_of(Time time) {
  std::string text = iso_utc(time);
  text[text.find('T')] = ' ';
  text.resize(text.size() - 1);
  return text + " +00:00";
}
std::optional<Time> time_of(std::string text) {
  constexpr std::string_view kUtc = " +00:00";
  if (text.size() <= kUtc.size() || !text.ends_with(kUtc) || text.find(' ') != 10)
    return std::nullopt;
  text.replace(text.size() - kUtc.size(), kUtc.size(), "Z");
  text[10] = 'T';
  return parse_iso_utc(text);
}

// A streamed body in lines; a line that is longer than `line_bytes_max` ends it.
class Lines {
 public:
  Lines(size_t line_bytes_max, std::function<bool(std::string_view)> on_line)
      : line_bytes_max_(line_bytes_max), on_line_(std::move(on_line)) {}
  bool feed(std::string_view piece) {
    begun_ = true;
    while (!piece.empty()) {
      const size_t end = piece.find('\n');
      rest_ += piece.substr(0, end);
      if (rest_.size() > line_bytes_max_) return false;
      if (end == std::string_view::npos) return true;
      if (!finish()) return false;
      piece.remove_prefix(end + 1);
    }
    return true;
  }
  // Whether anything came; what was told of it cannot be taken back.
  [[nodiscard]] const bool& begun() const { return begun_; }
  // The last line, which may lack its end.
  bool finish() {
    if (!rest_.empty() && rest_.back() == '\r') rest_.pop_back();
    const bool good = rest_.empty() || on_line_(rest_);
    rest_.clear();
    return good;
  }

 private:
  size_t line_bytes_max_;
  std::function<bool(std::string_view)> on_line_;
  std::string rest_;
  bool begun_ = false;
};

// What an answer, or none, says of another try of the same call.
struct Trouble {
  bool worth_another_try = false;
  bool may_have_arrived = false;  // an answer that came to nothing may be one whose work was begun
  std::optional<Millis> retry_after = std::nullopt;
};
Trouble trouble_of(const http::Answer& answer) {
  if (!answer)
    return {answer.error().error.kind == ErrorKind::unavailable, answer.error().may_have_arrived};
  return {worth_another_try(answer->status), answer->status >= 500 || answer->status == 408,
          answer->retry_after};
}

std::string seconds(Millis time) { return std::to_string((time.count() + 999) / 1000) + " s"; }

Error asks_for_too_long(std::string_view endpoint, Millis pause) {
  return {ErrorKind::throttled,
          "Iterable asks to wait " + seconds(pause) + " before the next call of " +
              std::string(endpoint) + ", and a run waits for " + seconds(kLongestRetryAfter) +
              " at most",
          "Run again after that time: it carries on from here."};
}

// As Iterable spells keys: addresses in lower case; user ids are exact.
bool bears(const Profile& profile, KeyType type, std::string_view key) {
  return type == KeyType::email ? folded_key(profile.email) == folded_key(key)
                                : profile.user_id == key;
}

Error senseless(std::string_view endpoint) {
  return {ErrorKind::corrupt,
          "Iterable answered " + std::string(endpoint) +
              " with something that is not what it documents",
          "Try again; if it stays, check that the destination's region or base_url is right."};
}

}  // namespace

Project project_of(const Destination& destination) {
  std::string url = destination.base_url.value_or(
      destination.region == "eu" ? "https://api.eu.iterable.com" : "https://api.iterable.com");
  while (!url.empty() && url.back() == '/') url.pop_back();
  return {std::move(url), destination.api_key, destination.project_type};
}

void CallCounter::made(std::string_view endpoint, bool again, bool throttled) {
  const std::lock_guard lock(mutex_);
  ++counts_.total;
  ++counts_.by_endpoint[std::string(endpoint)];
  if (again) ++counts_.retried;
  if (throttled) ++counts_.throttled;
}

void CallCounter::relied_on_proof(Millis age) {
  const std::lock_guard lock(mutex_);
  oldest_proof_ = std::max(oldest_proof_, age);
}

void CallCounter::add(const CallCounts& before, Millis oldest_proof) {
  const std::lock_guard lock(mutex_);
  counts_.total += before.total;
  counts_.throttled += before.throttled;
  counts_.retried += before.retried;
  for (const auto& [endpoint, calls] : before.by_endpoint) counts_.by_endpoint[endpoint] += calls;
  oldest_proof_ = std::max(oldest_proof_, oldest_proof);
}

Millis CallCounter::oldest_proof() const {
  const std::lock_guard lock(mutex_);
  return oldest_proof_;
}

CallCounts CallCounter::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

Millis Backoff::next(Random& random) {
  const auto jittered =
      Millis(static_cast<int64_t>(static_cast<double>(pause_.count()) * (0.5 + random.unit() / 2)));
  pause_ = std::min(pause_ * 2, kLongestPause);
  return jittered;
}

Proof Proof::by_answer() {
  Proof out;
  out.by_answer_ = true;
  return out;
}

void Proof::add(std::string_view key, Millis read_at, Millis life) {
  CHECK(!by_answer_);
  keys_.emplace(key);
  read_at_ = std::min(read_at_, read_at);
  ends_at_ = std::min(ends_at_, read_at + life);
  life_ = std::min(life_, life);
}

bool Proof::covers(std::span<const Person> people) const {
  return by_answer_ || std::all_of(people.begin(), people.end(), [&](const Person& person) {
           return keys_.contains(std::string(person.key));
         });
}

std::optional<Millis> Proof::time_left(Millis now) const {
  if (ends_at_ == Millis::max()) return ends_at_;
  const Millis left = ends_at_ - now;
  return left < std::min(kShortestCall, life_ / 4) ? std::nullopt : std::optional(left);
}

struct Reader::Call {
  std::string_view endpoint;  // as the report counts it
  std::string_view bucket;    // whose limit it falls under
  http::Request request;
  const bool* told = nullptr;  // streamed: once this is true, another try would tell things twice
};

// What came of a read, in all its tries.
struct Reader::Performed {
  http::Answer answer;
  bool may_have_arrived = false;
  Millis asked_at{0};  // monotonic: when the last of them left
};

Reader::Reader(Project project, http::Transport& transport, Clock& clock, Random& random,
               Pace& pace, CallCounter& counter, Observer* observer)
    : project_(std::move(project)),
      transport_(transport),
      clock_(clock),
      random_(random),
      pace_(pace),
      counter_(counter),
      observer_(observer) {}

// Says so if it takes long: once for all who wait for the same.
bool Reader::wait(Millis how_long, std::string_view endpoint, const std::stop_token& stop) const {
  if (observer_ != nullptr && how_long >= kWaitThatIsTold) {
    const Millis until = clock_.monotonic() + how_long;
    const std::lock_guard lock(mutex_);
    if (until > told_until_ + kWaitThatIsTold / 3) {
      told_until_ = until;
      observer_->note("Iterable is busy: waiting " + seconds(how_long) +
                      " before the next call of " + std::string(endpoint));
    }
  }
  return clock_.sleep(how_long, stop);
}

Status Reader::await_turn(std::string_view endpoint, const std::stop_token& stop) const {
  const Error stopped{ErrorKind::cancelled, "stopped while waiting to call Iterable"};
  for (int pauses = 0;;) {
    const Millis pause = pace_.pause_of(endpoint);
    if (pause > kLongestRetryAfter) {
      Error error = asks_for_too_long(endpoint, pause);
      error.retry_after = pause;
      return error;
    }
    if (pause > Millis(0) && pauses++ == kTries)
      return Error{ErrorKind::throttled,
                   "Iterable asks others who share this project's limits to wait, again and again, "
                   "before calls of " +
                       std::string(endpoint),
                   "Run again when they are done: it carries on from here."};
    if (pause > Millis(0)) {
      if (!wait(pause, endpoint, stop)) return stopped;
      continue;
    }
    if (!pace_.wait(endpoint, stop)) return stopped;
    if (pace_.pause_of(endpoint) == Millis(0)) return ok_status();
  }
}

http::Answer Reader::once(const Call& call, bool again, const std::stop_token& stop) const {
  http::Request request = call.request;
  request.url = project_.base_url + "/api/" + request.url;
  request.headers.emplace_back("Api-Key", project_.api_key.reveal());
  request.headers.emplace_back("Accept", "application/json, text/plain, */*");
  if (request.method == "POST") request.headers.emplace_back("Content-Type", "application/json");
  http::Answer answer = transport_.send(request, stop);
  const bool throttled = answer && answer->status == 429;
  counter_.made(call.endpoint, again, throttled);
  if (throttled) {
    pace_.throttled(call.bucket, answer->retry_after);
  } else if (answer) {
    pace_.answered(call.bucket);
  }
  return answer;
}

Reader::Performed Reader::perform(const Call& call, const std::stop_token& stop) const {
  Performed out{.answer = tl::unexpected(http::Failure{})};
  Backoff backoff;
  const auto ended = [&](Error error) {
    out.answer = tl::unexpected(http::Failure{std::move(error), out.may_have_arrived});
    return out;
  };
  for (int tries = 1;; ++tries) {
    if (Status turn = await_turn(call.bucket, stop); !turn.ok()) return ended(turn.error());
    out.asked_at = clock_.monotonic();
    out.answer = once(call, tries > 1, stop);
    if (out.answer && out.answer->status == 200 && !call.request.on_body) {
      const Millis took = clock_.monotonic() - out.asked_at;
      const std::lock_guard lock(mutex_);
      quickest_read_ = std::min(quickest_read_.value_or(took), took);
    }
    const Trouble trouble = trouble_of(out.answer);
    out.may_have_arrived = out.may_have_arrived || trouble.may_have_arrived;
    if (!trouble.worth_another_try || tries >= kTries || (call.told && *call.told)) return out;
    const Millis asked_for = trouble.retry_after.value_or(Millis(0));
    if (asked_for > kLongestRetryAfter) return out;
    if (!wait(std::max(backoff.next(random_), asked_for), call.endpoint, stop))
      return ended({ErrorKind::cancelled, "stopped while waiting to try again"});
  }
}

Error Reader::error_of(std::string_view endpoint, const http::Response& response) const {
  const std::string code = code_of(response.body);
  Error error{ErrorKind::unavailable, "Iterable answered " + std::string(endpoint) +
                                          " with status " + std::to_string(response.status) +
                                          (code.empty() ? "" : " " + code)};
  if (response.status == 401 || response.status == 403) {
    error.kind = ErrorKind::denied;
    error.remedy =
        "Check the API key: it must be a server-side key of this project and of this data centre.";
  } else if (response.status == 429) {
    error.kind = ErrorKind::throttled;
    if (response.retry_after && *response.retry_after > kLongestRetryAfter)
      error = asks_for_too_long(endpoint, *response.retry_after);
    else
      error.remedy = "Other tools share this project's limits; run again later.";
    error.retry_after = response.retry_after;
  } else if (says_invalid_list(response)) {
    error.kind = ErrorKind::not_found;
    error.message = "Iterable does not know this list any more";
    error.remedy = "Was it deleted? `run --new-list` makes a new one.";
  } else if (response.status == 404) {
    error.kind = ErrorKind::not_found;
    error.remedy = "Check the destination's base_url.";
  } else if (response.status >= 400 && response.status < 500 && response.status != 408) {
    error.remedy =
        "Iterable refuses what it takes at other times; run again, and if it stays so, ask "
        "Iterable's support.";
  } else {
    error.remedy = "Iterable seems to be in trouble; the next run carries on from here.";
  }
  return error;
}

Result<std::vector<ListInfo>> Reader::lists(const std::stop_token& stop) const {
  const http::Answer answer = perform({.endpoint = "lists",
                                       .bucket = "lists",
                                       .request = {.url = "lists", .timeout = kReadTimeout}},
                                      stop)
                                  .answer;
  if (!answer) return Error(answer.error().error);
  if (answer->status != 200) return error_of("lists", *answer);
  const json body = read_json<json>(answer->body);
  if (!body.is_object() || !body.contains("lists") || !body["lists"].is_array())
    return senseless("lists");
  std::vector<ListInfo> out;
  for (const json& entry : body["lists"]) {
    if (!entry.is_object() || !entry.contains("id") || !entry["id"].is_number_integer())
      return senseless("lists");
    ListInfo info{entry["id"].get<int64_t>(), text_at(entry, "name"), text_at(entry, "listType"),
                  0};
    if (entry.contains("createdAt") && entry["createdAt"].is_number_integer())
      info.created_at_ms = entry["createdAt"].get<int64_t>();
    out.push_back(std::move(info));
  }
  return out;
}

CreateListAnswer Client::create_list(const std::string& name, const std::string& description,
                                     const std::stop_token& stop) const {
  std::string body = R"({"name":)";
  append_json_string(body, name);
  if (!description.empty()) {
    body += R"(,"description":)";
    append_json_string(body, description);
  }
  body += '}';
  if (Status turn = Reader::await_turn("lists/create", stop); !turn.ok())
    return {turn.error(), false};
  const http::Answer answer = write({.endpoint = "lists/create",
                                     .bucket = "lists/create",
                                     .request = {.method = "POST",
                                                 .url = "lists",
                                                 .body = std::move(body),
                                                 .timeout = kWriteTimeout,
                                                 .at_most_once = true}},
                                    /*again=*/false, stop);
  const bool may_have_arrived = trouble_of(answer).may_have_arrived;
  if (!answer) return {answer.error().error, may_have_arrived};
  if (answer->status != 200) return {error_of("lists/create", *answer), may_have_arrived};
  const json parsed = read_json<json>(answer->body);
  if (!parsed.is_object() || !parsed.contains("listId") || !parsed["listId"].is_number_integer())
    return {senseless("lists/create"), true};
  return {parsed["listId"].get<int64_t>(), true};
}

Status Reader::list_members(int64_t list_id, KeyType prefer,
                            const std::function<void(std::string_view)>& on_member,
                            const std::stop_token& stop) const {
  constexpr size_t kLineBytesMax = 4096;
  Lines lines(kLineBytesMax, [&](std::string_view member) {
    on_member(member);
    return true;
  });
  const auto on_body = [&](std::string_view piece) { return lines.feed(piece); };
  const std::string query =
      "lists/getUsers?listId=" + std::to_string(list_id) +
      (prefer == KeyType::user_id && project_.type == ProjectType::hybrid ? "&preferUserId=true"
                                                                          : "");
  // Members already told cannot be taken back: from there on the caller starts over, with a clean
  // slate.
  const http::Answer answer =
      perform({.endpoint = "lists/getUsers",
               .bucket = "lists/getUsers",
               .request = {.url = query, .timeout = kMembersTimeout, .on_body = on_body},
               .told = &lines.begun()},
              stop)
          .answer;
  if (!answer) return Error(answer.error().error);
  if (answer->status != 200) {
    if (answer->status == 400 && answer->body.find("Invalid email list id") != std::string::npos)
      return Error{ErrorKind::not_found, "Iterable does not know list " + std::to_string(list_id),
                   "Was it deleted? `run --new-list` makes a new one."};
    return error_of("lists/getUsers", *answer);
  }
  lines.finish();
  return ok_status();
}

Result<std::optional<Time>> Reader::contacts(
    const std::optional<Updated>& updated,
    const std::function<void(std::string_view, std::string_view)>& on_contact,
    const std::stop_token& stop) const {
  constexpr size_t kLineBytesMax = 4'000'000;  // a profile may be as large as a body that made it
  bool sense = true;
  Lines lines(kLineBytesMax, [&](std::string_view line) {
    const json user = read_json<json>(line);
    sense = user.is_object();
    if (sense) on_contact(text_at(user, "email"), text_at(user, "userId"));
    return sense;
  });
  const auto on_body = [&](std::string_view piece) { return lines.feed(piece); };
  const std::string range = updated ? "startDateTime=" + http::url_encode(date_of(updated->from)) +
                                          "&endDateTime=" + http::url_encode(date_of(updated->to))
                                    : "range=All";
  const http::Answer answer =
      perform({.endpoint = "export/data.json",
               .bucket = "export/data.json",
               .request = {.url = "export/data.json?dataTypeName=user&" + range +
                                  "&onlyFields=email&onlyFields=userId",
                           .timeout = kMembersTimeout,
                           .on_body = on_body},
               .told = &lines.begun()},
              stop)
          .answer;
  const Error cut{ErrorKind::unavailable, "the export of contacts broke off"};
  if (!answer)
    return lines.begun() && answer.error().error.kind != ErrorKind::cancelled
               ? cut
               : answer.error().error;
  if (answer->status != 200) return error_of("export/data.json", *answer);
  if (!lines.finish() || !sense) return cut;
  return answer->date;
}

double Reader::look_ups_per_second() const {
  const auto rate = pace_.rate("users/get");
  CHECK(rate.has_value());  // its limit is published
  const double takes = static_cast<double>(read_takes().count()) / 1000;
  return takes > 0 ? std::min(*rate, kLookUpsAtOnce / takes) : *rate;
}

Millis Reader::read_takes() const {
  const std::lock_guard lock(mutex_);
  return quickest_read_.value_or(Millis(0));
}

double Reader::seconds_to_export() const {
  return static_cast<double>(pace_.wait_of("export/data.json").count()) / 1000;
}

Result<Seen> Reader::look_up(KeyType type, std::string_view key,
                             const std::stop_token& stop) const {
  const bool by_email = type == KeyType::email;
  const std::string_view endpoint = by_email ? "users/getByEmail" : "users/byUserId";
  const std::string url =
      (by_email ? "users/getByEmail?email=" : "users/byUserId?userId=") + http::url_encode(key);
  const auto [answer, may_have_arrived, asked_at] =
      perform({.endpoint = endpoint,
               .bucket = "users/get",
               .request = {.url = url, .timeout = kReadTimeout}},
              stop);
  const Seen nobody{.asked_at = asked_at};
  if (!answer) return Error(answer.error().error);
  const bool unknown_id = !by_email && (answer->status == 400 || answer->status == 404) &&
                          (answer->body.find("No user with that id exists") != std::string::npos ||
                           answer->body.find("noUserWithIdExists") != std::string::npos ||
                           answer->body.find("UnknownUserIdError") != std::string::npos);
  const bool unknown_email = by_email && (answer->status == 400 || answer->status == 404) &&
                             answer->body.find("UnknownEmailError") != std::string::npos;
  if (unknown_id || unknown_email) return nobody;
  // An address Iterable finds malformed is nobody's. Source: docs/facts/iterable.md,
  // users/getByEmail.
  if (by_email && answer->status == 400 && code_of(answer->body) == "InvalidEmailAddressError")
    return nobody;
  if (answer->status != 200) return error_of(endpoint, *answer);
  const json body = read_json<json>(answer->body);
  if (!body.is_object()) return senseless(endpoint);
  if (!body.contains("user") || body["user"].is_null()) return nobody;
  const json& user = body["user"];
  if (!user.is_object()) return senseless(endpoint);
  Profile profile{.email = text_at(user, "email"),
                  .user_id = text_at(user, "userId"),
                  .email_list_ids = {},
                  .user_list_ids = {},
                  .data_fields_json = "{}"};
  if (user.contains("dataFields") && user["dataFields"].is_object()) {
    const json& data = user["dataFields"];
    profile.email_list_ids = ids_at(data, "emailListIds");
    profile.user_list_ids = ids_at(data, "userListIds");
    if (profile.email.empty()) profile.email = text_at(data, "email");
    if (profile.user_id.empty()) profile.user_id = text_at(data, "userId");
    profile.data_fields_json = data.dump(-1, ' ', false, json::error_handler_t::replace);
    profile.updated_at = time_of(text_at(data, "profileUpdatedAt"));
  }
  // Somebody without any identifier is nobody we could name: seen just after a person is made.
  if (profile.email.empty() && profile.user_id.empty()) return nobody;
  // Between us and Iterable a proxy or a cache may answer with what it kept of somebody else.
  if (!bears(profile, type, key)) return Seen{.of_another = true, .asked_at = asked_at};
  return Seen{.profile = std::move(profile), .asked_at = asked_at};
}

Result<std::map<std::string, std::string>> Reader::fields(const std::stop_token& stop) const {
  const http::Answer answer =
      perform({.endpoint = "users/getFields",
               .bucket = "users/getFields",
               .request = {.url = "users/getFields", .timeout = kReadTimeout}},
              stop)
          .answer;
  if (!answer) return Error(answer.error().error);
  if (answer->status != 200) return error_of("users/getFields", *answer);
  const json body = read_json<json>(answer->body);
  if (!body.is_object() || !body.contains("fields") || !body["fields"].is_object())
    return senseless("users/getFields");
  std::map<std::string, std::string> out;
  for (const auto& [name, type] : body["fields"].items())
    if (type.is_string()) out[name] = type.get<std::string>();
  return out;
}

namespace {

std::string_view endpoint_of(BatchCall call) {
  switch (call) {
    case BatchCall::subscribe:
      return "lists/subscribe";
    case BatchCall::unsubscribe:
      return "lists/unsubscribe";
    case BatchCall::bulk_update:
      break;
  }
  return "users/bulkUpdate";
}

}  // namespace

Status Client::await_turn(BatchCall call, const std::stop_token& stop) const {
  return Reader::await_turn(endpoint_of(call), stop);
}

bool Client::wait(Millis how_long, BatchCall call, const std::stop_token& stop) const {
  return Reader::wait(how_long, endpoint_of(call), stop);
}

http::Answer Client::write(const Call& call, bool again, const std::stop_token& stop) const {
  if (!permit_.outlasts(std::min(call.request.timeout, kLeastWrite)))
    return tl::unexpected(http::Failure{
        {ErrorKind::busy, "this activation is no longer ours to write: another may run it by now",
         "Run again: what was sent is recorded."},
        false});
  if (permit_.lasts() >= call.request.timeout) return once(call, again, stop);
  Call shorter = call;
  shorter.request.timeout = permit_.lasts();
  return once(shorter, again, stop);
}

BatchAnswer Client::attempt(const Batch& batch, Proof proof, bool again,
                            const std::stop_token& stop) const {
  CHECK(!batch.people.empty() && batch.people.size() <= kPeoplePerCallMax);
  CHECK(proof.covers(batch.people));
  // Where nothing but the answer is the proof, it must be one that names whom Iterable left alone.
  CHECK(!proof.is_by_answer() ||
        (project_.type != ProjectType::email && batch.call != BatchCall::bulk_update));
  const std::string_view endpoint = endpoint_of(batch.call);
  std::string body = encode(batch);
  if (body.size() > kBodyBytesMax) {
    if (batch.people.size() > 1) return {.kind = BatchAnswer::Kind::too_large};
    return {.kind = BatchAnswer::Kind::refused, .reason = "too_large"};
  }
  const auto left = proof.time_left(clock_.monotonic());
  if (!left || pace_.pause_of(endpoint) > Millis(0)) return {.kind = BatchAnswer::Kind::too_late};
  bool held_back = false;
  Call call{.endpoint = endpoint,
            .bucket = endpoint,
            .request = {.method = "POST",
                        .url = std::string(endpoint),
                        .body = std::move(body),
                        .timeout = std::min(kWriteTimeout, *left)}};
  if (!proof.is_by_answer()) {
    // libcurl's own second try would rely on the proof once more.
    call.request.at_most_once = true;
    call.request.may_leave = [&] {
      held_back = !proof.time_left(clock_.monotonic());
      return !held_back;
    };
  }
  const http::Answer answer = write(call, again, stop);
  if (held_back) return {.kind = BatchAnswer::Kind::too_late};
  if (!proof.is_by_answer()) counter_.relied_on_proof(clock_.monotonic() - proof.read_at());
  if (answer) {
    const int status = answer->status;
    const bool about_people = status == 200 || status == 413 || status == 409 ||
                              (status == 400 && !says_invalid_list(*answer));
    if (about_people) return read_answer(batch, status, answer->body);
  }
  const Trouble trouble = trouble_of(answer);
  return {.kind = BatchAnswer::Kind::failed,
          .error = answer ? error_of(endpoint, *answer) : answer.error().error,
          .may_have_arrived = trouble.may_have_arrived,
          .worth_another_try = trouble.worth_another_try,
          .of_server = answer && answer->status >= 500,
          .list_is_not_known = answer && says_invalid_list(*answer),
          .retry_after = trouble.retry_after};
}

}  // namespace rollcall::iterable
