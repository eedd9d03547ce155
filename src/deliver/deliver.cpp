#include "deliver/deliver.hpp"

#include <algorithm>

namespace rollcall::deliver {
namespace {

using iterable::BatchAnswer;
using iterable::BatchCall;
using iterable::Verdict;

// Where people are looked up first, one batch is written while the next is looked up.
constexpr size_t kLookedUpBatchesAtOnce = 2;
constexpr double kPartOfLifeForLookUps = 1.0 / 3;
// Calls a run may spend on sending batches again in halves.
constexpr int64_t kResendsMin = 200;
constexpr int64_t kChangesPerResend = 50;
// Of people who may have been refused before, so many each: enough to find all of them again.
constexpr int64_t kResendsPerRetried = 3;
// Of a batch that the server failed at, at every try, a piece is tried so often.
constexpr int kTriesOfPiece = 3;
// Batches that the server failed at wait for the others: at most so many, and no more than these
// while nobody gets through. Then it is looked for whom the server fails at.
constexpr size_t kAsideMax = 20;
constexpr int64_t kBatchesThatTell = 3;
// People of such a batch who are sent alone to learn whether anybody gets through.
constexpr size_t kProbesMax = 4;
// So many of the pieces fail one after another before it is an outage after all.
constexpr int kInVainMax = 10;
// When at least so many people were refused for their data and they are most, the mapping is wrong,
// not the people.
constexpr int64_t kRefusalsThatTell = 50;

std::string data_fields_of(const Change& change, const std::vector<attributes::Target>& targets) {
  std::string out;
  for (size_t i = 0; i < targets.size(); ++i) {
    if (!change.values[i]) continue;
    out += out.empty() ? '{' : ',';
    iterable::append_json_string(out, targets[i].to);
    out += ':';
    out += *change.values[i];
  }
  if (!out.empty()) out += '}';
  return out;
}

bool writes_membership(const Change& change) {
  return change.kind == ChangeKind::entered || !change.was_on_list;
}

// Answers that do not say whether the person exists.
bool leaves_existence_open(const Verdict& verdict) {
  return verdict.kind == Verdict::Kind::rejected &&
         (verdict.reason == "unnamed" || verdict.reason == "invalid_user_id" ||
          verdict.reason == "invalid_email" || verdict.reason == "unknown_user_id" ||
          verdict.reason == "unknown_email");
}

// Of those an export or an index does not show so many are looked up, and so many found there mean
// that it is not whole. One may have come since.
constexpr int64_t kAbsentChecked = 20;
constexpr int64_t kMissesThatTell = 2;

// An index cannot show whom Iterable was told of just now.
bool was_to_be_shown(const iterable::Profile& profile, const prove::Index& index, bool by_export) {
  return by_export || !profile.updated_at || *profile.updated_at < index.moments().complete_to;
}

}  // namespace

bool may_be_absent(const Change& change) {
  return change.kind == ChangeKind::entered && !change.was_on_list && !change.perhaps_on_list;
}

Delivered Delivery::delivered() const {
  const std::lock_guard lock(mutex_);
  const bool incomplete = absent_found_ >= kMissesThatTell;
  std::optional<Error> error = error_;
  if (!error && !untold_.empty())
    error = Error{ErrorKind::corrupt,
                  "asked for somebody, Iterable answered with another person's profile, of " +
                      thousands(static_cast<int64_t>(untold_.size())) +
                      " people; nothing was sent for them",
                  "Something between Rollcall and Iterable answers with other people's profiles: "
                  "look for a proxy or a cache, and check the destination's base_url."};
  if (!error && !unanswered_.empty())
    error = Error{
        ErrorKind::unavailable,
        std::string(answered_ > 0 ? "while others got through, " : "") +
            "Iterable failed each time at " + thousands(static_cast<int64_t>(unanswered_.size())) +
            (unanswered_.size() == 1 ? " person: " : " people: ") + unanswered_as_->message,
        "`rejects --kind unknown` of this run names them; the next run tries them again."};
  return {std::move(error), std::count(proven_.begin(), proven_.end(), true),
          contacts_ != nullptr && !incomplete && !export_refused_, incomplete, export_error_};
}

void Delivery::count_proven(const Change& change) {
  const std::lock_guard lock(mutex_);
  proven_.resize(std::max<size_t>(proven_.size(), change.seq + 1));
  proven_[change.seq] = true;
}

size_t proven_at_once(const iterable::Reader& client, Millis proof_max_age) {
  const double seconds = static_cast<double>(proof_max_age.count()) / 1000;
  const double people = client.look_ups_per_second() * seconds * kPartOfLifeForLookUps;
  return static_cast<size_t>(std::clamp(people, 1.0, static_cast<double>(kProvenPerBatch)));
}

void Delivery::fail(Error error) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = std::move(error);
  failed_ = true;
}

