// The audit: the real list, read whole, against what the ledger holds for it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "run/list.hpp"
#include "run/pass.hpp"
#include "run/proof.hpp"
#include "run/run.hpp"

namespace rollcall::run {
namespace {

constexpr const char* kFact = "audit";

std::string in_words(const ledger::Drift& person) {
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
  ListAudit(std::unique_ptr<ledger::Lease> lease, std::unique_ptr<Scratch> scratch, Report report)
      : lease_(std::move(lease)), scratch_(std::move(scratch)), report_(std::move(report)) {}
  [[nodiscard]] const Report& report() const override { return report_; }
  Status people(
      const std::function<bool(const ledger::Drift&, const std::string&)>& on_person) override {
    return ledger::drifted(scratch_->work(), [&](const ledger::Drift& person) {
      return on_person(person, in_words(person));
    });
  }

 private:
  std::unique_ptr<ledger::Lease> lease_;
  std::unique_ptr<Scratch> scratch_;
  Report report_;
};

}  // namespace

Result<std::unique_ptr<Audit>> audit(const World& world, const Catalog& catalog,
                                     const Activation& activation, const std::stop_token& stop) {
  TRY(validate(catalog, activation));
  const Destination& destination = *catalog.destination(activation.destination);
  auto lease = TRY(
      ledger::Lease::take(world.leases, lease_of(activation), folder_of(world.home, activation)));
  ledger::State state =
      TRY(in_context(read_state(world, activation), "activation " + activation.name));
  const auto read = [&]() -> Result<std::unique_ptr<Audit>> {
    if (!state.list)
      return Error{ErrorKind::invalid, "there is no list yet to audit", "`rollcall run` makes it."};
    const Line line(world, destination);
    auto warnings =
        TRY(check_list({world, line.reader, activation, destination, *lease, state}, false, stop));
    Audit::Report report{.activation = activation.name,
                         .destination = destination.name,
                         .list = {state.list->id, state.list->name, state.list->created},
                         .counts = {},
                         .read_at = world.clock.now(),
                         .warnings = std::move(warnings)};
    if (state.open_run)
      report.warnings.push_back("run " + state.open_run->run_id +
                                " was interrupted: whom it wrote last may be told as missing or "
                                "foreign until the next run has settled it");
    auto scratch = TRY(Scratch::open(world, "audit-" + new_id(world.clock, world.random)));
    prove::Contacts contacts(line.reader, activation.match_key.type, world.clock, world.observer,
                             index_file(world, destination));
    TRY(read_list(line.reader, contacts, activation.match_key.type, state.list->id, scratch->work(),
                  stop));
    report.counts = TRY(ledger::compare(lease->folder(), state, scratch->work(), "listed"));
    TRY(world.store.put_fact(activation.uid, kFact, to_json(report)));
    world.observer.reached("list.audited");
    return std::unique_ptr<Audit>(
        new ListAudit(std::move(lease), std::move(scratch), std::move(report)));
  };
  return in_context(read(), "activation " + activation.name);
}

Result<std::optional<std::string>> last_audit(store::Store& store, const Activation& activation) {
  return store.fact(activation.uid, kFact);
}

std::string to_json(const Audit::Report& report) {
  using json = nlohmann::ordered_json;
  const ledger::DriftCounts& c = report.counts;
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
