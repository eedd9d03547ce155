#include "run/prepare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "run/list.hpp"

namespace rollcall::run {
namespace {

// Of those on the list whom nothing else tells about, so many are looked up.
constexpr size_t kTracesMax = 10'000;

bool bears_field(const iterable::Profile& profile, const std::string& field) {
  const auto fields = read_json<nlohmann::json>(profile.data_fields_json);
  return fields.is_object() && fields.contains(field) && !fields[field].is_null();
}

class Steps {
 public:
  Steps(const Preparation& preparation, Prepared& out) : p_(preparation), out_(out) {}

  Status go(const std::stop_token& stop) {
    const ListWork list{p_.world, p_.reader, p_.activation, p_.destination, p_.writer};
    state::Record& record = p_.writer.record;
    const bool had_list = record.list.has_value();
    p_.world.observer.begun(Step::check_list);
    add_warnings(TRY(check_list(list, p_.new_list, stop)));

    const SegmentInput input{p_.world, p_.catalog, p_.activation, p_.now};
    std::optional<segment::Reader> reader;
    if (!p_.emptying) {
      reader = TRY(open_segment(input, stop));
      TRY(check_key(*reader, stop));
      out_.targets = TRY(targets_of(p_.activation, TRY(reader->fields())));
      p_.world.observer.begun(Step::check_fields);
      out_.fields = TRY(check_fields(p_.reader, out_.targets, stop));
      add_warnings(out_.fields.not_there);
      add_warnings(out_.fields.doubts);
      p_.world.observer.reached("fields.checked");
    }

    if (p_.new_list && had_list && !record.list) TRY(forget_membership());
    if (record.doubt) add_warnings(record.doubt->why);
    if (out_.full || p_.repair || (p_.activation.adopt_list && !record.list) ||
        (record.doubt && record.list))
      TRY(read_members(stop));
    // Who cannot be asked about is put on the list again.
    if (record.doubt && !out_.list_read) out_.full = true;

    p_.world.observer.begun(Step::snapshot);
    // Of anybody a first value may give a new field its type; and what is in doubt makes a ledger of
    // its own.
    const bool of_everybody = out_.full || record.doubt || !out_.fields.to_create.empty();
    const state::Snapshot taken =
        reader ? TRY(take_snapshot(input, *reader, out_.targets, of_everybody, p_.work, stop))
               : TRY(take_nobody(input, p_.work));
    out_.segment = taken.counts;
    out_.snapshot_taken = true;
    if (record.doubt && record.doubt->everything && out_.list_read) TRY(rebuild(stop));
    for (const auto& [attribute, count] : taken.unholdable)
      p_.warnings.push_back(
          fmt::format("{} values of `{}` cannot be held by Iterable (infinite, or no number) and "
                      "were taken as empty",
                      thousands(count), attribute));
    p_.world.observer.reached("snapshot.taken");

    // Fields that will not be created are left out; those to be made are taken to succeed for now.
    out_.pending.resize(out_.targets.size());
    for (size_t i = 0; i < out_.targets.size(); ++i)
      out_.pending[i] = out_.fields.missing[i] && !out_.targets[i].create;
    p_.world.observer.begun(Step::plan);
    out_.plan = TRY(p_.work.plan(plan_input(p_, out_)));
    p_.world.observer.reached("plan.made");
    return ok_status();
  }

 private:
  void add_warnings(const std::vector<std::string>& more) {
    p_.warnings.insert(p_.warnings.end(), more.begin(), more.end());
  }

  // Who is who: a primary key that is none is refused, one that nearly is, mentioned.
  Status check_key(segment::Reader& reader, const std::stop_token& stop) {
    const segment::KeyCheck key =
        TRY(in_context(reader.check_key(p_.now, stop), "segment " + p_.activation.segment));
    if (key.rows > 0 && key.refused())
      return Error{ErrorKind::invalid, key.text(), segment::KeyCheck::remedy()};
    if (!key.good()) p_.warnings.push_back(key.text());
    return ok_status();
  }

  // A new list has nobody on it.
  Status forget_membership() {
    TRY(p_.work.take_members([](const state::Row&) { return ok_status(); }));
    p_.writer.record.guard_binds = false;
    return p_.work.reconcile({.targets = out_.targets, .now = p_.steady.now()});
  }

