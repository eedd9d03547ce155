#include "deliver/deliver.hpp"

#include <thread>

namespace rollcall::deliver {
namespace {

using iterable::BatchAnswer;
using iterable::BatchCall;
using iterable::Verdict;

// Batches side by side where the answer is the proof; their keys are all different, so order does
// not matter between them.
constexpr size_t kBatchesAtOnce = 3;
// People proven and written together where they are looked up first: few enough that the oldest
// proof is seconds old when it is relied on.
constexpr size_t kProvenPerBatch = 500;
// Calls a run may spend on sending batches again in halves.
constexpr int64_t kResendsMin = 200;
constexpr int64_t kChangesPerResend = 50;
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
  return {error_, proven_.load(), max_age_ms_.load(), contacts_ != nullptr && !incomplete,
          incomplete};
}

void Delivery::fail(Error error) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = std::move(error);
  failed_ = true;
}

void Delivery::deliver(plan::Changes& changes, const ledger::Settled& settled,
                       const std::string& part, const std::stop_token& stop) {
  const bool by_lookup = order_.trust.by() == prove::By::lookup && contacts_ == nullptr;
  const size_t chunk_size = by_lookup ? kProvenPerBatch : iterable::kPeoplePerCallMax;
  std::mutex reading;
  const auto work = [&] {
    std::vector<Change> chunk;
    while (!failed() && !stop.stop_requested()) {
      {
        const std::lock_guard lock(reading);
        if (const Status read = changes.next(chunk, chunk_size); !read.ok())
          return fail(read.error());
      }
      if (chunk.empty()) return;
      std::erase_if(chunk, [&](const Change& change) {
        const auto& known = settled.kinds[change.seq];
        return known && *known != OutcomeKind::unknown;
      });
      handle(chunk, part, stop);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (size_t i = 1; i < (by_lookup ? 1 : kBatchesAtOnce); ++i) threads.emplace_back(work);
    work();
  }
  if (stop.stop_requested() && !failed())
    fail({ErrorKind::cancelled, "stopped while sending", "Run again: it carries on from here."});
}

void Delivery::write_now(const std::vector<Change>& people, const std::stop_token& stop) {
  std::vector<Item> items;
  for (const Change& change : people)
    items.push_back({&change, data_fields_of(change, order_.targets)});
  if (!items.empty()) send(std::move(items), BatchCall::subscribe, "trial", stop);
}

Result<Delivery::Proof> Delivery::prove(const std::vector<const Change*>& people,
                                        const std::stop_token& stop) {
  Proof proof{{}, order_.clock.monotonic()};
  const bool told = absent_found_ < kMissesThatTell;  // what lacks people tells nothing
  const bool by_export = contacts_ != nullptr && told;
  std::shared_ptr<const prove::Index> index = told ? index_ : nullptr;
  if (by_export) {
    const prove::Contacts::Exported exported = TRY(contacts_->exported(stop));
    index = exported.index;
    proof.oldest = exported.read_at;
  }
  std::vector<std::string> doubtful;
  std::vector<size_t> whose;
  for (size_t i = 0; i < people.size(); ++i) {
    const bool shown = index && index->holds(people[i]->key);
    proof.there.push_back(by_export && shown);
    // Of leavers nothing but a look-up is enough: gone counts as removed.
    const bool settled = by_export ? shown || people[i]->kind != ChangeKind::left
                                   : index && !shown && may_be_absent(*people[i]);
    if (settled && (shown || absent_checked_.fetch_add(1) >= kAbsentChecked)) {
      proof.proven += by_export ? 1 : 0;
      continue;
    }
    doubtful.push_back(people[i]->key);
    whose.push_back(i);
  }
  proof.proven += static_cast<int64_t>(doubtful.size());
  const auto seen =
      TRY(prove::look_up_all(order_.client, order_.key_type, doubtful, order_.clock, stop));
  for (size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i].profile) continue;
    proof.there[whose[i]] = true;
    proof.oldest = std::min(proof.oldest, seen[i].at);
    if (index && !index->holds(doubtful[i]) && was_to_be_shown(*seen[i].profile, *index, by_export))
      ++absent_found_;
  }
  if (told && absent_found_ >= kMissesThatTell) return prove(people, stop);
  return proof;
}

