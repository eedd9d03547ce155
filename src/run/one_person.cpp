// The snapshot and the plan of a run, of one key alone. The source narrows the search by a
// condition that may find more; the normalised key decides, as it does in a run.
#include <fmt/format.h>

#include <algorithm>

#include "core/match_key.hpp"
#include "run/proof.hpp"
#include "run/record.hpp"
#include "run/snapshot.hpp"
#include "run/trial.hpp"

namespace rollcall::run {

struct OnePerson::Inside {
  Inside(const World& the_world, const Catalog& the_catalog, const Activation& the_activation,
         std::string the_key, std::stop_token the_stop)
      : world(the_world),
        catalog(the_catalog),
        activation(the_activation),
        key(std::move(the_key)),
        stop(std::move(the_stop)),
        input{world, catalog, activation, world.clock.now()} {}

  const World& world;
  const Catalog& catalog;
  const Activation& activation;
  std::string key;
  std::stop_token stop;
  SegmentInput input;
  std::optional<segment::Reader> reader;
  std::vector<attributes::Target> targets;
  bool key_is_text = true;
  std::unique_ptr<state::State> state;
  std::unique_ptr<state::Writer> copy;  // outlives the work
  std::unique_ptr<state::Work> work;

  // What all spellings of the key have in common.
  [[nodiscard]] std::string who() const {
    return activation.match_key.type == KeyType::email ? folded_key(key) : key;
  }

  // Takes the snapshot of this person alone.
  Status take(const Rule& rule) {
    compile::Query query{.segment = activated_segment(catalog, activation),
                         .fields = fields_read(catalog, activation),
                         .now = input.now};
    query.segment.where = rule;
    const std::string& field = activation.match_key.field;
    if (key_is_text) {
      Rule has_key;
      has_key.test = FieldTest{.field = field,
                               .op = Op::contains,
                               .value = Scalar(longest_ascii(key)),
                               .ignore_case = true};
      query.segment.where.test = AllOf{{rule, has_key}};
    } else {
      query.only = std::pair(field, key);
    }
    const auto rows = TRY(reader->rows(TRY(reader->sql(query)), stop));
    TRY(work->take(*rows, snapshot_of(input, targets), world.observer, stop));
    return work->keep_only(who());
  }

  // Why a parked person is not looked at again by the next run; empty when they are. Of whom else
  // that run must prove nothing is known before its snapshot: the parked alone decide here.
  Result<std::string> turn_of(const Change& change) {
    const Destination& destination = *catalog.destination(activation.destination);
    std::vector<std::string> warnings;
    const Line line(world, destination);
    Prover prover(world, destination, line.reader, activation.match_key.type, warnings);
    const prove::Trial trial = TRY(known_trial(world.store, destination));
    const auto all_parked = [&](const state::OnKey& on_key) { return state->parked(on_key); };
    const ProofWay way = TRY(prover.choose({.work = nullptr,
                                            .everybody = must_prove_everybody(destination, trial),
                                            .parked = all_parked}))
                             .way;
    const plan::Input limits;
    const bool by_export = way == ProofWay::whole_export;
    if (by_export && prover.export_proves()) return std::string();
    const auto index = prover.contacts().kept();
    const bool index_chooses = by_export || way == ProofWay::increment;
    if (index_chooses && index && index->holds(change.key)) return std::string();
    int64_t before = 0;
    bool found = false;
    TRY(state->parked([&](std::string_view other) {
      found = found || other == change.key;
      if (!found && !(index_chooses && index && index->holds(other))) ++before;
    }));
    if (!found || before < (index_chooses ? limits.parked_others_max : limits.parked_lookups_max))
      return std::string();
    if (!index_chooses)
      return fmt::format("{} parked people wait longer, and a run looks up {}", thousands(before),
                         thousands(limits.parked_lookups_max));
    return std::string(index && !by_export
                           ? "looked up only if the contact index, brought up to date, shows "
                             "them: it does not now"
                           : "looked up only if an export of all contacts shows them");
  }

  // Sources do not agree about the case of other letters.
  static std::string longest_ascii(const std::string& text) {
    const auto is_ascii_byte = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    std::string longest;
    for (auto at = text.begin(); at != text.end();) {
      const auto end = std::find_if_not(at, text.end(), is_ascii_byte);
      if (end - at > std::ssize(longest)) longest.assign(at, end);
      at = std::find_if(end, text.end(), is_ascii_byte);
    }
    return longest.empty() ? text : longest;
  }
};

Result<OnePerson> OnePerson::open(const World& world, const Catalog& catalog,
                                  const Activation& activation, std::string key,
                                  std::stop_token stop) {
  TRY(validate(catalog, activation));
  auto inside =
      std::make_unique<Inside>(world, catalog, activation, std::move(key), std::move(stop));
  inside->reader = TRY(open_segment(inside->input, inside->stop));
  const std::vector<ColumnInfo> columns = TRY(inside->reader->fields());
  inside->targets = TRY(targets_of(activation, columns));
  for (const ColumnInfo& column : columns)
    if (column.name == activation.match_key.field)
      inside->key_is_text = column.type == FieldType::text;
  inside->state = world.states.of(activation.uid);
  const std::string name = "person-" + new_id(world.clock, world.random);
  inside->copy = TRY(inside->state->copy(TRY(inside->state->read()), name));
  inside->work = TRY(inside->copy->begin(name));
  return OnePerson(std::move(inside));
}

OnePerson::OnePerson(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
OnePerson::OnePerson(OnePerson&&) noexcept = default;
OnePerson::~OnePerson() = default;

const std::vector<attributes::Target>& OnePerson::targets() const { return inside_->targets; }

Result<std::vector<std::string>> OnePerson::rows(const Rule& rule) {
  TRY(inside_->take(rule));
  return inside_->work->primary_keys();
}

Result<OnePerson::Next> OnePerson::next(const std::vector<std::string>& pending) {
  Inside& in = *inside_;
  TRY(in.take(activated_segment(in.catalog, in.activation).where));
  const Destination& destination = *in.catalog.destination(in.activation.destination);
  plan::Input input{.targets = in.targets,
                    .on_null = in.activation.on_null,
                    .only = in.who(),
                    .now = settling_now(in.world.clock, in.copy->record, destination.settle),
                    .settle = destination.settle};
  for (const attributes::Target& target : in.targets)
    input.pending.push_back(std::ranges::find(pending, target.to) != pending.end());
  TRY(in.work->plan(input));
  const auto changes = TRY(in.work->changes({.first = 1}));
  std::vector<Change> found;
  TRY(changes->next(found, 1));
  Next out;
  if (found.empty()) return out;
  out.change = std::move(found[0]);
  if (out.change->look_up_first) out.not_looked_up = TRY(in.turn_of(*out.change));
  return out;
}

}  // namespace rollcall::run
