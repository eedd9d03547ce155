// Leases as rows: who holds what, until when by the database's clock, and by which token, so that
// whoever lost one renews or returns nobody else's.
#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <mutex>

#include "store/postgres.hpp"
#include "store/store.hpp"

namespace rollcall::store {
namespace {

constexpr Millis kLookAgain{500};
constexpr Millis kTryAgain{1000};  // after a renewal that failed
constexpr Patience kPatience{.connect_s = 5, .statement_ms = 4000, .lock_ms = 3000};
constexpr const char* kNow = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";

struct Held {
  std::string name, token;
  std::atomic<Millis> until;  // by our clock
  std::atomic<bool> is_lost = false;
};

std::string this_process() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) return "another process";
  return fmt::format("process {} on {}", ::getpid(), host.data());
}

std::string new_token() {
  std::array<unsigned char, 16> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  std::array<char, 2 * bytes.size() + 1> out{};
  return sodium_bin2hex(out.data(), out.size(), bytes.data(), bytes.size());
}

class RowLeases : public Leases {
 public:
  RowLeases(Secret server, Clock& clock) : server_(std::move(server)), clock_(clock) {}

  Result<std::unique_ptr<Lease>> take(const std::string& name, const std::stop_token& stop,
                                      Millis patience) override {
    for (Millis waited{0};; waited += kLookAgain) {
      auto held = TRY(try_to_take(name));
      if (held) return std::unique_ptr<Lease>(new RowLease(*this, std::move(held)));
      if (waited >= patience) {
        const auto who = TRY(holder(name));
        return Error{ErrorKind::busy, name + " is held by " + who.value_or("another process"),
                     fmt::format("Wait for it to end, or stop it. Of one that was killed it is "
                                 "free after {} seconds.",
                                 kLeaseLasts.count() / 1000)};
      }
      if (!clock_.sleep(kLookAgain, stop))
        return Error{ErrorKind::cancelled, "stopped while waiting for " + name};
    }
  }

  Result<std::optional<std::string>> holder(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    TRY(connect());
    const std::string sql =
        fmt::format("SELECT holder FROM lease WHERE name = ? AND expires_ms > {}", kNow);
    Statement row(*database_, sql.c_str());
    const Step step = row.bind(name).step();
    if (step == Step::failed) return row.trouble();
    return step == Step::row ? std::optional(row.text(0)) : std::nullopt;
  }

  void keep(const std::stop_token& stop) override {
    for (Millis wait = kLeaseRenewed; clock_.sleep(wait, stop);)
      wait = renew_all() ? kLeaseRenewed : kTryAgain;
  }

 private:
  class RowLease : public Lease {
   public:
    RowLease(RowLeases& leases, std::shared_ptr<Held> held)
        : leases_(leases), held_(std::move(held)) {}
    ~RowLease() override { leases_.give_back(*held_); }
    RowLease(const RowLease&) = delete;
    RowLease& operator=(const RowLease&) = delete;
    [[nodiscard]] bool outlasts(Millis how_long) const override { return lasts() >= how_long; }
    [[nodiscard]] Millis lasts() const override {
      if (held_->is_lost) return Millis(-1);
      return held_->until.load() - leases_.clock_.monotonic() - Millis(1);
    }

   private:
    RowLeases& leases_;
    std::shared_ptr<Held> held_;
  };

  Status connect() {
    if (!database_) database_ = TRY(connect_postgres(server_, kPatience));
    return ok_status();
  }

  // Nothing: another has it.
  Result<std::shared_ptr<Held>> try_to_take(const std::string& name) {
    const std::lock_guard lock(mutex_);
    TRY(connect());
    auto held = std::make_shared<Held>();
    held->name = name;
    held->token = new_token();
    held->until = clock_.monotonic() + kLeaseLasts;
    const std::string sql = fmt::format(
        "INSERT INTO lease(name, holder, token, expires_ms) VALUES (?, ?, ?, {0} + ?) "
        "ON CONFLICT(name) DO UPDATE SET holder = excluded.holder, token = excluded.token, "
        "expires_ms = excluded.expires_ms WHERE lease.expires_ms <= {0}",
        kNow);
    Statement write(*database_, sql.c_str());
    write.bind(name).bind(this_process()).bind(held->token);
    TRY(write.bind(int64_t{kLeaseLasts.count()}).finish());
    if (database_->changed() != 1) return std::shared_ptr<Held>();
    std::erase_if(held_, [](const auto& one) { return one.expired(); });
    held_.push_back(held);
    return held;
  }

  bool renew_all() {
    const std::lock_guard lock(mutex_);
    bool renewed = true;
    for (const auto& one : held_)
      if (const auto held = one.lock(); held && !held->is_lost) renewed = renew(*held) && renewed;
    return renewed;
  }

  // False: it is not known whether it is still ours.
  bool renew(Held& held) {
    if (!connect().ok()) return false;
    const Millis until = clock_.monotonic() + kLeaseLasts;
    const std::string sql =
        fmt::format("UPDATE lease SET expires_ms = {} + ? WHERE name = ? AND token = ?", kNow);
    Statement write(*database_, sql.c_str());
    write.bind(int64_t{kLeaseLasts.count()}).bind(held.name).bind(held.token);
    if (!write.finish().ok()) return false;
    if (database_->changed() == 1) {
      held.until = until;
    } else {
      held.is_lost = true;
    }
    return true;
  }

  // What cannot be given back now expires.
  void give_back(const Held& held) {
    const std::lock_guard lock(mutex_);
    if (held.is_lost || !connect().ok()) return;
    Statement gone(*database_, "DELETE FROM lease WHERE name = ? AND token = ?");
    (void)gone.bind(held.name).bind(held.token).finish();
  }

  const Secret server_;
  Clock& clock_;
  std::mutex mutex_;
  std::unique_ptr<Database> database_;  // protected by mutex_, as what follows
  std::vector<std::weak_ptr<Held>> held_;
};

}  // namespace

std::unique_ptr<Leases> open_leases(const Secret& server, Clock& clock) {
  return std::make_unique<RowLeases>(server, clock);
}

}  // namespace rollcall::store