void Delivery::deliver(state::Changes& changes, const state::Answers& answers,
                       const std::string& part, const std::stop_token& stop) {
  const bool by_lookup = order_.trust.by() == prove::By::lookup && contacts_ == nullptr;
  const size_t chunk_size = by_lookup ? kProvenPerBatch : iterable::kPeoplePerCallMax;
  std::mutex reading;
  std::atomic<bool> all_read{false};
  const auto work = [&] {
    std::vector<Change> chunk;
    while (!failed() && !paused_ && !stop.stop_requested()) {
      {
        const std::lock_guard lock(reading);
        if (const Status read = changes.next(chunk, chunk_size); !read.ok())
          return fail(read.error());
      }
      if (chunk.empty()) {
        all_read = true;
        return;
      }
      std::erase_if(chunk, [&](const Change& change) {
        const auto& known = answers.kinds[change.seq];
        return (known && *known != OutcomeKind::unknown) || is_unanswered(change);
      });
      handle(chunk, part, stop);
    }
  };
  while (!all_read && !failed() && !stop.stop_requested()) {
    paused_ = false;
    order_.workers.run(by_lookup ? kLookedUpBatchesAtOnce : kBatchesAtOnce, work);
    look_for_the_culprits(part, stop);
  }
  if (stop.stop_requested() && !failed())
    fail({ErrorKind::cancelled, "stopped while sending", "Run again: it carries on from here."});
}

void Delivery::write_now(const std::vector<Change>& people, const std::stop_token& stop) {
  std::vector<const Change*> all;
  for (const Change& change : people) all.push_back(&change);
  if (!all.empty()) write(std::move(all), BatchCall::subscribe, "trial", stop, {});
  look_for_the_culprits("trial", stop);
}

Result<Delivery::Proven> Delivery::prove(const std::vector<const Change*>& people,
                                         const std::stop_token& stop) {
  Proven out{std::vector<Existence>(people.size(), Existence::absent), {}};
  const bool by_answer = order_.trust.by() == prove::By::answer;
  if (by_answer) out.proof = iterable::Proof::by_answer();
  const bool told = absent_found_ < kMissesThatTell;  // what lacks people tells nothing
  const bool by_export = contacts_ != nullptr && told && !export_refused_;
  std::shared_ptr<const prove::Index> index = told ? index_ : nullptr;
  std::optional<Millis> exported_at;
  const auto there = [&](size_t i, Millis read_at, Millis life) {
    out.people[i] = Existence::there;
    if (!by_answer) out.proof.add(people[i]->key, read_at, life);
  };
  std::vector<std::string> doubtful;
  std::vector<size_t> whose;
  for (size_t i = 0; i < people.size(); ++i) {
    // Where the answer is the proof it is that of all but the parked: reads alone touch them.
    if (by_answer && !people[i]->look_up_first) {
      out.people[i] = Existence::there;
      continue;
    }
    if (by_export && !exported_at) {
      const auto exported = contacts_->exported(stop);
      if (!exported.ok() && exported.error().kind == ErrorKind::cancelled)
        return Error(exported.error());
      if (!exported.ok()) {
        refuse_export(exported.error());
        return prove(people, stop);
      }
      index = exported->index;
      exported_at = exported->read_at;
    }
    const bool shown = index && index->holds(people[i]->key);
    if (by_export && shown) there(i, *exported_at, prove::kExportLife);
    // Of leavers nothing but a look-up is enough: gone counts as removed.
    const bool settled = by_export ? shown || people[i]->kind != ChangeKind::left
                                   : index && !shown && may_be_absent(*people[i]);
    if (settled && (shown || absent_checked_.fetch_add(1) >= kAbsentChecked)) {
      if (by_export) count_proven(*people[i]);
      continue;
    }
    count_proven(*people[i]);
    doubtful.push_back(people[i]->key);
    whose.push_back(i);
  }
  std::unique_lock one_at_a_time(looking_up_, std::defer_lock);
  if (!doubtful.empty()) one_at_a_time.lock();
  const auto seen =
      TRY(prove::look_up_all(order_.workers, order_.client, order_.key_type, doubtful, stop));
  if (one_at_a_time) one_at_a_time.unlock();
  for (size_t i = 0; i < seen.size(); ++i) {
    if (seen[i].of_another) out.people[whose[i]] = Existence::untold;
    if (seen[i].failed) {
      out.people[whose[i]] = Existence::unanswered;
      leave_unknown(*people[whose[i]], *seen[i].failed);
    }
    if (!seen[i].profile) continue;
    there(whose[i], seen[i].asked_at, order_.proof_max_age);
    if (index && !index->holds(doubtful[i]) && was_to_be_shown(*seen[i].profile, *index, by_export))
      ++absent_found_;
  }
  if (told && absent_found_ >= kMissesThatTell) return prove(people, stop);
  return out;
}

