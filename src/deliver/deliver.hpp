// Delivery: changes become batches, answers become outcomes, and every step is in the journal
// before the next one relies on it. Decides nothing about whom to add or remove: the plan did.
//
// A batch that is refused for somebody's data, or whose answer contradicts itself, is sent again in
// halves until the bad row stands alone, within a budget of calls. A batch without an answer ends
// the delivery: its people are unknown, the rest not sent, and the next run carries on.
//
// Threads: deliver() makes its own and returns when they are done.
#pragma once

#include <atomic>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "attributes/attributes.hpp"
#include "base/base.hpp"
#include "core/change.hpp"
#include "core/observer.hpp"
#include "iterable/iterable.hpp"
#include "ledger/ledger.hpp"
#include "plan/plan.hpp"
#include "prove/prove.hpp"

namespace rollcall::deliver {

struct Order {
  const iterable::Client& client;
  const iterable::CallCounter& calls;
  ledger::Journal& journal;
  prove::Trust& trust;
  Clock& clock;
  Observer& observer;
  const std::vector<attributes::Target>& targets;
  KeyType key_type = KeyType::email;
  int64_t list_id = 0;
  bool list_is_new = false;
  int64_t changes = 0;    // of the whole plan
  Millis settle{60'000};  // opposite writes of one key keep this long between them
};

struct Delivered {
  std::optional<Error> error = std::nullopt;  // what ended it early
  int64_t proven_people = 0;
  int64_t proof_max_age_ms = 0;
  bool by_export = false;   // how they were proven, otherwise by look-ups
  bool incomplete = false;  // the export, or the index: people were looked up after all
};

// Whether it is enough that an up-to-date index does not show somebody, to take them for no contact
// without a look-up: people new to the list. Parked people are in a plan to be looked up.
bool may_be_absent(const Change& change);

class Delivery {
 public:
  explicit Delivery(const Order& order)
      : order_(order), all_settled_at_(order.clock.monotonic() + order.settle) {}

  // From now on whoever must be proven is looked for in an export of everybody, not by look-ups.
  // `contacts` outlives the delivery.
  void prove_by(prove::Contacts& contacts) { contacts_ = &contacts; }
  // From now on people new to the list whom this index does not show are taken not to be contacts,
  // and nobody looks them up. It is to be up to date.
  void look_up_by(std::shared_ptr<const prove::Index> index) { index_ = std::move(index); }
  // Delivers every change of `changes` that `settled` has no outcome for (unknown ones are sent
  // again). `part` names it in points and progress: "add" or "remove".
  void deliver(plan::Changes& changes, const ledger::Settled& settled, const std::string& part,
               const std::stop_token& stop);
  // One batch outside the order of the plan, for the trial: written without further proof.
  void write_now(const std::vector<Change>& people, const std::stop_token& stop);

  [[nodiscard]] Delivered delivered() const;

 private:
  struct Item {
    const Change* change;
    std::string data_fields;
  };
  // Who of the people is a contact, and how old the oldest of it is.
  struct Proof {
    std::vector<bool> there;
    Millis oldest{0};    // monotonic
    int64_t proven = 0;  // the others were taken not to be contacts
  };
  Result<Proof> prove(const std::vector<const Change*>& people, const std::stop_token& stop);
  void handle(std::vector<Change>& chunk, const std::string& part, const std::stop_token& stop);
  // `maybe_applied`: these people were in a larger batch whose answer made no sense.
  void send(std::vector<Item> items, iterable::BatchCall call, const std::string& part,
            const std::stop_token& stop, bool maybe_applied = false);
  Result<std::vector<Outcome>> judge(const std::vector<Item>& items, iterable::BatchCall call,
                                     const std::vector<iterable::Verdict>& verdicts,
                                     const std::stop_token& stop);
  void settle_alone(const Item& item, Outcome outcome, std::optional<int64_t> batch);
  void fail(Error error);
  [[nodiscard]] bool failed() const { return failed_.load(); }
  void check_refusals();

  Order order_;
  const Millis all_settled_at_;  // monotonic: no write before this delivery is younger than settle
  prove::Contacts* contacts_ = nullptr;
  std::shared_ptr<const prove::Index> index_;
  std::atomic<bool> failed_{false};
  std::atomic<int64_t> resends_{0}, answered_{0}, refused_for_data_{0}, done_{0};
  std::atomic<int64_t> proven_{0}, max_age_ms_{0};
  std::atomic<int64_t> absent_checked_{0}, absent_found_{0};
  mutable std::mutex mutex_;
  std::optional<Error> error_;      // protected by mutex_
  std::set<std::string> filtered_;  // protected by mutex_
};

}  // namespace rollcall::deliver
