#include "store/postgres.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <charconv>

#include "store/migrations.hpp"
#include "store/sqlite.hpp"

namespace rollcall::store {
namespace {

constexpr Oid kInt8 = 20, kText = 25, kBytea = 17;
constexpr int kTries = 5;  // of a write that others were in the way of
constexpr const char* kBeginWrite =
    "BEGIN ISOLATION LEVEL READ COMMITTED; "
    "SELECT pg_advisory_xact_lock(1383033964, hashtext(current_schema()))";

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, FreeResult>;

struct FreeConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};

class PostgresRows : public Rows {
 public:
  explicit PostgresRows(Answer answer) : answer_(std::move(answer)) {}
  Step step() override { return ++row_ < PQntuples(answer_.get()) ? Step::row : Step::done; }
  [[nodiscard]] int columns() const override { return PQnfields(answer_.get()); }
  [[nodiscard]] Value value(int column) const override {
    const PGresult* const answer = answer_.get();
    if (PQgetisnull(answer, row_, column) != 0) return std::monostate{};
    const char* const data = PQgetvalue(answer, row_, column);
    const std::string_view text(data, static_cast<size_t>(PQgetlength(answer, row_, column)));
    switch (PQftype(answer, column)) {
      case kBytea: {
        size_t size = 0;
        unsigned char* const bytes =
            PQunescapeBytea(reinterpret_cast<const unsigned char*>(data), &size);
        Blob out{bytes == nullptr ? "" : std::string(reinterpret_cast<char*>(bytes), size)};
        PQfreemem(bytes);
        return out;
      }
      case kText:
        return std::string(text);
      default: {
        int64_t number = 0;
        (void)std::from_chars(text.data(), text.data() + text.size(), number);
        return number;
      }
    }
  }

 private:
  Answer answer_;
  int row_ = -1;
};

// `?` and `?1` as `$1`. No text of ours has a question mark of another meaning.
std::string with_dollars(std::string_view sql) {
  std::string out;
  int last = 0;
  for (size_t at = 0; at < sql.size(); ++at) {
    if (sql[at] != '?') {
      out += sql[at];
      continue;
    }
    out += '$';
    const bool numbered = at + 1 < sql.size() && sql[at + 1] >= '1' && sql[at + 1] <= '9';
    if (!numbered) out += std::to_string(++last);
  }
  return out;
}

std::string first_line(std::string_view text) {
  return std::string(trim(text.substr(0, text.find('\n'))));
}

class Postgres : public Database {
 public:
  Postgres(Secret address, std::string place, const Patience& patience)
      : address_(std::move(address)), place_(std::move(place)), patience_(patience) {}

  Status connect();
  Status migrate();

  std::unique_ptr<Rows> run(const char* sql, const std::vector<Value>& values) override {
    const bool is_read = std::string_view(sql).starts_with("SELECT");
    for (int tried = 0;; ++tried) {
      if (!in_transaction_ && !ready().ok()) return nullptr;
      Answer answer = ask(sql, values);
      if (answer) return std::make_unique<PostgresRows>(std::move(answer));
      // Asked again is what only reads, and what the server says that it did not do.
      const bool was_not_done = is_read || state_.starts_with("57P");
      if (!is_lost() || in_transaction_ || !was_not_done || tried > 0) return nullptr;
    }
  }
  Status execute(const char* sql) override {
    if (!in_transaction_) TRY(ready());
    return simple(sql);
  }
  [[nodiscard]] Error trouble() const override { return trouble_; }
  [[nodiscard]] bool was_taken() const override { return state_ == "23505"; }
  [[nodiscard]] int64_t changed() const override { return changed_; }

  Status write(const Work& work) override {
    for (int tried = 1;; ++tried) {
      Status done = transaction(kBeginWrite, work);
      // Serialisation and deadlocks: no lock of ours leads to them, but the server may have others.
      if (done.ok() || tried == kTries || (state_ != "40001" && state_ != "40P01")) return done;
    }
  }
  Status read(const Work& work) override {
    return transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work);
  }
  Status scan(const std::string& sql, const std::function<Status(const Rows&)>& each) override {
    TRY(simple(("DECLARE scanned NO SCROLL CURSOR FOR " + sql).c_str()));
    for (bool more = true; more;) {
      const auto rows = run("FETCH 500 FROM scanned", {});
      if (!rows) return trouble();
      for (more = false; rows->step() == Step::row; more = true) TRY(each(*rows));
    }
    return simple("CLOSE scanned");
  }