void Delivery::handle(std::vector<Change>& chunk, const std::string& part,
                      const std::stop_token& stop) {
  if (chunk.empty()) return;
  const auto people = static_cast<int64_t>(chunk.size());
  int64_t wait_until = 0;
  for (const Change& change : chunk) wait_until = std::max(wait_until, change.not_before_ms);
  // The wall clock may have been set back since the plan was made.
  if (const Millis wait = std::min(Millis(wait_until) - order_.clock.now().time_since_epoch(),
                                   all_settled_at_ - order_.clock.monotonic());
      wait_until > 0 && wait > Millis(0)) {
    order_.observer.note("waiting until earlier writes of the same people have settled");
    if (!order_.clock.sleep(wait, stop)) return;
  }
  const bool removing = chunk[0].kind == ChangeKind::left;
  // Proof, for those who need it here: everybody, or the parked alone.
  std::vector<const Change*> unproven;
  std::vector<size_t> whose;
  const bool all = order_.trust.by() == prove::By::lookup;
  for (size_t i = 0; i < chunk.size(); ++i) {
    if (!all && !chunk[i].look_up_first) continue;
    unproven.push_back(&chunk[i]);
    whose.push_back(i);
  }
  Millis oldest = order_.clock.monotonic();
  std::vector<bool> absent(chunk.size());
  if (!unproven.empty()) {
    const auto proof = prove(unproven, stop);
    if (!proof.ok()) return fail(proof.error());
    oldest = proof->oldest;
    std::vector<uint32_t> gone;
    for (size_t i = 0; i < whose.size(); ++i) {
      if (proof->there[i]) continue;
      absent[whose[i]] = true;
      gone.push_back(chunk[whose[i]].seq);
    }
    proven_ += proof->proven;
    const Outcome outcome{removing ? OutcomeKind::removed : OutcomeKind::not_a_contact};
    if (Status written =
            order_.journal.answered(std::nullopt, gone, std::vector<Outcome>(gone.size(), outcome));
        !written.ok())
      return fail(std::move(written.error()));
    order_.observer.reached(part + ".proven");
  }
  // A member's attributes go with the list too: the flag protects there, and whoever was deleted
  // and made again since the proof is on the list again.
  std::vector<Item> items;
  for (size_t i = 0; i < chunk.size(); ++i)
    if (!absent[i])
      items.push_back({&chunk[i], removing ? "" : data_fields_of(chunk[i], order_.targets)});
  if (!items.empty())
    send(std::move(items), removing ? BatchCall::unsubscribe : BatchCall::subscribe, part, stop);
  const int64_t age = (order_.clock.monotonic() - oldest).count();
  if (!unproven.empty() && age > max_age_ms_.load()) max_age_ms_ = age;
  done_ += people;
  order_.observer.progress(part, done_.load(), order_.changes);
}