// Everybody is looked up from now on.
void Delivery::refuse_export(const Error& error) {
  const std::lock_guard lock(mutex_);
  export_refused_ = true;
  if (!export_error_) export_error_ = error;
}

Result<iterable::Proof> Delivery::keep_proven(std::vector<const Change*>& people, bool removing,
                                              const std::string& part,
                                              const std::stop_token& stop) {
  Proven proven = TRY(prove(people, stop));
  std::vector<uint32_t> gone;
  std::vector<const Change*> there;
  for (size_t i = 0; i < people.size(); ++i) {
    if (proven.people[i] == Existence::there) there.push_back(people[i]);
    if (proven.people[i] == Existence::absent) gone.push_back(people[i]->seq);
    if (proven.people[i] != Existence::untold) continue;
    const std::lock_guard lock(mutex_);
    untold_.insert(people[i]->seq);
  }
  people = std::move(there);
  const Outcome outcome{removing ? OutcomeKind::removed : OutcomeKind::not_a_contact};
  TRY(order_.journal.answered(std::nullopt, gone, std::vector<Outcome>(gone.size(), outcome)));
  order_.observer.reached(part + ".proven");
  return std::move(proven.proof);
}

void Delivery::handle(std::vector<Change>& chunk, const std::string& part,
                      const std::stop_token& stop) {
  if (chunk.empty()) return;
  int64_t wait_until = 0;
  for (const Change& change : chunk) wait_until = std::max(wait_until, change.not_before_ms);
  if (const Millis wait = std::min(Millis(wait_until) - order_.clock.now().time_since_epoch(),
                                   all_settled_at_ - order_.clock.monotonic());
      wait_until > 0 && wait > Millis(0)) {
    order_.observer.note("waiting until earlier writes of the same people have settled");
    if (!order_.clock.sleep(wait, stop)) return;
  }
  const BatchCall call =
      chunk[0].kind == ChangeKind::left ? BatchCall::unsubscribe : BatchCall::subscribe;
  for (size_t from = 0; from < chunk.size();) {
    const bool few = order_.trust.by() == prove::By::lookup && contacts_ == nullptr;
    const size_t to =
        std::min(chunk.size(),
                 from + (few ? proven_at_once(order_.client, order_.proof_max_age) : chunk.size()));
    std::vector<const Change*> people;
    for (size_t i = from; i < to; ++i) people.push_back(&chunk[i]);
    write(std::move(people), call, part, stop, {});
    done_ += static_cast<int64_t>(to - from);
    order_.observer.progress(part, done_.load(), order_.changes);
    from = to;
  }
}

