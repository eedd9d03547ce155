// The reader: a driver, and a loop that does what it is asked. A second thread listens meanwhile,
// so that a query can be cancelled, and ends everything once the run is gone.
#include <arrow-adbc/adbc.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "adbc/adbc.hpp"
#include "adbc/wire.hpp"
#include "base/file.hpp"

namespace rollcall::adbc {

namespace {

constexpr int kSocket = STDIN_FILENO;
constexpr unsigned kGraceSeconds = 3;  // for taking leave once the run has died
// Of addresses: a row of many megabytes is refused before.
constexpr rlim_t kMemoryMax = 1'000'000'000;

// One of ADBC's or Arrow's structures that frees itself.
template <class T>
struct Released : T {
  Released() : T{} {}
  ~Released() {
    if (this->release) this->release(this);
  }
  Released(const Released&) = delete;
  Released& operator=(const Released&) = delete;
};

struct Caught : AdbcError {
  Caught() : AdbcError(ADBC_ERROR_INIT) {}
  ~Caught() {
    if (release) release(this);
  }
  Caught(const Caught&) = delete;
  Caught& operator=(const Caught&) = delete;
};

// A column of an Arrow batch.
class Cells {
 public:
  Cells(const ArrowSchema& schema, const ArrowArray& array, Kind kind)
      : array_(array), kind_(kind), large_(schema.format[0] == 'U') {}

  [[nodiscard]] bool valid(int64_t row) const {
    const auto* bits = static_cast<const uint8_t*>(array_.buffers[0]);
    const int64_t at = row + array_.offset;
    return array_.null_count == 0 || !bits || ((bits[at / 8] >> (at % 8)) & 1) != 0;
  }
  [[nodiscard]] std::string_view text(int64_t row) const {
    const auto* data = static_cast<const char*>(array_.buffers[2]);
    const int64_t at = row + array_.offset;
    if (large_) {
      const auto* offsets = static_cast<const int64_t*>(array_.buffers[1]) + at;
      return {data + offsets[0], static_cast<size_t>(offsets[1] - offsets[0])};
    }
    const auto* offsets = static_cast<const int32_t*>(array_.buffers[1]) + at;
    return {data + offsets[0], static_cast<size_t>(offsets[1] - offsets[0])};
  }
  [[nodiscard]] size_t bytes(int64_t row) const {
    return kind_ == Kind::text ? sizeof(uint64_t) + text(row).size() : sizeof(int64_t);
  }
  void pack(Packer& out, int64_t from, int64_t to) const {
    out.byte(static_cast<uint8_t>(kind_));
    for (int64_t row = from; row < to; ++row) out.byte(valid(row) ? 1 : 0);
    if (kind_ != Kind::text) {
      const auto* values = static_cast<const int64_t*>(array_.buffers[1]);
      out.bytes(values + array_.offset + from, static_cast<size_t>(to - from) * sizeof(int64_t));
      return;
    }
    for (int64_t row = from; row < to; ++row) out.text(valid(row) ? text(row) : std::string_view());
  }

