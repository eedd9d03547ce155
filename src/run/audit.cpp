// The audit: the real list, read whole, against what the ledger holds for it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "run/list.hpp"
#include "run/proof.hpp"
#include "run/record.hpp"

namespace rollcall::run {
namespace {

constexpr const char* kFact = "audit";

std::string in_words(const state::Drift& person) {
  const std::string at = iso_utc(Time(Millis(person.wrote_ms)));
  if (person.kind == "missing")
    return person.wrote_ms > 0 ? "added at " + at + ", and since taken off or deleted as a contact"
                               : "read from the list before, and not there";
  if (person.kind == "extra")
    return person.on_list ? "left the segment, and the removal is not confirmed yet"
                          : "removed at " + at + ", and on the list again";
  return person.in_segment ? "in the segment, and put on the list by others"
                           : "not put on the list by Rollcall";
}

class ListAudit : public Audit {
 public:
  ListAudit(std::unique_ptr<state::Writer> copy, std::unique_ptr<state::Work> work, Report report)
      : copy_(std::move(copy)), work_(std::move(work)), report_(std::move(report)) {}
  [[nodiscard]] const Report& report() const override { return report_; }
  Status people(
      const std::function<bool(const state::Drift&, const std::string&)>& on_person) override {
    return work_->drifted(
        [&](const state::Drift& person) { return on_person(person, in_words(person)); });
  }

 private:
  std::unique_ptr<state::Writer> copy_;  // outlives the work
  std::unique_ptr<state::Work> work_;
  Report report_;
};

}  // namespace

Result<std::unique_ptr<Audit>> audit(const World& world, const Catalog& catalog,
                                     const Activation& activation, const std::stop_token& stop) {
  TRY(validate(catalog, activation));
  const Destination& destination = *catalog.destination(activation.destination);
  const auto state = world.states.of(activation.uid);
  const auto writer = TRY(state->take());
  state::Record& record = writer->record;
  record = TRY(in_context(read_record(world, activation, *state), "activation " + activation.name));
  const auto read = [&]() -> Result<std::unique_ptr<Audit>> {
    if (!record.list)
      return Error{ErrorKind::invalid, "there is no list yet to audit", "`rollcall run` makes it."};
    const Line line(world, destination);
    auto warnings =
        TRY(check_list({world, line.reader, activation, destination, *writer}, false, stop));
    Audit::Report report{.activation = activation.name,
                         .destination = destination.name,
                         .list = {record.list->id, record.list->name, record.list->created},
                         .counts = {},
                         .read_at = world.clock.now(),
                         .warnings = std::move(warnings)};
    if (record.open_run)
      report.warnings.push_back("run " + record.open_run->run_id +
                                " was interrupted: whom it wrote last may be told as missing or "
                                "foreign until the next run has settled it");
    const std::string name = "audit-" + new_id(world.clock, world.random);
    auto copy = TRY(state->copy(record, name));
    auto work = TRY(copy->begin(name));
    prove::Contacts contacts(line.reader, activation.match_key.type, world.clock, world.disk,
                             world.observer, index_file(world, destination));
    TRY(read_list(line.reader, contacts, activation.match_key.type, record.list->id, *work, stop));
    report.counts = TRY(work->compare());
    TRY(world.store.put_fact(activation.uid, kFact, to_json(report)));
    world.observer.reached("list.audited");
    return std::unique_ptr<Audit>(
        new ListAudit(std::move(copy), std::move(work), std::move(report)));
  };
  return in_context(read(), "activation " + activation.name);
}

Result<std::optional<std::string>> last_audit(store::Store& store, const Activation& activation) {
  return store.fact(activation.uid, kFact);
}

std::string to_json(const Audit::Report& report) {
  using json = nlohmann::ordered_json;
  const state::DriftCounts& c = report.counts;
  const json out = {{"activation", report.activation},
                    {"destination", report.destination},
                    {"list", {{"id", report.list.id}, {"name", report.list.name}}},
                    {"read_at", iso_utc(report.read_at)},
                    {"listed", c.listed},
                    {"expected", c.expected},
                    {"missing", c.missing},
                    {"extra", c.extra},
                    {"foreign", c.foreign},
                    {"true_to_ledger", report.true_to_ledger()},
                    {"warnings", report.warnings}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace rollcall::run