void Delivery::send(std::vector<Item> items, BatchCall call, const std::string& part,
                    const std::stop_token& stop, bool maybe_applied) {
  if (failed() || stop.stop_requested()) return;
  const auto halves = [&](bool perhaps) {
    const size_t middle = items.size() / 2;
    std::vector<Item> second(
        std::make_move_iterator(items.begin() + static_cast<std::ptrdiff_t>(middle)),
        std::make_move_iterator(items.end()));
    items.resize(middle);
    send(std::move(items), call, part, stop, perhaps);
    send(std::move(second), call, part, stop, perhaps);
  };
  std::vector<iterable::Person> people;
  std::vector<uint32_t> seqs;
  for (const Item& item : items) {
    people.push_back({item.change->key, item.data_fields});
    seqs.push_back(item.change->seq);
  }
  bool merge = false;
  for (const attributes::Target& target : order_.targets) merge = merge || target.merge;
  const iterable::Batch batch{.call = call,
                              .list_id = order_.list_id,
                              .key_type = order_.key_type,
                              .people = people,
                              .existing_only = true,
                              .create_new_fields = false,
                              .merge_objects = merge,
                              .list_is_new = order_.list_is_new};
  auto number = order_.journal.sent(seqs);
  if (!number.ok()) return fail(std::move(number.error()));
  order_.observer.reached(part + ".journalled");
  BatchAnswer answer = order_.client.send(batch, stop);
  order_.observer.reached(part + ".sent");

  const auto again_in_halves = [&](const char* why) {
    if (resends_.fetch_add(2) + 2 > std::max(kResendsMin, order_.changes / kChangesPerResend))
      return fail(
          {ErrorKind::corrupt,
           std::string("too many batches had to be sent again in pieces; the last one because ") +
               why,
           "See `rejects` of this run for the people Iterable refused."});
    halves(maybe_applied || answer.kind == BatchAnswer::Kind::doubtful);
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
      auto outcomes = judge(items, call, answer.verdicts, stop);
      if (!outcomes.ok()) return fail(std::move(outcomes.error()));
      if (Status written = order_.journal.answered(*number, seqs, *outcomes); !written.ok())
        return fail(std::move(written.error()));
      answered_ += static_cast<int64_t>(items.size());
      for (const Outcome& outcome : *outcomes)
        if (outcome.reason == "invalid_data" || outcome.reason == "type_conflict")
          ++refused_for_data_;
      if (Status written = order_.journal.calls(order_.calls.counts()); !written.ok())
        return fail(std::move(written.error()));
      order_.observer.reached(part + ".recorded");
      return check_refusals();
    }
    case BatchAnswer::Kind::too_large:
      if (items.size() > 1) return halves(maybe_applied);
      return settle_alone(items[0], {OutcomeKind::rejected, "too_large"}, *number);
    case BatchAnswer::Kind::doubtful:
      if (items.size() > 1) return again_in_halves("an answer contradicted itself");
      return settle_alone(items[0], {OutcomeKind::unknown}, *number);
    case BatchAnswer::Kind::refused: {
      if (items.size() > 1) return again_in_halves("Iterable refused it whole");
      const std::vector<Verdict> verdict = {{Verdict::Kind::rejected, answer.reason, answer.final}};
      auto outcome = judge(items, call, verdict, stop);
      if (!outcome.ok()) return fail(std::move(outcome.error()));
      ++answered_;
      if ((*outcome)[0].reason == "type_conflict") ++refused_for_data_;
      settle_alone(items[0], std::move((*outcome)[0]), *number);
      return check_refusals();
    }
    case BatchAnswer::Kind::failed: {
      // Not sent, or unknown: the journal already says the latter.
      if (!answer.may_have_arrived && !maybe_applied)
        if (Status written = order_.journal.withdrawn(seqs); !written.ok())
          return fail(std::move(written.error()));
      return fail(answer.error ? std::move(*answer.error)
                               : Error{ErrorKind::unavailable, "no answer from Iterable"});
    }
  }
}

Result<std::vector<Outcome>> Delivery::judge(const std::vector<Item>& items, BatchCall call,
                                             const std::vector<Verdict>& verdicts,
                                             const std::stop_token& stop) {
  CHECK(verdicts.size() == items.size());
  const bool removing = call == BatchCall::unsubscribe;
  std::vector<Outcome> out;
  for (size_t i = 0; i < items.size(); ++i) {
    const Change& change = *items[i].change;
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
      const auto profile = TRY(order_.client.look_up(order_.key_type, change.key, stop));
      out.push_back(profile ? Outcome{OutcomeKind::rejected, verdict.reason, verdict.final}
                            : absent);
    } else {
      out.push_back({OutcomeKind::rejected, verdict.reason, verdict.final});
    }
  }
  return out;
}

void Delivery::settle_alone(const Item& item, Outcome outcome, std::optional<int64_t> batch) {
  if (Status written = order_.journal.answered(batch, {item.change->seq}, {std::move(outcome)});
      !written.ok())
    fail(std::move(written.error()));
}

void Delivery::check_refusals() {
  const int64_t refused = refused_for_data_.load();
  if (refused >= kRefusalsThatTell && refused * 2 > answered_.load())
    fail({ErrorKind::conflict, "Iterable refuses most people for the data sent with them",
          "Compare the mapping with the project's fields: `rollcall check` names what disagrees."});
}

}  // namespace rollcall::deliver