  Status copy_to(Disk& disk, const std::filesystem::path& path) override;
  Status renumber() override {
    return simple(
        "SELECT setval(pg_get_serial_sequence('log', 'number'), "
        "(SELECT coalesce(max(number), 0) + 1 FROM log), false)");
  }
  [[nodiscard]] std::string place() const override { return place_; }

 private:
  [[nodiscard]] bool is_lost() const {
    return !connection_ || PQstatus(connection_.get()) != CONNECTION_OK;
  }
  // Whether the server has hung up, as far as it is known here.
  bool has_hung_up() {
    if (is_lost()) return true;
    pollfd socket{PQsocket(connection_.get()), POLLIN, 0};
    while (::poll(&socket, 1, 0) > 0)
      if (PQconsumeInput(connection_.get()) == 0 || is_lost()) return true;
    return false;
  }
  Status ready() { return has_hung_up() ? connect() : ok_status(); }

  // The answer, or nothing: trouble_ and state_ say why.
  Answer ask(const char* sql, const std::vector<Value>& values);
  Status simple(const char* sql) {
    return heard(Answer(PQexec(connection_.get(), sql))) ? ok_status() : Status(trouble_);
  }
  bool heard(const Answer& answer);
  Status transaction(const char* begin, const Work& work);

  const Secret address_;
  const std::string place_;
  const Patience patience_;
  std::unique_ptr<PGconn, FreeConnection> connection_;
  bool in_transaction_ = false;
  int64_t changed_ = 0;
  Error trouble_;
  std::string state_;  // SQLSTATE of the last failure
};

Status Postgres::connect() {
  const std::string timeout = std::to_string(patience_.connect_s);
  // What the address says goes before what stands in front of it.
  const std::array<const char*, 9> names = {
      "connect_timeout",  "keepalives_idle",  "keepalives_interval",
      "keepalives_count", "tcp_user_timeout", "fallback_application_name",
      "dbname",           "client_encoding",  nullptr};
  const std::array<const char*, 9> values = {
      timeout.c_str(),           "10",   "5",    "3", "15000", "rollcall",
      address_.reveal().c_str(), "UTF8", nullptr};
  connection_.reset(PQconnectdbParams(names.data(), values.data(), 1));
  in_transaction_ = false;
  state_.clear();
  if (is_lost()) {
    const std::string said = first_line(PQerrorMessage(connection_.get()));
    const bool is_refused = said.find("authentication failed") != std::string::npos ||
                            said.find("no password supplied") != std::string::npos ||
                            said.find("no pg_hba.conf entry") != std::string::npos;
    trouble_ = {.kind = is_refused ? ErrorKind::denied : ErrorKind::unavailable,
                .message = fmt::format("the catalog database {} {}: {}", place_,
                                       is_refused ? "refuses us" : "is out of reach", said),
                .remedy = "Check that PostgreSQL runs and can be reached from here."};
    if (is_refused) trouble_.remedy = "Check user and password in the address of the store.";
    return Error(trouble_);
  }
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
  return simple(fmt::format("SET statement_timeout = {}; SET lock_timeout = {}; "
                            "SET idle_in_transaction_session_timeout = {}; SET bytea_output = hex; "
                            "SET standard_conforming_strings = on; SET synchronous_commit = on",
                            patience_.statement_ms, patience_.lock_ms, patience_.idle_ms)
                    .c_str());
}

