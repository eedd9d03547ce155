#include "run/proof.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "attributes/attributes.hpp"
#include "deliver/deliver.hpp"

namespace rollcall::run {
namespace {

constexpr const char* kFact = "export";

Result<prove::ExportRates> known_rates(store::Store& store, const Destination& destination) {
  const auto fact = TRY(store.fact(destination.uid, kFact));
  return fact ? prove::export_rates_from_json(*fact) : prove::ExportRates{};
}

// How many there are, and how many of them are looked up where the index, if there is one, chooses.
struct Count {
  int64_t people = 0, look_ups = 0;
  int64_t parked = 0;  // of the people
};
Result<Count> count(const Unproven& unproven, const prove::Index* index) {
  Count out;
  const auto one = [&](std::string_view key, bool may_be_absent, bool parked) {
    ++out.people;
    if (parked) ++out.parked;
    if (!may_be_absent || index == nullptr || index->holds(key)) ++out.look_ups;
  };
  const bool all_parked = static_cast<bool>(unproven.parked);
  if (unproven.work != nullptr && (unproven.everybody || !all_parked)) {
    state::Which which;
    if (!unproven.everybody) which.parked = true;
    if (unproven.everybody && all_parked) which.parked = false;
    if (index == nullptr && unproven.answers == nullptr) {  // then nobody has to be looked at
      out.people = out.look_ups = TRY(unproven.work->count(which));
      if (which.parked.value_or(true)) {
        which.parked = true;
        out.parked = TRY(unproven.work->count(which));
      }
    } else {
      const auto changes = TRY(unproven.work->changes(which, false));
      std::vector<Change> chunk;
      while (true) {
        TRY(changes->next(chunk, iterable::kPeoplePerCallMax));
        if (chunk.empty()) break;
        for (const Change& change : chunk)
          if (unproven.answers == nullptr || unproven.answers->is_open(change.seq))
            one(change.key, deliver::may_be_absent(change), change.look_up_first);
      }
    }
  }
  if (all_parked) TRY(unproven.parked([&](std::string_view key) { one(key, true, true); }));
  // Of those it does not show some are looked up all the same.
  out.look_ups += std::min(out.people - out.look_ups, plan::Input{}.parked_others_max);
  return out;
}

}  // namespace

std::string project_text(const Destination& destination) {
  return fmt::format("{} {} {:016x}", to_string(destination.project_type),
                     destination.base_url.value_or(destination.region),
                     attributes::fingerprint(destination.api_key.reveal()));
}

std::string export_failed(const Error& error) {
  return "contacts could not be exported (" + error.message +
         "), so that people are looked up one by one";
}

prove::IndexFile index_file(const World& world, const Destination& destination) {
  return {world.home.contact_index(destination.uid),
          world.store.derived("contact index of " + destination.uid), project_text(destination)};
}

bool must_prove_everybody(const Destination& destination, const prove::Trial& trial) {
  return destination.project_type == ProjectType::email ||
         trial.grade == prove::Trial::Grade::failed;
}

Prover::Prover(const World& world, const Destination& destination, const iterable::Reader& reader,
               KeyType type, std::vector<std::string>& warnings)
    : world_(world),
      destination_(destination),
      reader_(reader),
      warnings_(warnings),
      contacts_(reader, type, world.clock, world.disk, world.observer,
                index_file(world, destination), destination.settle) {}

Result<ProofChoice> Prover::choose(const Unproven& unproven, ProofRules::By by) {
  prove::Rates rates{reader_.look_ups_per_second(), reader_.seconds_to_export(),
                     TRY(known_rates(world_.store, destination_)), world_.clock.now()};
  const Count all = TRY(count(unproven, nullptr));
  prove::Need need{
      .people = all.people, .exported = contacts_.has_exported(), .may_export = !refused_};
  if (by == ProofRules::By::fastest) {
    const double settling = static_cast<double>(contacts_.until_it_proves().count()) / 1000;
    rates.seconds_to_export = std::max(rates.seconds_to_export, settling);
  } else {
    // The parked were not there a while ago; others are contacts, most of them.
    need.exported = false;
    need.look_ups_after_export =
        all.people - all.parked + std::min(all.parked, plan::Input{}.parked_others_max);
    need.may_export = need.may_export && unproven.index_may_choose;
  }
  // To open the index and to ask it for everybody takes its time: not where even one that shows
  // nobody would not be worth it.
  const bool up_to_date = index_ != nullptr;
  need.by_index = {.look_ups = 0, .complete_to = rates.now, .up_to_date = up_to_date};
  const bool worth =
      unproven.index_may_choose && prove::choose(need, rates).way == ProofWay::increment;
  need.by_index.reset();
  if (const auto index = worth ? contacts_.kept() : nullptr)
    need.by_index = {TRY(count(unproven, index.get())).look_ups, index->moments().complete_to,
                     up_to_date};
  return prove::choose(need, rates);
}

std::function<bool(std::string_view)> shown_by(std::shared_ptr<const prove::Index> index) {
  if (!index) return {};
  return [index = std::move(index)](std::string_view key) { return index->holds(key); };
}

Result<bool> Prover::prepare(ProofWay way, const std::stop_token& stop) {
  if (way == ProofWay::none || way == ProofWay::look_ups) return false;
  Status done = ok_status();
  if (way == ProofWay::whole_export && export_proves()) {
    if (const auto exported = contacts_.exported(stop); !exported.ok()) done = exported.error();
  } else {
    auto index =
        way == ProofWay::whole_export ? contacts_.everybody(stop) : contacts_.up_to_date(stop);
    if (index.ok()) {
      index_ = std::move(*index);
    } else {
      done = index.error();
    }
  }
  if (done.ok()) {
    TRY(world_.store.put_fact(
        destination_.uid, kFact,
        prove::to_json(contacts_.rates(TRY(known_rates(world_.store, destination_))))));
    return true;
  }
  if (done.error().kind == ErrorKind::cancelled) return Error(done.error());
  refused_ = true;
  warnings_.push_back(export_failed(done.error()));
  return false;
}

}  // namespace rollcall::run
