// The snapshot and the plan of a run, of one key alone. The source narrows the search by a
// condition that may find more; the normalised key decides, as it does in a run.
#include <fmt/format.h>

#include <algorithm>

#include "run/pass.hpp"

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
  PassInput input;
  std::optional<segment::Reader> reader;
  std::vector<attributes::Target> targets;
  bool key_is_text = true;
  std::unique_ptr<Scratch> scratch;

  // Leaves the tables of a snapshot in the scratch database.
  Status take(const Rule& rule) {
    compile::Query query{.segment = activated_segment(catalog, activation),
                         .fields = fields_read(catalog, activation),
                         .now = input.now};
    query.segment.where = rule;
    const std::string& field = activation.match_key.field;
    if (key_is_text) {
      Rule has_key;
      has_key.test =
          FieldTest{.field = field, .op = Op::contains, .value = Scalar(key), .ignore_case = true};
      query.segment.where.test = AllOf{{rule, has_key}};
    } else {
      query.only = std::pair(field, key);
    }
    duck::Connection& work = scratch->work();
    TRY(work.run("DROP TABLE IF EXISTS rows; DROP TABLE IF EXISTS problems"));
    const auto rows = TRY(reader->rows(TRY(reader->sql(query)), stop));
    TRY(snapshot::take(*rows, snapshot_of(input, targets), work, world.observer, stop));
    return work.run(fmt::format(
        "DELETE FROM rows WHERE key <> {0}; DELETE FROM problems WHERE kind <> 'duplicate_key' OR "
        "key <> {0}",
        duck::literal(key)));
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
  inside->scratch = TRY(Scratch::open(world, "one-person-" + new_id(world.clock, world.random)));
  return OnePerson(std::move(inside));
}

OnePerson::OnePerson(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
OnePerson::OnePerson(OnePerson&&) noexcept = default;
OnePerson::~OnePerson() = default;

const std::vector<attributes::Target>& OnePerson::targets() const { return inside_->targets; }

Result<std::vector<std::string>> OnePerson::rows(const Rule& rule) {
  TRY(inside_->take(rule));
  std::vector<std::string> out;
  for (const char* table : {"rows", "problems"}) {
    const auto stream =
        TRY(inside_->scratch->work().stream(std::string("SELECT coalesce(pk, '') FROM ") + table));
    while (const duck::Chunk* chunk = TRY(stream->next()))
      for (size_t row = 0; row < chunk->rows(); ++row) out.emplace_back(chunk->text(0, row));
  }
  return out;
}

Result<std::optional<Change>> OnePerson::next(const std::vector<std::string>& pending) {
  Inside& in = *inside_;
  TRY(in.take(activated_segment(in.catalog, in.activation).where));
  duck::Connection& work = in.scratch->work();
  const ledger::Folder folder = folder_of(in.world.home, in.activation);
  const ledger::State state = TRY(ledger::read_state(folder));
  const Destination& destination = *in.catalog.destination(in.activation.destination);
  plan::Input input{.targets = in.targets,
                    .on_null = in.activation.on_null,
                    .now = settling_now(in.world.clock, state, destination.settle),
                    .settle = destination.settle};
  for (const attributes::Target& target : in.targets)
    input.pending.push_back(std::ranges::find(pending, target.to) != pending.end());
  const std::filesystem::path ledger = in.scratch->beside(".parquet");
  if (state.generation > 0) {
    TRY(work.run(
        fmt::format("COPY (SELECT * FROM read_parquet({}) WHERE key = {}) TO {} (FORMAT parquet)",
                    duck::literal(folder.ledger_file(state.generation).string()),
                    duck::literal(in.key), duck::literal(ledger.string()))));
    input.ledger = ledger;
  }
  TRY(plan::make(work, input));
  const auto changes = TRY(plan::Changes::open(work, in.targets.size(), "true"));
  std::vector<Change> found;
  TRY(changes->next(found, 1));
  if (found.empty()) return std::optional<Change>();
  return std::optional<Change>(std::move(found[0]));
}

}  // namespace rollcall::run