Answer Postgres::ask(const char* sql, const std::vector<Value>& values) {
  std::vector<Oid> types;
  std::vector<const char*> data;
  std::vector<int> sizes, formats;
  std::vector<std::string> numbers(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const auto* number = std::get_if<int64_t>(&values[i]);
    const auto* text = std::get_if<std::string>(&values[i]);
    const auto* blob = std::get_if<Blob>(&values[i]);
    if (number != nullptr) numbers[i] = std::to_string(*number);
    types.push_back(text != nullptr ? kText : blob != nullptr ? kBytea : kInt8);
    data.push_back(number != nullptr ? numbers[i].c_str()
                   : text != nullptr ? text->c_str()
                   : blob != nullptr ? blob->bytes.data()
                                     : nullptr);
    sizes.push_back(blob == nullptr ? 0 : static_cast<int>(blob->bytes.size()));
    formats.push_back(blob == nullptr ? 0 : 1);
  }
  (void)PQsendQueryParams(connection_.get(), with_dollars(sql).c_str(),
                          static_cast<int>(values.size()), types.data(), data.data(), sizes.data(),
                          formats.data(), 0);
  // The first that failed tells why; behind it may come that the server has hung up.
  Answer answer;
  while (Answer next{PQgetResult(connection_.get())})
    if (!answer || PQresultStatus(answer.get()) != PGRES_FATAL_ERROR) answer = std::move(next);
  return heard(answer) ? std::move(answer) : nullptr;
}

bool Postgres::heard(const Answer& answer) {
  const ExecStatusType status = PQresultStatus(answer.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
    const std::string_view count = PQcmdTuples(answer.get());
    changed_ = 0;
    (void)std::from_chars(count.data(), count.data() + count.size(), changed_);
    state_.clear();
    return true;
  }
  const auto field = [&](int code) -> std::string {
    const char* const text = PQresultErrorField(answer.get(), code);
    return text == nullptr ? "" : text;
  };
  state_ = field(PG_DIAG_SQLSTATE);
  const std::string said = field(PG_DIAG_MESSAGE_PRIMARY);
  if (is_lost()) {
    trouble_ = {.kind = ErrorKind::unavailable,
                .message = "the connection to the catalog database " + place_ +
                           " was lost in the middle of something",
                .remedy = "Look whether it was done, and try again."};
  } else if (state_ == "57014" || state_ == "55P03" || state_ == "40001" || state_ == "40P01") {
    trouble_ = {.kind = ErrorKind::unavailable,
                .message = "the catalog database is busy",
                .remedy = "Others hold it; try again."};
  } else if (state_ == "42501") {
    trouble_ = {.kind = ErrorKind::denied,
                .message = "the catalog database " + place_ + " refuses us: " + said,
                .remedy = "Let the user of the store's address own the database."};
  } else if (state_ == "25006") {
    trouble_ = {.kind = ErrorKind::unavailable,
                .message = "the catalog database " + place_ + " takes no writes",
                .remedy = "Name the primary in the store's address, not a replica of it."};
  } else if (state_ == "22021") {
    trouble_ = {.kind = ErrorKind::invalid, .message = "a text that is not UTF-8 cannot be stored"};
  } else {
    trouble_ = {.kind = ErrorKind::unavailable, .message = "the catalog database fails: " + said};
  }
  return false;
}

Status Postgres::transaction(const char* begin, const Work& work) {
  TRY(ready());
  Status begun = simple(begin);
  if (!begun.ok() && is_lost()) {  // nothing was done yet
    TRY(connect());
    begun = simple(begin);
  }
  if (!begun.ok()) {  // it may have begun, and wait in vain
    if (!is_lost()) (void)Answer(PQexec(connection_.get(), "ROLLBACK"));
    return begun;
  }
  in_transaction_ = true;
  Status done = work();
  in_transaction_ = false;
  if (done.ok() && is_lost()) return Error(trouble_);
  if (done.ok()) {
    const Answer committed(PQexec(connection_.get(), "COMMIT"));
    if (!heard(committed)) return Error(trouble_);
    // Of a transaction in which something failed, it is none.
    if (std::string_view(PQcmdStatus(committed.get())) == "COMMIT") return done;
    return Error{.kind = ErrorKind::unavailable, .message = "the catalog database kept nothing"};
  }
  const std::string why = state_;
  if (!is_lost()) (void)Answer(PQexec(connection_.get(), "ROLLBACK"));
  state_ = why;
  return done;
}

