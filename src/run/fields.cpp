#include "run/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "deliver/deliver.hpp"
#include "prove/prove.hpp"

namespace rollcall::run {
namespace {

// People looked at per missing field before it is left pending.
constexpr size_t kCandidatesPerField = 60;
constexpr Millis kLookEvery{400};
constexpr Millis kLeasePatience{120'000};

using Candidate = state::Holder;

Result<std::vector<Candidate>> candidates(const FieldWork& work, size_t target) {
  // Members of the list are contacts, most likely.
  std::vector<Candidate> out = TRY(work.work.holders(target, kCandidatesPerField));
  std::erase_if(out, [&](const Candidate& one) {
    return !attributes::fixes_type(*one.values[target], work.targets[target]);
  });
  return out;
}

// One activation of a destination at a time: two first writes of one field would race for its type.
Result<std::unique_ptr<Lease>> field_lease(const FieldWork& work, const std::stop_token& stop) {
  auto lease = work.world.leases.take(Home::lease_of_destination(work.destination.uid), stop,
                                      kLeasePatience);
  if (!lease.ok() && lease.error().kind == ErrorKind::busy)
    return Error{ErrorKind::conflict,
                 "another activation of this destination has been making fields for two minutes",
                 "Try again."};
  return lease;
}

// Sends people the values chosen for them, of the fields of which `wanted` holds. Everybody is
// looked up before each try; who is no contact any more is left out. Returns whom Iterable
// confirmed, and which fields it dropped.
struct Written {
  std::vector<Candidate> confirmed;
  std::vector<std::string> dropped;
};
Result<Written> send(const FieldWork& work, iterable::BatchCall call,
                     const std::vector<Candidate>& chosen,
                     const std::function<bool(const std::string&)>& wanted,
                     const std::stop_token& stop) {
  std::vector<std::pair<const Candidate*, std::string>> data;
  std::vector<std::string> keys;
  for (const Candidate& one : chosen) {
    std::string fields;
    for (size_t t = 0; t < work.targets.size(); ++t) {
      if (!one.values[t] || !wanted(work.targets[t].to)) continue;
      fields += fields.empty() ? '{' : ',';
      iterable::append_json_string(fields, work.targets[t].to);
      fields += ':' + *one.values[t];
    }
    if (fields.empty()) continue;
    data.emplace_back(&one, fields + '}');
    keys.push_back(one.key);
  }
  if (data.empty()) return Written{};
  const KeyType key_type = work.activation.match_key.type;
  std::vector<const Candidate*> sent;
  std::vector<iterable::Person> people;
  const auto make_ready = [&]() -> Result<std::optional<deliver::Ready>> {
    sent.clear(), people.clear();
    iterable::Proof proof;
    const auto seen =
        TRY(prove::look_up_all(work.world.workers, work.client, key_type, keys, stop));
    for (size_t i = 0; i < seen.size(); ++i) {
      if (!seen[i].profile) continue;
      proof.add(keys[i], seen[i].asked_at, work.destination.proof.max_age);
      sent.push_back(data[i].first);
      people.push_back({keys[i], data[i].second});
    }
    if (people.empty()) return std::optional<deliver::Ready>();
    work.world.observer.reached("fields.proven");
    return std::optional(deliver::Ready{{.call = call,
                                         .list_id = work.list_id,
                                         .key_type = key_type,
                                         .people = people,
                                         .create_new_fields = true},
                                        std::move(proof)});
  };
  const auto answer = deliver::send({work.client, work.world.clock, work.world.random}, call,
                                    work.list_is_new, make_ready, stop);
  if (!answer) return Written{};
  if (answer->kind == iterable::BatchAnswer::Kind::failed && answer->error)
    return Error(*answer->error).in("making the new attributes");
  Written out{.confirmed = {}, .dropped = answer->filtered_out_fields};
  for (size_t i = 0; i < answer->verdicts.size(); ++i)
    if (answer->verdicts[i].kind == iterable::Verdict::Kind::confirmed)
      out.confirmed.push_back(*sent[i]);
  return out;
}

Status write_values(const FieldWork& work, const std::vector<Candidate>& chosen,
                    const std::stop_token& stop) {
  const auto all = [](const std::string&) { return true; };
  if (work.destination.project_type == ProjectType::email) {
    TRY(send(work, iterable::BatchCall::bulk_update, chosen, all, stop));
  } else if (const Written written =
                 TRY(send(work, iterable::BatchCall::subscribe, chosen, all, stop));
             !written.dropped.empty()) {
    // Only whom that call found: the other makes a contact of anybody.
    const auto dropped = [&](const std::string& field) {
      return std::ranges::find(written.dropped, field) != written.dropped.end();
    };
    TRY(send(work, iterable::BatchCall::bulk_update, written.confirmed, dropped, stop));
  }
  work.world.observer.reached("fields.sent");
  return ok_status();
}

}  // namespace

Result<FieldState> check_fields(const iterable::Reader& client,
                                const std::vector<attributes::Target>& targets,
                                const std::stop_token& stop) {
  FieldState out;
  out.missing.resize(targets.size());
  if (targets.empty()) return out;
  for (const attributes::Finding& finding :
       attributes::compare(targets, TRY(client.fields(stop)))) {
    switch (finding.kind) {
      case attributes::Finding::Kind::conflict:
        return Error{ErrorKind::conflict, finding.message, finding.remedy};
      case attributes::Finding::Kind::to_create:
        out.missing[finding.target] = true;
        out.to_create.push_back(targets[finding.target].to);
        break;
      case attributes::Finding::Kind::doubtful:
        out.doubts.push_back(finding.message + ". " + finding.remedy);
        break;
      case attributes::Finding::Kind::missing:
        out.missing[finding.target] = true;
        out.not_there.push_back(finding.message + ". " + finding.remedy);
        break;
    }
  }
  return out;
}

Result<FieldsMade> make_fields(const FieldWork& work, const FieldState& state,
                               const std::stop_token& stop) {
  FieldsMade out{.created = {}, .pending = state.missing};
  if (state.to_create.empty()) return out;
  const auto lease = TRY(field_lease(work, stop));
  // Another activation may have made them while we waited.
  FieldState now = TRY(check_fields(work.client, work.targets, stop));
  out.pending = now.missing;
  std::vector<bool> covered(work.targets.size());
  for (size_t i = 0; i < work.targets.size(); ++i)
    covered[i] = !(now.missing[i] && work.targets[i].create);
  std::vector<Candidate> chosen;
  for (size_t i = 0; i < work.targets.size(); ++i) {
    if (covered[i]) continue;
    const std::vector<Candidate> all = TRY(candidates(work, i));
    for (size_t from = 0; from < all.size() && !covered[i]; from += kFieldCandidatesAtOnce) {
      std::vector<std::string> keys;
      for (size_t k = from; k < std::min(all.size(), from + kFieldCandidatesAtOnce); ++k)
        keys.push_back(all[k].key);
      const auto seen = TRY(prove::look_up_all(work.world.workers, work.client,
                                               work.activation.match_key.type, keys, stop));
      for (size_t k = 0; k < seen.size() && !covered[i]; ++k) {
        if (!seen[k].profile) continue;
        chosen.push_back(all[from + k]);
        for (size_t t = 0; t < work.targets.size(); ++t) {
          auto& value = chosen.back().values[t];
          const bool wanted =
              !covered[t] && value && attributes::fixes_type(*value, work.targets[t]);
          if (wanted) {
            covered[t] = true;
          } else {
            value = std::nullopt;
          }
        }
      }
    }
  }
  if (chosen.empty()) return out;
  TRY(write_values(work, chosen, stop));
  // Wait until Iterable shows them, with the type we meant.
  const Millis until = work.world.clock.monotonic() + work.destination.settle;
  while (true) {
    now = TRY(check_fields(work.client, work.targets, stop));
    out.created.clear();
    for (size_t i = 0; i < work.targets.size(); ++i)
      if (out.pending[i] && !now.missing[i]) out.created.push_back(work.targets[i].to);
    const bool all_there = std::none_of(chosen.begin(), chosen.end(), [&](const Candidate& one) {
      for (size_t t = 0; t < work.targets.size(); ++t)
        if (one.values[t] && now.missing[t]) return true;
      return false;
    });
    if (all_there || work.world.clock.monotonic() >= until) break;
    if (!work.world.clock.sleep(kLookEvery, stop))
      return Error{ErrorKind::cancelled, "stopped while waiting for the new attributes"};
  }
  out.pending = now.missing;
  return out;
}

}  // namespace rollcall::run