 private:
  const ArrowArray& array_;
  Kind kind_;
  bool large_;
};

std::optional<Kind> kind_of(std::string_view format) {
  if (format == "l") return Kind::integer;
  if (format == "g") return Kind::number;
  if (format == "u" || format == "U") return Kind::text;
  return std::nullopt;
}

class Child {
 public:
  // Takes requests until there are no more.
  void serve() {
    std::thread(&Child::listen, this).detach();
    while (true) {
      Frame request;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return !requests_.empty() || gone_; });
        if (gone_) break;
        request = std::move(requests_.front());
        requests_.pop_front();
      }
      answer(request);
    }
    if (connected_) driver_.ConnectionRelease(&connection_, nullptr);
  }

 private:
  void listen() {
    FrameReader in(kSocket);
    while (true) {
      const auto state = in.read();
      if (state == FrameReader::State::more) continue;
      const std::lock_guard lock(mutex_);
      if (state == FrameReader::State::gone) {
        gone_ = true;
        stop_running();
        wake_.notify_all();
        return;
      }
      if (in.frame().tag == Tag::cancel) {
        cancelled_ = Unpacker(in.frame().payload).size();
        if (cancelled_ == running_) stop_running();
      } else {
        requests_.push_back(in.frame());
        wake_.notify_all();
      }
    }
  }
  // With the mutex held, which keeps the statement there.
  void stop_running() {
    if (statement_) driver_.StatementCancel(statement_, nullptr);
  }

  void answer(const Frame& request) {
    Unpacker in(request.payload);
    bool ok = false;
    if (request.tag == Tag::open) {
      connecting_ = true;
      ok = open(in);
      connecting_ = !ok;
    } else if (connected_) {
      const uint64_t number = in.size();
      ok = execute(request.tag, number, std::string(in.text()));
    }
    if (ok)
      send_frame(kSocket, Tag::done, {});
    else
      fail();
  }

  bool open(Unpacker& in) {
    const std::string path = installed_file("libadbc_driver_" + std::string(in.text()) + ".so");
    // Never closed: a driver's threads would lose their code.
    void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) return failed("the driver cannot be loaded: " + std::string(::dlerror()));
    auto* const init = reinterpret_cast<AdbcDriverInitFunc>(::dlsym(library, "AdbcDriverInit"));
    if (!init) return failed(path + " is no ADBC driver");
    Caught error;
    if (!works(init(ADBC_VERSION_1_1_0, &driver_, &error), error)) return false;
    database_.private_driver = connection_.private_driver = &driver_;
    if (!works(driver_.DatabaseNew(&database_, &error), error)) return false;
    for (uint64_t left = in.size(); left > 0; --left) {
      const std::string name(in.text()), value(in.text());
      if (!works(driver_.DatabaseSetOption(&database_, name.c_str(), value.c_str(), &error), error))
        return false;
    }
    for (uint64_t left = in.size(); left > 0; --left) {
      std::string name(in.text());
      statement_options_.emplace_back(std::move(name), std::string(in.text()));
    }
    if (!in.at_end()) return failed("the request to connect was cut off");
    if (!works(driver_.DatabaseInit(&database_, &error), error)) return false;
    if (!works(driver_.ConnectionNew(&connection_, &error), error)) return false;
    if (!works(driver_.ConnectionInit(&connection_, &database_, &error), error)) return false;
    connected_ = true;
    return true;
  }

  bool execute(Tag what, uint64_t number, const std::string& sql) {
    Caught error;
    AdbcStatement statement{};
    if (!works(driver_.StatementNew(&connection_, &statement, &error), error)) return false;
    statement.private_driver = &driver_;
    {
      const std::lock_guard lock(mutex_);
      running_ = number;
      statement_ = cancelled_ == number || gone_ ? nullptr : &statement;
    }
    const bool ok = (statement_ || failed("cancelled")) && execute(what, statement, sql);
    {
      const std::lock_guard lock(mutex_);
      statement_ = nullptr;
    }
    driver_.StatementRelease(&statement, nullptr);
    return ok;
  }

  bool execute(Tag what, AdbcStatement& statement, const std::string& sql) {
    Caught error;
    for (const auto& [name, value] : statement_options_)
      if (!works(driver_.StatementSetOption(&statement, name.c_str(), value.c_str(), &error),
                 error))
        return false;
    if (!works(driver_.StatementSetSqlQuery(&statement, sql.c_str(), &error), error)) return false;
    int64_t affected = 0;
    if (what == Tag::run)
      return works(driver_.StatementExecuteQuery(&statement, nullptr, &affected, &error), error);
    if (what == Tag::names) {
      Released<ArrowSchema> schema;
      if (!works(driver_.StatementExecuteSchema(&statement, &schema, &error), error)) return false;
      for (int64_t i = 0; i < schema.n_children; ++i)
        send_frame(kSocket, Tag::column, schema.children[i]->name ? schema.children[i]->name : "");
      return true;
    }
    Released<ArrowArrayStream> stream;
    if (!works(driver_.StatementExecuteQuery(&statement, &stream, &affected, &error), error))
      return false;
    return send_rows(stream);
  }

  bool send_rows(ArrowArrayStream& stream) {
    Released<ArrowSchema> schema;
    if (stream.get_schema(&stream, &schema) != 0) return stream_failed(stream);
    std::vector<Kind> kinds;
    for (int64_t i = 0; i < schema.n_children; ++i) {
      const auto kind = kind_of(schema.children[i]->format);
      if (!kind)
        return failed(
            fmt::format("column {} came as Arrow's `{}`", i + 1, schema.children[i]->format));
      kinds.push_back(*kind);
    }
    while (true) {
      Released<ArrowArray> array;
      if (stream.get_next(&stream, &array) != 0) return stream_failed(stream);
      if (!array.release) return true;
      if (!send_batch(schema, array, kinds)) return false;
    }
  }

  bool send_batch(const ArrowSchema& schema, const ArrowArray& array,
                  const std::vector<Kind>& kinds) {
    std::vector<Cells> columns;
    for (size_t i = 0; i < kinds.size(); ++i)
      columns.emplace_back(*schema.children[i], *array.children[i], kinds[i]);
    for (int64_t from = 0; from < array.length;) {
      int64_t to = from;
      size_t bytes = 0;
      while (to < array.length && to - from < static_cast<int64_t>(kBatchRows) &&
             bytes < kBatchBytes) {
        size_t row = 0;
        for (const Cells& column : columns) row += column.valid(to) ? column.bytes(to) : 8;
        if (row > kValueMax)
          return failed(fmt::format("a row has more than {} MB", kValueMax / 1'000'000));
        bytes += row;
        ++to;
      }
      Packer out(batch_);
      out.size(static_cast<uint64_t>(to - from));
      for (const Cells& column : columns) column.pack(out, from, to);
      if (!send_frame(kSocket, Tag::rows, batch_)) return failed("nobody reads");
      from = to;
    }
    return true;
  }

  // --- Failures.

  bool failed(std::string message) {
    failure_ = {.connecting = connecting_, .sqlstate = "", .message = std::move(message)};
    return false;
  }
  bool works(AdbcStatusCode status, const AdbcError& error) {
    if (status == ADBC_STATUS_OK) return true;
    failed(error.message ? error.message : fmt::format("the driver's status is {}", status));
    take_sqlstate(error);
    return false;
  }
  bool stream_failed(ArrowArrayStream& stream) {
    const char* const text = stream.get_last_error(&stream);
    failed(text ? text : "the driver does not say why");
    AdbcStatusCode status = ADBC_STATUS_OK;
    if (driver_.ErrorFromArrayStream)
      if (const AdbcError* const error = driver_.ErrorFromArrayStream(&stream, &status))
        take_sqlstate(*error);
    return false;
  }
  void take_sqlstate(const AdbcError& error) {
    const std::string_view state(error.sqlstate, sizeof error.sqlstate);
    if (state[0] != '\0') failure_.sqlstate = state;
  }
  void fail() {
    std::string payload;
    Packer out(payload);
    out.byte(failure_.connecting ? 1 : 0);
    out.text(failure_.sqlstate);
    out.text(std::string_view(failure_.message).substr(0, 10'000));
    send_frame(kSocket, Tag::failed, payload);
  }

  std::mutex mutex_;  // the four below
  std::condition_variable wake_;
  std::deque<Frame> requests_;
  bool gone_ = false;
  AdbcStatement* statement_ = nullptr;  // what can be cancelled
  uint64_t running_ = 0, cancelled_ = 0;

  AdbcDriver driver_{};
  AdbcDatabase database_{};
  AdbcConnection connection_{};
  bool connected_ = false;
  bool connecting_ = false;
  std::vector<std::pair<std::string, std::string>> statement_options_;
  Failure failure_;
  std::string batch_;
};

void leave_soon(int) { ::alarm(kGraceSeconds); }

}  // namespace

int reader_main() {
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(kSocket, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) {
    std::fputs("rollcall: `reader` is what rollcall itself calls to read a warehouse\n", stderr);
    return 2;
  }
  // The socket tells when the run has died; should that not be enough, this does.
  ::signal(SIGTERM, leave_soon);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::signal(SIGPIPE, SIG_IGN);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const rlimit limit{kMemoryMax, kMemoryMax};
  ::setrlimit(RLIMIT_AS, &limit);
#endif
  // Neither drivers' threads nor the listening one are waited for.
  static Child child;
  child.serve();
  ::_exit(0);
}

}  // namespace rollcall::adbc
