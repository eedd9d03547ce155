// The run's end of the socket.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "adbc/adbc.hpp"
#include "adbc/wire.hpp"

namespace rollcall::adbc {

namespace {

constexpr int kTickMs = 100;
constexpr int kTicksToCancel = 50;  // and batches; then a reader that does not let go is ended
constexpr int kTicksToLeave = 20;

// What a reader may know of our surroundings: no setting of a driver, and no secret.
std::vector<std::string> surroundings() {
  std::vector<std::string> out;
  for (char** one = environ; *one; ++one) {
    const std::string_view line(*one);
    const std::string_view name = line.substr(0, line.find('='));
    const bool wanted = name == "PATH" || name == "HOME" || name == "LANG" || name == "TZ" ||
                        name == "LD_LIBRARY_PATH" || name.starts_with("SSL_CERT_") ||
                        name.ends_with("SAN_OPTIONS");
    if (wanted) out.emplace_back(line);
  }
  return out;
}

// In the child between fork and exec: nothing but system calls.
[[noreturn]] void become(const char* program, char* const* arguments, char* const* environment,
                         int socket) {
  ::setpgid(0, 0);  // an interrupt from the keyboard is the run's to answer
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  ::dup2(socket, STDIN_FILENO);
  ::dup2(nowhere, STDOUT_FILENO);
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  ::execve(program, arguments, environment);
  ::_exit(127);
}

class Process : public Reader {
 public:
  explicit Process(Options options) : options_(std::move(options)) {}
  ~Process() override { end(); }

  Status spawn() {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
      return lost("cannot be started: " + std::string(strerrorname_np(errno)));
    std::string word(kReaderWord), name = "rollcall";
    char* const arguments[] = {name.data(), word.data(), nullptr};
    std::vector<std::string> variables = surroundings();
    std::vector<char*> environment;
    for (std::string& one : variables) environment.push_back(one.data());
    environment.push_back(nullptr);
    process_ = ::fork();
    if (process_ == 0) become(options_.program.c_str(), arguments, environment.data(), pair[1]);
    ::close(pair[1]);
    socket_ = pair[0];
    in_.emplace(socket_);
    if (process_ < 0) return lost("cannot be started: " + std::string(strerrorname_np(errno)));
    return ok_status();
  }

  Status open(const std::stop_token& stop) {
    std::string payload;
    Packer out(payload);
    out.text(options_.driver);
    out.size(options_.database.size());
    for (const auto& [name, value] : options_.database) {
      out.text(name);
      out.text(value.reveal());
    }
    out.size(options_.statement.size());
    for (const auto& [name, value] : options_.statement) {
      out.text(name);
      out.text(value);
    }
    TRY(ask(Tag::open, payload, stop));
    return until_done();
  }

  Status run(const std::string& sql, const std::stop_token& stop) override {
    TRY(ask_sql(Tag::run, sql, stop));
    return until_done();
  }

  Result<std::vector<std::string>> names(const std::string& sql,
                                         const std::stop_token& stop) override {
    TRY(ask_sql(Tag::names, sql, stop));
    std::vector<std::string> out;
    while (TRY(more(Tag::column))) out.push_back(in_->frame().payload);
    return out;
  }

  Status query(const std::string& sql, std::vector<ColumnInfo> columns,
               const std::stop_token& stop) override {
    columns_ = std::move(columns);
    return ask_sql(Tag::query, sql, stop);
  }

  Result<bool> next(RowBatch& batch) override {
    batch.rows = 0;
    batch.columns.resize(columns_.size());
    std::string payload;
    if (!TRY(take_rows(payload))) {
      for (Column& column : batch.columns) {
        column.valid.clear();
        column.ints.clear();
        column.doubles.clear();
        column.texts.clear();
      }
      return false;
    }
    const bool makes_sense = TRY(unpack(payload, batch));
    const std::lock_guard lock(reading_);
    if (!makes_sense) return broken();
    spare_.push_back(std::move(payload));
    return true;
  }

  void finish() override {
    if (!busy_) return;
    cancel();
    abandoned_ = true;
    while (busy_)
      if (!receive().ok()) break;
    abandoned_ = false;
    stopping_.reset();
  }

