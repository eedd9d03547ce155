#include <algorithm>
#include <utility>

#include "base/base64.hpp"
#include "trino/trino.hpp"

namespace rollcall::trino {

namespace {

constexpr Millis kRequestTimeout{120'000};  // the server answers within a second or two
constexpr Millis kGoodbyeTimeout{3'000};    // what is ended is not waited for
constexpr size_t kLargestPage = 64'000'000;
constexpr size_t kLongestMessage = 300;
// Of an answer that did not come, or that says "not now": 0.1 + 0.2 + … seconds, 19 in all.
constexpr int kTries = 9;
constexpr Millis kFirstWait{100}, kLongestWait{6'400};

// Over HTTP's basic authentication Trino reads Latin-1.
std::string latin1(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      out += text[i];
    } else if ((byte == 0xc2 || byte == 0xc3) && i + 1 < text.size()) {
      out +=
          static_cast<char>(((byte & 0x03) << 6) | (static_cast<unsigned char>(text[++i]) & 0x3f));
    } else {
      return text;  // it has no such form
    }
  }
  return out;
}

// What stands between quotes may be a value, and so may what follows the last colon.
std::string without_values(const std::string& text) {
  const size_t from = text.find_first_of("'\""), to = text.find_last_of("'\"");
  if (from != std::string::npos && from != to)
    return text.substr(0, from) + "…" + text.substr(to + 1);
  const size_t colon = text.rfind(": ");
  return colon == std::string::npos ? text : text.substr(0, colon);
}

// Without "line 2:8: ", which counts in what we made of the SQL.
std::string without_place(const std::string& text) {
  if (!text.starts_with("line ")) return text;
  const size_t end = text.find(": ");
  return end == std::string::npos ? text : text.substr(end + 2);
}

// Errors that analysing a statement finds name only what the statement says; those of running it
// may repeat the data.
Error explain(const Page& page) {
  const std::string& name = page.error_name;
  std::string message = page.error_message;
  const bool of_analysis = message.starts_with("line ");
  message = without_place(message);
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const auto error = [&](ErrorKind kind, std::string said, std::string remedy) {
    if (said.size() > kLongestMessage) said = said.substr(0, kLongestMessage) + "…";
    return Error{.kind = kind, .message = std::move(said), .remedy = std::move(remedy)};
  };
  if (is({"PERMISSION_DENIED"}))
    return error(
        ErrorKind::denied, message,
        "Let the source's user read it (in Trino's access control, or GRANT SELECT ON …).");
  if (is({"READ_ONLY_VIOLATION"}))
    return error(ErrorKind::denied, message, "A source is only read: write one SELECT.");
  if (is({"TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "CATALOG_NOT_FOUND"}))
    return error(ErrorKind::not_found, message, "");
  if (is({"MISSING_SCHEMA_NAME", "MISSING_CATALOG_NAME"}))
    return error(ErrorKind::invalid, message,
                 "Write the source's `catalog` and `schema`, or catalog.schema.table.");
  if (is({"EXCEEDED_TIME_LIMIT"}))
    return error(ErrorKind::unavailable, "the server ended the query: " + message,
                 "Where it takes that long, raise the source's `statement_timeout`.");
  if (is({"QUERY_TEXT_TOO_LARGE"}))
    return error(ErrorKind::invalid, message, "Make the segment shorter.");
  if (is({"USER_CANCELED", "ADMINISTRATIVELY_KILLED", "ADMINISTRATIVELY_PREEMPTED"}))
    return error(ErrorKind::unavailable, "somebody ended the query on the server", "Run it again.");
  if (page.error_type == "USER_ERROR")
    return error(ErrorKind::invalid, of_analysis ? message : without_values(message),
                 of_analysis ? "" : "Mend it in the data or in the model's sql.");
  if (page.error_type == "INSUFFICIENT_RESOURCES")
    return error(ErrorKind::unavailable, without_values(message),
                 "Run it again when the cluster is less busy, or give it more memory.");
  return error(ErrorKind::unavailable,
               "the query broke off on the server: " + name + ": " + without_values(message),
               "Run it again once the cluster is well.");
}

bool says_not_now(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

Session::Session(Settings settings, http::Transport& transport, Clock& clock)
    : settings_(std::move(settings)), transport_(transport), clock_(clock) {
  while (settings_.url.ends_with('/')) settings_.url.pop_back();
  const size_t scheme = settings_.url.find("://");
  origin_ = settings_.url.substr(
      0, settings_.url.find('/', scheme == std::string::npos ? 0 : scheme + 3));
}

Session::~Session() {
  finish();
  if (transaction_.empty()) return;
  RowBatch none;
  types_.clear();
  const auto answer = send_once("POST", settings_.url + "/v1/statement", "ROLLBACK");
  // A statement begins when its first page is asked for.
  if (answer && answer->status == 200 && take(*answer, none).ok() && !next_.empty())
    (void)send_once("GET", origin_ + next_);
}

// For a goodbye, which is not waited for.
http::Answer Session::send_once(std::string method, std::string url, std::string body) {
  return transport_.send({.method = std::move(method),
                          .url = std::move(url),
                          .headers = headers(),
                          .body = std::move(body),
                          .ca_file = settings_.ca_file,
                          .timeout = kGoodbyeTimeout},
                         {});
}

std::vector<std::pair<std::string, std::string>> Session::headers() const {
  std::vector<std::pair<std::string, std::string>> out = {
      {"X-Trino-User", settings_.user},
      {"X-Trino-Source", "rollcall"},
      {"X-Trino-Time-Zone", "UTC"},
      {"X-Trino-Client-Capabilities", "PARAMETRIC_DATETIME"},  // else fractions are rounded
      {"X-Trino-Session",
       "query_max_run_time=" + std::to_string(settings_.statement_timeout.count()) + "ms"},
      {"X-Trino-Transaction-Id", transaction_.empty() ? "NONE" : transaction_}};
  if (!settings_.catalog.empty()) out.emplace_back("X-Trino-Catalog", settings_.catalog);
  if (!settings_.schema.empty()) out.emplace_back("X-Trino-Schema", settings_.schema);
  if (!settings_.token.empty())
    out.emplace_back("Authorization", "Bearer " + settings_.token.reveal());
  else if (!settings_.password.empty())
    out.emplace_back("Authorization",
                     "Basic " + base64(latin1(settings_.user + ":" + settings_.password.reveal())));
  return out;
}

// Until there is an answer of status 200. What is asked for again is the same page, or a statement
// that only reads.
Result<http::Response> Session::send(http::Request request, const std::stop_token& stop) {
  request.headers = headers();
  request.timeout = kRequestTimeout;
  request.response_bytes_max = kLargestPage;
  request.ca_file = settings_.ca_file;
  Millis wait = kFirstWait;
  for (int tried = 1;; ++tried) {
    auto answer = transport_.send(request, stop);
    if (stop.stop_requested()) return Error{ErrorKind::cancelled, "the query was cancelled"};
    if (answer && answer->status == 200) return std::move(*answer);
    const bool first = transaction_.empty() && request.method == "POST";
    const bool again = answer ? says_not_now(answer->status)
                              : !first && answer.error().error.kind == ErrorKind::unavailable;
    if (!again || tried == kTries) {
      transaction_.clear();
      if (!answer) {
        Error error = std::move(answer.error().error);
        if (error.kind == ErrorKind::unavailable) {
          error.message = (first ? "cannot connect: " : "the connection to the server was lost: ") +
                          error.message;
          if (!first) error.remedy = "Run it again once the server is back.";
        }
        return error;
      }
      const int status = answer->status;
      if (status == 401 || status == 403)
        return Error{
            .kind = ErrorKind::denied,
            .message = "the server does not let us in (HTTP " + std::to_string(status) + ")",
            .remedy = "Correct the source's `user` and its `password` or `token`."};
      if ((status == 404 || status == 410) && request.method == "GET")
        return Error{.kind = ErrorKind::unavailable,
                     .message =
                         "the server no longer knows the query: it was started anew, or "
                         "somebody removed it",
                     .remedy = "Run it again."};
      return Error{.kind = says_not_now(status) ? ErrorKind::unavailable : ErrorKind::invalid,
                   .message = "the server answered with HTTP " + std::to_string(status),
                   .remedy = says_not_now(status) ? "Run it again later."
                                                  : "See that `url` is that of a Trino server."};
    }
    const Millis asked = answer && answer->retry_after ? *answer->retry_after : Millis{0};
    if (!clock_.sleep(std::max(wait, std::min(asked, Millis{30'000})), stop))
      return Error{ErrorKind::cancelled, "the query was cancelled"};
    wait = std::min(wait * 2, kLongestWait);
  }
}

Status Session::take(const http::Response& response, RowBatch& batch) {
  next_.clear();
  if (const auto* id = response.header("x-trino-started-transaction-id")) transaction_ = *id;
  auto read = read_page(response.body, types_, batch);
  if (!read.ok()) {
    transaction_.clear();
    return read.error();
  }
  next_ = read->next;
  if (columns_.empty()) columns_ = std::move(read->columns);
  if (read->error_name.empty()) return ok_status();
  next_.clear();
  transaction_.clear();  // the server has given it up
  return explain(*read);
}

Status Session::ask(const std::string& sql, std::vector<FieldType> types,
                    const std::stop_token& stop) {
  finish();
  types_ = std::move(types);
  stop_ = stop;
  columns_.clear();
  return take(
      TRY(send({.method = "POST", .url = settings_.url + "/v1/statement", .body = sql}, stop)),
      ahead_);
}

// To the end of a statement whose rows nobody wants.
Status Session::drain() {
  RowBatch none;
  while (TRY(next(none))) continue;
  return ok_status();
}

Status Session::begin(const std::stop_token& stop) {
  if (!transaction_.empty()) return ok_status();
  TRY(ask("START TRANSACTION READ ONLY", {}, stop));
  TRY(drain());
  if (!transaction_.empty()) return ok_status();
  return Error{.kind = ErrorKind::invalid,
               .message = "the server began no transaction",
               .remedy = "See that `url` is that of a Trino server."};
}

Result<std::vector<ColumnType>> Session::columns(const std::string& select,
                                                 const std::stop_token& stop) {
  // Where WITH takes a query, and FROM would take the name of a table, too.
  TRY(query("WITH q AS (\n" + select + "\n) SELECT * FROM q LIMIT 0", {}, stop));
  TRY(drain());
  return columns_;
}

Status Session::query(const std::string& sql, std::vector<FieldType> types,
                      const std::stop_token& stop) {
  TRY(begin(stop));
  return ask(sql, std::move(types), stop);
}

Result<bool> Session::next(RowBatch& batch) {
  for (Column& column : batch.columns) column = {};
  batch.rows = 0;
  if (ahead_.rows > 0) std::swap(batch, ahead_);
  while (batch.rows == 0 && !next_.empty()) {
    auto response = send({.url = origin_ + next_}, stop_);
    if (!response.ok()) {
      if (response.error().kind == ErrorKind::cancelled) finish();
      return response.error();
    }
    TRY(take(*response, batch));
  }
  return batch.rows > 0;
}

void Session::finish() {
  ahead_ = {};
  if (next_.empty()) return;
  (void)send_once("DELETE", origin_ + std::exchange(next_, {}));
  transaction_.clear();  // the server gives it up too
}

}  // namespace rollcall::trino