void Delivery::write(std::vector<const Change*> people, BatchCall call, const std::string& part,
                     const std::stop_token& stop, How how) {
  if (failed() || stop.stop_requested() || people.empty()) return;
  if (paused_ && !how.is_piece) return put_aside(people, call, std::nullopt, how);
  const int64_t answered_then = how.is_piece ? how.answered_then : answered_.load();
  const bool removing = call == BatchCall::unsubscribe;
  // What the last try sent, and its number in the journal.
  std::vector<std::string> data_fields;
  std::vector<iterable::Person> sent;
  std::vector<uint32_t> seqs;
  std::optional<int64_t> number;
  const auto make_ready = [&]() -> Result<std::optional<Ready>> {
    iterable::Proof proof = TRY(keep_proven(people, removing, part, stop));
    data_fields.clear(), sent.clear(), seqs.clear();
    if (people.empty()) return std::optional<Ready>();
    // A member's attributes go with the list too: the flag protects there, and whoever was deleted
    // and made again since the proof is on the list again.
    for (const Change* change : people)
      data_fields.push_back(removing ? "" : data_fields_of(*change, order_.targets));
    for (size_t i = 0; i < people.size(); ++i) {
      sent.push_back({people[i]->key, data_fields[i]});
      seqs.push_back(people[i]->seq);
    }
    number = TRY(order_.journal.sent(seqs));
    order_.observer.reached(part + ".journalled");
    return std::optional(
        Ready{{.call = call,
               .list_id = order_.list_id,
               .key_type = order_.key_type,
               .people = sent,
               .create_new_fields = false,
               .merge_objects = std::ranges::any_of(order_.targets, &attributes::Target::merge)},
              std::move(proof)});
  };
  const int tries = how.is_piece ? kTriesOfPiece : iterable::kTries;
  const auto sending = deliver::send({order_.client, order_.clock, order_.random, tries}, call,
                                     order_.list_is_new, make_ready, stop);
  order_.observer.reached(part + ".sent");
  if (!sending) return;  // everybody is gone
  if (Status written = order_.journal.calls(order_.calls.counts(), order_.calls.oldest_proof());
      !written.ok())
    return fail(std::move(written.error()));
  const BatchAnswer& answer = *sending;

  const auto halves = [&](bool perhaps) {
    const auto middle = people.begin() + static_cast<std::ptrdiff_t>(people.size() / 2);
    write({people.begin(), middle}, call, part, stop, {perhaps, how.is_piece, answered_then});
    write({middle, people.end()}, call, part, stop, {perhaps, how.is_piece, answered_then});
  };
  const auto again_in_halves = [&](const char* why) {
    const int64_t most = std::max(
        {kResendsMin, order_.changes / kChangesPerResend, order_.retried * kResendsPerRetried});
    if (resends_.fetch_add(2) + 2 > most)
      return fail(
          {ErrorKind::corrupt,
           std::string("too many batches had to be sent again in pieces; the last one because ") +
               why,
           "See `rejects` of this run for the people Iterable refused, and run again: it goes on "
           "with the others."});
    halves(how.maybe_applied || answer.kind == BatchAnswer::Kind::doubtful);
  };
  // Not sent, or unknown: the journal already says the latter.
  const auto end_with = [&](Error error) {
    if (number && !answer.may_have_arrived && !how.maybe_applied)
      if (Status written = order_.journal.withdrawn(seqs); !written.ok())
        return fail(std::move(written.error()));
    fail(std::move(error));
  };
  switch (answer.kind) {
    case BatchAnswer::Kind::answered: {
      if (!answer.filtered_out_fields.empty()) {
        std::vector<std::string> fresh;
        {
          const std::lock_guard lock(mutex_);
          for (const std::string& field : answer.filtered_out_fields)
            if (filtered_.insert(field).second) fresh.push_back(field);
        }
        if (!fresh.empty())
          if (Status written = order_.journal.filtered(fresh); !written.ok())
            return fail(std::move(written.error()));
      }
      auto outcomes = judge(people, call, answer.verdicts, stop);
      if (!outcomes.ok()) return fail(std::move(outcomes.error()));
      if (Status written = order_.journal.answered(*number, seqs, *outcomes); !written.ok())
        return fail(std::move(written.error()));
      answered_ += static_cast<int64_t>(people.size());
      for (const Outcome& outcome : *outcomes)
        if (outcome.reason == "invalid_data" || outcome.reason == "type_conflict")
          ++refused_for_data_;
      order_.observer.reached(part + ".recorded");
      return check_refusals();
    }
    case BatchAnswer::Kind::too_large:
      if (people.size() > 1) return halves(how.maybe_applied);
      return settle_alone(*people[0], {OutcomeKind::rejected, "too_large"}, *number);
    case BatchAnswer::Kind::doubtful:
      if (people.size() > 1) return again_in_halves("an answer contradicted itself");
      return settle_alone(*people[0], {OutcomeKind::unknown}, *number);
    case BatchAnswer::Kind::refused: {
      if (people.size() > 1) return again_in_halves("Iterable refused it whole");
      const std::vector<Verdict> verdict = {{Verdict::Kind::rejected, answer.reason, answer.final}};
      auto outcome = judge(people, call, verdict, stop);
      if (!outcome.ok()) return fail(std::move(outcome.error()));
      ++answered_;
      if ((*outcome)[0].reason == "type_conflict") ++refused_for_data_;
      settle_alone(*people[0], std::move((*outcome)[0]), *number);
      return check_refusals();
    }
    case BatchAnswer::Kind::too_late:
      if (people.size() > 1) {
        const bool perhaps = how.maybe_applied || answer.may_have_arrived;
        if (!perhaps)
          if (Status written = order_.journal.withdrawn(seqs); !written.ok())
            return fail(std::move(written.error()));
        return halves(perhaps);
      }
      return end_with({ErrorKind::unavailable,
                       "nobody could be looked up and written within the `max_age` of a proof, " +
                           thousands(order_.proof_max_age.count()) + " ms",
                       "Iterable answers too slowly for it: give the destination a longer one."});
    case BatchAnswer::Kind::failed:
      if (answer.of_server && answer.error)
        return put_aside(people, call, answer.error,
                         {.is_piece = how.is_piece, .answered_then = answered_then});
      return end_with(
          answer.error.value_or(Error{ErrorKind::unavailable, "no answer from Iterable"}));
  }
}