// Another program's tables are left alone, and the version stands in a table of its own.
Status Postgres::migrate() {
  const auto version = [&]() -> Result<int64_t> {
    // In one statement: another may make them between two.
    enum { kNone, kOurs };
    const int64_t there = TRY(number_of(
        *this,
        "SELECT CASE WHEN count(*) = 0 THEN 0 WHEN bool_or(tablename = 'rollcall') THEN 1 ELSE 2 "
        "END FROM pg_tables WHERE schemaname = current_schema()"));
    if (there == kOurs) return number_of(*this, "SELECT version FROM rollcall");
    if (there == kNone) return 0;
    return Error{.kind = ErrorKind::corrupt,
                 .message = "the database " + place_ + " holds tables of another program",
                 .remedy = "Make a database for Rollcall alone."};
  };
  const auto check = [&](int64_t found) -> Status {
    if (found <= newest_version()) return ok_status();
    return Error{.kind = ErrorKind::corrupt,
                 .message = "this catalog was written by a newer version of Rollcall",
                 .remedy = "Use that version, or another database."};
  };
  Statement encoding(*this, "SELECT current_setting('server_encoding')");
  if (encoding.step() != Step::row) return encoding.trouble();
  if (encoding.text(0) != "UTF8")
    return Error{.kind = ErrorKind::invalid,
                 .message = "the database " + place_ + " does not hold UTF-8",
                 .remedy = "Make one with `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`."};
  const int64_t found = TRY(version());
  TRY(check(found));
  if (found == newest_version()) return ok_status();
  return write([&]() -> Status {
    // Again, now that nobody else can be doing the same.
    const int64_t from = TRY(version());
    TRY(check(from));
    if (from == 0) TRY(execute("CREATE TABLE rollcall(version BIGINT NOT NULL)"));
    if (from == 0) TRY(execute("INSERT INTO rollcall VALUES (0)"));
    for (int64_t step = from; step < newest_version(); ++step)
      TRY(execute(migration(step, Engine::postgres).c_str()));
    return execute(fmt::format("UPDATE rollcall SET version = {}", newest_version()).c_str());
  });
}

Status Postgres::copy_to(Disk& disk, const std::filesystem::path& path) {
  const auto copy = TRY(open_sqlite(disk, path));
  TRY(read([&]() -> Status {
    TRY(execute("SET LOCAL statement_timeout = 0"));
    TRY(execute("SET LOCAL idle_in_transaction_session_timeout = 0"));
    return copy->write([&] { return copy_all(*this, *copy); });
  }));
  return copy->execute("PRAGMA journal_mode = DELETE");
}

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

Result<std::string> place_of(const Secret& address) {
  const Error wrong{.kind = ErrorKind::invalid,
                    .message = "the address of the store cannot be read",
                    .remedy =
                        "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE; in user and "
                        "password, what is neither letter nor digit as %XX."};
  const std::string& text = address.reveal();
  if (!text.starts_with("postgresql://") && !text.starts_with("postgres://")) return wrong;
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(
      PQconninfoParse(text.c_str(), &problem));
  PQfreemem(problem);  // which may quote a password
  if (!options) return wrong;
  std::string host, port, database;
  for (const PQconninfoOption* one = options.get(); one->keyword != nullptr; ++one) {
    const std::string_view name = one->keyword;
    const std::string value = one->val == nullptr ? "" : one->val;
    if (name == "host") host = value;
    if (name == "port") port = value;
    if (name == "dbname") database = value;
  }
  // A part of a password, after a sign that it was not to hold.
  const bool is_odd = host.find('@') != std::string::npos ||
                      database.find_first_of("@/") != std::string::npos ||
                      port.find_first_not_of("0123456789,") != std::string::npos;
  if (is_odd) return wrong;
  return "postgresql://" + host + (port.empty() ? "" : ":" + port) + "/" + database;
}

Result<std::unique_ptr<Postgres>> connected(const Secret& address, const Patience& patience) {
  auto out = std::make_unique<Postgres>(address, TRY(place_of(address)), patience);
  TRY(out->connect());
  return out;
}

}  // namespace

Result<std::unique_ptr<Database>> connect_postgres(const Secret& address,
                                                   const Patience& patience) {
  return std::unique_ptr<Database>(TRY(connected(address, patience)));
}

Result<std::unique_ptr<Database>> open_postgres(const Secret& address) {
  auto out = TRY(connected(address, {}));
  TRY(out->migrate());
  return std::unique_ptr<Database>(std::move(out));
}

}  // namespace rollcall::store