  Status read_members(const std::stop_token& stop) {
    const state::Record& record = p_.writer.record;
    if (!record.list && !p_.activation.adopt_list) return ok_status();
    const int64_t id = record.list ? record.list->id : *p_.activation.adopt_list;
    p_.world.observer.begun(Step::read_list);
    const Status read =
        read_list(p_.reader, p_.prover.contacts(), p_.activation.match_key.type, id, p_.work, stop);
    if (!read.ok() && read.error().kind == ErrorKind::denied && !p_.repair) {
      // A key that may not export: everybody is put on the list again instead.
      p_.warnings.push_back("the list could not be read (" + read.error().message + ")");
      return ok_status();
    }
    TRY(read);
    const bool rebuilds = record.doubt && record.doubt->everything;
    if (record.list || p_.activation.remove_foreign)
      TRY(p_.work.reconcile({.targets = out_.targets,
                             .remove_foreign = p_.activation.remove_foreign && !rebuilds,
                             .remove_again = p_.repair,
                             .now = p_.steady.now(),
                             .settle = p_.destination.settle}));
    out_.list_read = true;
    p_.world.observer.reached("list.read");
    return ok_status();
  }

  // The list knows of people whom the ledger does not: those in the segment are ours, and of the
  // others whoever bears what we write.
  Status rebuild(const std::stop_token& stop) {
    const state::Listed listed{.targets = out_.targets,
                               .remove_foreign = p_.activation.remove_foreign,
                               .now = p_.steady.now()};
    const int64_t strangers = TRY(p_.work.find_strangers(listed));
    if (strangers > 0 && !p_.activation.remove_foreign) TRY(look_for_traces(stop));
    const int64_t left = TRY(p_.work.rebuild(listed));
    if (left > 0)
      p_.warnings.push_back(
          thousands(left) +
          " people on the list are not in the segment, and whether Rollcall put them there is not "
          "known; they were left on it. `foreign_members: remove` in the activation and "
          "`run --full` take off whoever is not in the segment.");
    return ok_status();
  }

  // A stranger with a value in a field that this activation alone makes was written by it. What
  // another activation of the destination writes, too, says nothing.
  Status look_for_traces(const std::stop_token& stop) {
    std::vector<std::string> made;
    for (const auto& target : out_.targets)
      if (target.create && !written_by_others(target.to)) made.push_back(target.to);
    if (made.empty()) return ok_status();
    const std::vector<std::string> keys = TRY(p_.work.strangers(kTracesMax));
    const auto seen = TRY(
        prove::look_up_all(p_.world.workers, p_.reader, p_.activation.match_key.type, keys, stop));
    std::vector<std::string> ours;
    for (size_t i = 0; i < keys.size(); ++i) {
      if (!seen[i].profile) continue;
      const bool bears = std::ranges::any_of(
          made, [&](const std::string& field) { return bears_field(*seen[i].profile, field); });
      if (bears) ours.push_back(keys[i]);
    }
    return p_.work.are_ours(ours);
  }

  [[nodiscard]] bool written_by_others(const std::string& field) const {
    return std::ranges::any_of(p_.catalog.activations, [&](const Activation& other) {
      return other.uid != p_.activation.uid && other.destination == p_.activation.destination &&
             std::ranges::any_of(other.attributes,
                                 [&](const Attribute& one) { return one.to == field; });
    });
  }

  const Preparation& p_;
  Prepared& out_;
};

}  // namespace

Status prepare(const Preparation& preparation, Prepared& out, const std::stop_token& stop) {
  return Steps(preparation, out).go(stop);
}

plan::Input plan_input(const Preparation& p, const Prepared& prepared) {
  return {.targets = prepared.targets,
          .pending = prepared.pending,
          .on_null = p.activation.on_null,
          .full = prepared.full,
          .put_on_again = prepared.full && !prepared.list_read,
          .now = p.steady.now(),
          .settle = p.destination.settle,
          .parked_candidate = shown_by(p.prover.index())};
}

}  // namespace rollcall::run