// Of those who were sent, the journal says already that they are unknown.
void Delivery::put_aside(const std::vector<const Change*>& people, BatchCall call,
                         std::optional<Error> error, How how) {
  const std::lock_guard lock(mutex_);
  Aside aside{{}, call, std::move(error), how.answered_then, false};
  for (const Change* change : people) aside.people.push_back(*change);
  aside_.push_back(std::move(aside));
  const auto as_late = [&](const Aside& other) { return other.answered_then == how.answered_then; };
  const bool nobody_gets_through = answered_.load() == how.answered_then &&
                                   std::ranges::count_if(aside_, as_late) >= kBatchesThatTell;
  if (!how.is_piece && (nobody_gets_through || aside_.size() >= kAsideMax)) paused_ = true;
}

// Whether anybody does now: some people of a batch that the server failed at are sent, each alone.
// Of a single person nothing can be learnt, who holds nobody up either.
bool Delivery::somebody_gets_through(const std::string& part, const std::stop_token& stop) {
  const int64_t answered_then = answered_.load();
  Aside batch;
  {
    const std::lock_guard lock(mutex_);
    const auto since_then = [&](const Aside& one) { return one.answered_then < answered_then; };
    if (std::ranges::all_of(aside_, since_then)) return true;
    const auto largest = std::ranges::max_element(
        aside_, {}, [](const Aside& one) { return one.is_tried() ? one.people.size() : 0; });
    if (largest->people.size() == 1) return true;
    batch = std::move(*largest);
    aside_.erase(largest);
  }
  std::vector<Change>& people = batch.people;
  const size_t probes = std::min(people.size(), kProbesMax);
  for (size_t i = 0; i < probes && answered_.load() == answered_then && !failed(); ++i) {
    const auto at = people.begin() + static_cast<std::ptrdiff_t>(i * people.size() / probes);
    const Change one = *at;
    people.erase(at);
    write({&one}, batch.call, part, stop, {true, true, answered_then});
  }
  const std::lock_guard lock(mutex_);
  const bool gets_through = answered_.load() > answered_then;
  if (!gets_through && !error_) error_ = batch.error;
  if (!gets_through) failed_ = true;
  batch.is_rest = true;
  if (!people.empty()) aside_.push_front(std::move(batch));
  return gets_through;
}

