// Delivery: changes become batches, answers become outcomes, and every step is in the journal
// before the next one relies on it. Decides nothing about whom to add or remove: the plan did.
//
// A write is tried until it is answered, within limits. Each try begins with what must be waited
// for, goes on with a proof that nobody is created by it, and sends whom the proof covers: a proof
// is never used twice, and whoever is gone since the try before is left out.
//
// A batch that is refused for somebody's data, or whose answer contradicts itself, is sent again in
// halves until the bad row stands alone, within a budget of calls. A batch without an answer ends
// the delivery: its people are unknown, the rest not sent, and the next run carries on.
//
// A batch that the server answers with a failure of its own, at every try, is put aside while the
// others go on. If they get through, or some of its own people do who are sent alone, it is about
// somebody in it: it is sent in halves until that person stands alone, who is unknown then. If
// nobody gets through, it is an outage.
//
// Threads: deliver() asks the workers of its order for several, and returns when they are done.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "attributes/attributes.hpp"
#include "base/base.hpp"
#include "core/change.hpp"
#include "core/observer.hpp"
#include "iterable/iterable.hpp"
#include "prove/prove.hpp"
#include "state/state.hpp"

namespace rollcall::deliver {

// The loop of tries, for every write of people there is.
struct Attempts {
  const iterable::Client& client;
  Clock& clock;
  Random& random;
  int tries = iterable::kTries;
};
// What one try sends; the views of the batch must hold until the next.
struct Ready {
  iterable::Batch batch;
  iterable::Proof proof;
};
// Makes the proof and with it the batch, right before each try. Nothing: nobody is left to be sent.
using MakeReady = std::function<Result<std::optional<Ready>>()>;
// What the last try was answered, whose `may_have_arrived` speaks of all of them. Nothing: nobody
// was left. With Kind::too_late no proof could be made in time: there are too many people in it.
std::optional<iterable::BatchAnswer> send(const Attempts& attempts, iterable::BatchCall call,
                                          bool list_is_new, const MakeReady& make_ready,
                                          const std::stop_token& stop);

struct Order {
  const iterable::Client& client;
  const iterable::CallCounter& calls;
  state::Journal& journal;
  prove::Trust& trust;
  Clock& clock;
  Random& random;
  Workers& workers;
  Observer& observer;
  const std::vector<attributes::Target>& targets;
  KeyType key_type = KeyType::email;
  int64_t list_id = 0;
  bool list_is_new = false;
  int64_t changes = 0;           // of the whole plan
  int64_t retried = 0;           // of them, those who were written before, perhaps in vain
  int64_t refused_before = 0;    // so many of the ledger's: they tell nothing new of the mapping
  Millis settle{60'000};         // opposite writes of one key keep this long between them
  Millis proof_max_age{60'000};  // of a look-up
};

struct Delivered {
  std::optional<Error> error = std::nullopt;  // what ended it early, or kept somebody out of it
  int64_t proven_people = 0;
  bool by_export = false;   // how they were proven, otherwise by look-ups
  bool incomplete = false;  // the export, or the index: people were looked up after all
  std::optional<Error> export_error = std::nullopt;  // it could not be had: so were they
};

// Batches side by side where the answer is the proof; their keys are all different, so order does
// not matter between them.
constexpr size_t kBatchesAtOnce = 3;
// People looked up and written together, at the most.
constexpr size_t kProvenPerBatch = 500;
// How many people are looked up and written together: few enough that the oldest proof is seconds
// old when it is relied on, and that looking them up takes but a part of its life.
size_t proven_at_once(const iterable::Reader& client, Millis proof_max_age);

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
  // Delivers every change of `changes` that `answers` has no outcome for (unknown ones are sent
  // again). `part` names it in points and progress: "add" or "remove".
  void deliver(state::Changes& changes, const state::Answers& answers, const std::string& part,
               const std::stop_token& stop);
  // One batch outside the order of the plan, for the trial.
  void write_now(const std::vector<Change>& people, const std::stop_token& stop);

  [[nodiscard]] Delivered delivered() const;
  // Whether nothing more is to be delivered. Of single people an error may tell before.
  [[nodiscard]] bool failed() const { return failed_.load(); }

 private:
  // `untold`: what was answered about them was about somebody else. `unanswered`: nothing was.
  enum class Existence { there, absent, untold, unanswered };
  struct Proven {
    std::vector<Existence> people;
    iterable::Proof proof;
  };
  Result<Proven> prove(const std::vector<const Change*>& people, const std::stop_token& stop);
  // Leaves in `people` whom the proof covers; the others get their outcomes.
  Result<iterable::Proof> keep_proven(std::vector<const Change*>& people, bool removing,
                                      const std::string& part, const std::stop_token& stop);
  void handle(std::vector<Change>& chunk, const std::string& part, const std::stop_token& stop);
  struct How {
    bool maybe_applied = false;  // they were in a larger batch whose answer made no sense
    bool is_piece = false;       // of a batch that was put aside
    int64_t answered_then = 0;   // of a piece: see Aside
  };
  void write(std::vector<const Change*> people, iterable::BatchCall call, const std::string& part,
             const std::stop_token& stop, How how);
  // A batch that the server failed at; without an error, one that was not tried meanwhile.
  struct Aside {
    std::vector<Change> people;
    iterable::BatchCall call;
    std::optional<Error> error;
    int64_t answered_then;  // how many people had got an answer before it was tried
    bool is_rest;           // what is left of one: it was not tried without the others
    [[nodiscard]] bool is_tried() const { return error.has_value(); }
  };
  void put_aside(const std::vector<const Change*>& people, iterable::BatchCall call,
                 std::optional<Error> error, How how);
  bool somebody_gets_through(const std::string& part, const std::stop_token& stop);
  void look_for_the_culprits(const std::string& part, const std::stop_token& stop);
  void leave_unknown(const Change& change, const Error& error);
  [[nodiscard]] bool is_unanswered(const Change& change) const;
  Result<std::vector<Outcome>> judge(const std::vector<const Change*>& people,
                                     iterable::BatchCall call,
                                     const std::vector<iterable::Verdict>& verdicts,
                                     const std::stop_token& stop);
  void settle_alone(const Change& change, Outcome outcome, std::optional<int64_t> batch);
  void refuse_export(const Error& error);
  void fail(Error error);
  void check_refusals();
  void count_proven(const Change& change);

  Order order_;
  const Millis all_settled_at_;  // monotonic: no write before this delivery is younger than settle
  prove::Contacts* contacts_ = nullptr;
  std::shared_ptr<const prove::Index> index_;
  std::atomic<bool> failed_{false};
  std::atomic<bool> export_refused_{false};
  std::atomic<bool> paused_{false};  // nothing new is sent until the culprits are found
  std::atomic<int64_t> resends_{0}, answered_{0}, refused_for_data_{0}, done_{0};
  std::atomic<int64_t> absent_checked_{0}, absent_found_{0};
  std::mutex looking_up_;  // one batch at a time, so that its people are all looked up soon
  mutable std::mutex mutex_;
  std::optional<Error> error_;  // protected by mutex_, and all below
  std::optional<Error> export_error_;
  std::set<std::string> filtered_;
  std::vector<bool> proven_;  // by seq
  std::set<uint32_t> untold_;
  std::deque<Aside> aside_;
  std::set<uint32_t> unanswered_;       // each of whom the server failed at alone: not tried again
  std::optional<Error> unanswered_as_;  // as it answered about the first
};

}  // namespace rollcall::deliver