  [[nodiscard]] int process() const override { return process_; }

 private:
  Status ask_sql(Tag tag, const std::string& sql, const std::stop_token& stop) {
    finish();
    std::string payload;
    Packer out(payload);
    out.size(++number_);
    out.text(sql);
    return ask(tag, payload, stop);
  }

  Status ask(Tag tag, const std::string& payload, const std::stop_token& stop) {
    if (stop.stop_requested()) return cancelled();
    if (socket_ < 0) return lost("has ended");
    if (payload.size() > kFrameMax)
      return Error{.kind = ErrorKind::invalid, .message = "the query is too long"};
    stop_ = stop;
    idle_ = 0;
    busy_ = true;
    if (!send(tag, payload)) return died();
    stopping_.emplace(stop, Cancel{this});
    return ok_status();
  }

  Status until_done() {
    while (TRY(more(Tag::done)))
      ;
    return ok_status();
  }

  // Waits for a frame of that tag, or the end of what was asked.
  Result<bool> more(Tag tag) {
    if (!busy_) return false;
    const Frame& frame = *TRY(receive());
    if (frame.tag == Tag::done) return false;
    if (frame.tag == tag) return true;
    return broken();
  }

  Result<bool> take_rows(std::string& payload) {
    const std::lock_guard lock(reading_);
    if (!busy_ || !TRY(more(Tag::rows))) return false;
    if (!spare_.empty()) {
      payload = std::move(spare_.back());
      spare_.pop_back();
    }
    in_->swap_payload(payload);
    return true;
  }

  // The next frame. After `done` and `failed` nothing is asked any more.
  Result<const Frame*> receive() {
    while (true) {
      const bool wait_no_more = abandoned_ || stop_.stop_requested();
      pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
      const int ready = ::poll(&waiting, 1, wait_no_more ? kTickMs : 10 * kTickMs);
      if (ready == 0 && wait_no_more && ++idle_ > kTicksToCancel) {
        end();
        return cancelled();
      }
      if (ready <= 0) continue;
      const auto state = in_->read();
      if (state == FrameReader::State::gone) return died();
      if (state == FrameReader::State::more) continue;
      const Tag tag = in_->frame().tag;
      if (tag == Tag::done || tag == Tag::failed) {
        busy_ = false;
        if (!abandoned_) stopping_.reset();
      }
      // What was stopped is at its end only now, when nothing more of it can come.
      if (wait_no_more && busy_ && ++idle_ <= kTicksToCancel) continue;
      if (wait_no_more && busy_) end();
      if (stop_.stop_requested()) return cancelled();
      if (tag == Tag::failed) return failure(in_->frame().payload);
      return &in_->frame();
    }
  }

  // False: it makes no sense.
  Result<bool> unpack(std::string_view payload, RowBatch& batch) const {
    Unpacker in(payload);
    const size_t rows = in.size();
    if (rows > kBatchRows) return false;
    batch.rows = rows;
    for (size_t i = 0; i < columns_.size(); ++i) {
      Column& column = batch.columns[i];
      column.type = columns_[i].type;
      const Kind kind = kind_of(column.type);
      if (in.byte() != static_cast<uint8_t>(kind)) return false;
      const std::string_view valid = in.bytes(rows);
      if (!in.ok()) return false;
      column.valid.assign(valid.begin(), valid.end());
      column.ints.resize(kind == Kind::integer ? rows : 0);
      column.doubles.resize(kind == Kind::number ? rows : 0);
      column.texts.clear();
      if (kind == Kind::text) {
        for (size_t row = 0; row < rows; ++row) {
          const std::string_view value = in.text();
          if (!is_utf8(value))
            return Error{
                .kind = ErrorKind::corrupt,
                .message = "column `" + columns_[i].name + "` holds text that is not UTF-8",
                .remedy = "Repair it in the data, or leave the column out of the model."};
          column.texts.append(value);
        }
        continue;
      }
      const std::string_view raw = in.bytes(rows * sizeof(int64_t));
      void* const to = kind == Kind::integer ? static_cast<void*>(column.ints.data())
                                             : static_cast<void*>(column.doubles.data());
      if (!raw.empty()) std::memcpy(to, raw.data(), raw.size());
      for (size_t row = 0; row < rows; ++row)
        if (!column.valid[row])  // what a driver leaves there means nothing
          kind == Kind::integer ? column.ints[row] = 0 : column.doubles[row] = 0;
    }
    return in.at_end();
  }