// Level by level, so that soon somebody gets through if anybody can.
void Delivery::look_for_the_culprits(const std::string& part, const std::stop_token& stop) {
  if (failed() || stop.stop_requested() || aside_.empty()) return;
  if (!somebody_gets_through(part, stop)) return;
  int in_vain = 0;
  while (!failed() && !stop.stop_requested()) {
    Aside aside;
    {
      const std::lock_guard lock(mutex_);
      if (aside_.empty()) return;
      aside = std::move(aside_.front());
      aside_.pop_front();
    }
    const int64_t answered_then = answered_.load();
    const auto send = [&](size_t from, size_t to) {
      std::vector<const Change*> piece;
      for (size_t i = from; i < to; ++i) piece.push_back(&aside.people[i]);
      write(std::move(piece), aside.call, part, stop,
            {.maybe_applied = aside.is_tried(), .is_piece = true, .answered_then = answered_then});
    };
    const bool alone = aside.people.size() == 1;
    if (!aside.is_tried() || (alone && aside.is_rest)) {
      send(0, aside.people.size());
      continue;
    }
    in_vain = answered_then > aside.answered_then ? 0 : in_vain + 1;
    if (in_vain > kInVainMax) return fail(std::move(*aside.error));
    if (alone) {
      leave_unknown(aside.people[0], *aside.error);
      continue;
    }
    if (resends_.fetch_add(2) + 2 > std::max(kResendsMin, order_.changes / kChangesPerResend))
      return fail({ErrorKind::unavailable,
                   "Iterable failed at too many batches while others got through; the last one: " +
                       aside.error->message,
                   "Iterable seems to be in trouble; the next run carries on from here."});
    const size_t middle = aside.people.size() / 2;
    send(0, middle);
    send(middle, aside.people.size());
  }
}

void Delivery::leave_unknown(const Change& change, const Error& error) {
  settle_alone(change, {OutcomeKind::unknown, error.message}, std::nullopt);
  const std::lock_guard lock(mutex_);
  unanswered_.insert(change.seq);
  if (!unanswered_as_) unanswered_as_ = error;
}

bool Delivery::is_unanswered(const Change& change) const {
  const std::lock_guard lock(mutex_);
  return unanswered_.contains(change.seq);
}

Result<std::vector<Outcome>> Delivery::judge(const std::vector<const Change*>& people,
                                             BatchCall call, const std::vector<Verdict>& verdicts,
                                             const std::stop_token& stop) {
  CHECK(verdicts.size() == people.size());
  const bool removing = call == BatchCall::unsubscribe;
  std::vector<Outcome> out;
  for (size_t i = 0; i < people.size(); ++i) {
    const Change& change = *people[i];
    const Verdict& verdict = verdicts[i];
    const OutcomeKind confirmed = removing                    ? OutcomeKind::removed
                                  : writes_membership(change) ? OutcomeKind::added
                                                              : OutcomeKind::updated;
    const Outcome absent{removing ? OutcomeKind::removed : OutcomeKind::not_a_contact};
    if (verdict.kind == Verdict::Kind::confirmed) {
      out.push_back({confirmed});
    } else if (verdict.kind == Verdict::Kind::not_found) {
      if (!removing &&
          TRY(order_.trust.check_named(order_.client, order_.key_type, change.key, stop))) {
        // Named as not found, and there: the flag does not do here what it says. Looked up, so
        // recorded so.
        out.push_back({OutcomeKind::rejected, "created_in_spite_of_the_flag"});
      } else {
        out.push_back(absent);
      }
    } else if (removing && verdict.reason == "forgotten") {
      out.push_back({OutcomeKind::removed});  // Iterable holds nothing about the forgotten
    } else if (leaves_existence_open(verdict)) {
      const auto seen = TRY(order_.client.look_up(order_.key_type, change.key, stop));
      const bool gone = !seen.profile && !seen.of_another;
      out.push_back(gone ? absent : Outcome{OutcomeKind::rejected, verdict.reason, verdict.final});
    } else {
      out.push_back({OutcomeKind::rejected, verdict.reason, verdict.final});
    }
  }
  return out;
}

void Delivery::settle_alone(const Change& change, Outcome outcome, std::optional<int64_t> batch) {
  if (Status written = order_.journal.answered(batch, {change.seq}, {std::move(outcome)});
      !written.ok())
    fail(std::move(written.error()));
}

void Delivery::check_refusals() {
  const int64_t refused = refused_for_data_.load() - order_.refused_before;
  if (refused >= kRefusalsThatTell && refused * 2 > answered_.load() - order_.refused_before)
    fail({ErrorKind::conflict, "Iterable refuses most people for the data sent with them",
          "Compare the mapping with the project's fields: `rollcall check` names what disagrees."});
}

}  // namespace rollcall::deliver