  static Kind kind_of(FieldType type) {
    switch (type) {
      case FieldType::boolean:
      case FieldType::integer:
      case FieldType::date:
      case FieldType::timestamp:
        return Kind::integer;
      case FieldType::number:
        return Kind::number;
      case FieldType::decimal:
      case FieldType::text:
      case FieldType::list:
      case FieldType::object:
      case FieldType::json:
        break;
    }
    return Kind::text;
  }

  // --- Ends.

  struct Cancel {
    Process* process;
    void operator()() const { process->cancel(); }
  };

  // From any thread.
  void cancel() {
    std::string payload;
    Packer(payload).size(number_);
    send(Tag::cancel, payload);
  }
  bool send(Tag tag, const std::string& payload) {
    const std::lock_guard lock(sending_);
    return socket_ >= 0 && send_frame(socket_, tag, payload);
  }

  Error failure(std::string_view payload) {
    Unpacker in(payload);
    Failure out;
    out.connecting = in.byte() != 0;
    out.sqlstate = in.text();
    out.message = in.text();
    if (!in.at_end()) return broken();
    for (const Secret& secret : options_.secrets)
      for (size_t at = 0;
           !secret.empty() && (at = out.message.find(secret.reveal(), at)) != std::string::npos;)
        out.message.replace(at, secret.reveal().size(), "***");
    return options_.explain(out);
  }
  static Error cancelled() {
    return {.kind = ErrorKind::cancelled, .message = "the query was stopped"};
  }
  static Error lost(const std::string& what) {
    return {.kind = ErrorKind::unavailable,
            .message = "the reader " + what,
            .remedy = "Run it again. If it stays so, the driver and this data do not go together."};
  }
  Error broken() {
    end();
    return {.kind = ErrorKind::corrupt, .message = "the reader sent what makes no sense"};
  }
  Error died() {
    const int status = end();
    if (stop_.stop_requested()) return cancelled();
    if (WIFSIGNALED(status))
      return lost(
          fmt::format("died (signal {}: {})", WTERMSIG(status), sigdescr_np(WTERMSIG(status))));
    return lost(fmt::format("ended early (exit status {})", WEXITSTATUS(status)));
  }

  // Its exit status. First it is left to go by itself.
  int end() {
    stopping_.reset();  // waits for a cancel that is being sent
    busy_ = false;
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    int status = 0;
    if (process_ > 0) {
      int ticks = 0;
      while (::waitpid(process_, &status, WNOHANG) == 0) {
        if (++ticks > kTicksToLeave * 10) ::kill(process_, SIGKILL);
        ::poll(nullptr, 0, kTickMs / 10);
      }
    }
    process_ = -1;
    return status;
  }

  Options options_;
  pid_t process_ = -1;
  int socket_ = -1;
  std::optional<FrameReader> in_;
  std::mutex sending_;
  std::optional<std::stop_callback<Cancel>> stopping_;
  std::stop_token stop_;
  uint64_t number_ = 0;     // of what was asked last
  bool busy_ = false;       // something asked has not come to its end
  bool abandoned_ = false;  // and nobody wants it any more
  int idle_ = 0;
  std::vector<ColumnInfo> columns_;
  std::mutex reading_;              // of next(): protects all of this but the columns
  std::vector<std::string> spare_;  // payloads whose memory is used again
};

}  // namespace

Result<std::unique_ptr<Reader>> Reader::start(Options options, const std::stop_token& stop) {
  auto process = std::make_unique<Process>(std::move(options));
  TRY(process->spawn());
  TRY(process->open(stop));
  return std::unique_ptr<Reader>(std::move(process));
}

}  // namespace rollcall::adbc
