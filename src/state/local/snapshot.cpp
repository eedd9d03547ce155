#include "state/local/snapshot.hpp"

#include <fmt/format.h>

#include "core/match_key.hpp"

namespace rollcall::state::local {
namespace {

std::string primary_key_order(FieldType type, bool written) {
  switch (type) {
    case FieldType::text:
      return written ? "CASE WHEN regexp_full_match(pk, '-?(0|[1-9][0-9]{0,37})') THEN "
                       "try_cast(pk AS HUGEINT) END NULLS LAST"
                     : "pk";
    case FieldType::integer:
      return "try_cast(pk AS BIGINT)";
    case FieldType::date:
      return "try_cast(pk AS DATE)";
    case FieldType::timestamp:
      return "try_cast(pk AS TIMESTAMP)";
    case FieldType::number:
      return "try_cast(pk AS DOUBLE)";
    // Thirty-eight digits are compared; beyond them, approximately.
    case FieldType::decimal:
      return "try_cast(pk AS DECIMAL(38, 10)), try_cast(pk AS DOUBLE)";
    default:
      return "pk";
  }
}

Status keep_one_row_a_person(duck::Connection& work, FieldType primary_key,
                             const SnapshotSpec& spec, SegmentCounts& counts) {
  // Whom Iterable may take for one contact must not stand in one batch as two.
  const std::string who = folded_key_sql("key");
  TRY(work.run("CREATE TABLE twice AS SELECT " + who +
               " AS who FROM rows GROUP BY who HAVING count(*) > 1"));
  if (TRY(work.scalar("SELECT count(*) FROM twice")) > 0) {
    std::string order = primary_key_order(primary_key, spec.keys_as_written) + ", pk";
    for (size_t i = 0; i < spec.targets.size(); ++i) order += fmt::format(", v{}", i);
    TRY(work.run(
        "CREATE TABLE losers AS SELECT * FROM (SELECT rowid AS row, key, pk, row_number() OVER "
        "(PARTITION BY " +
        who + " ORDER BY " + order + ") AS place FROM rows WHERE " + who +
        " IN (SELECT who FROM twice)) WHERE place > 1"));
    counts.duplicate_key = TRY(work.scalar("SELECT count(*) FROM losers"));
    TRY(
        work.run("INSERT INTO problems SELECT 'duplicate_key', pk, key FROM losers;"
                 "DELETE FROM rows WHERE rowid IN (SELECT row FROM losers);"
                 "DROP TABLE losers"));
  }
  return work.run("DROP TABLE twice");
}

Status keep_targets(const std::vector<attributes::Target>& targets, duck::Connection& work) {
  TRY(
      work.run("CREATE OR REPLACE TABLE targets(place BIGINT, field VARCHAR, name VARCHAR, "
               "source_type BIGINT, type BIGINT, makes BOOLEAN, merges BOOLEAN)"));
  for (size_t i = 0; i < targets.size(); ++i) {
    const auto& t = targets[i];
    TRY(work.run(fmt::format("INSERT INTO targets VALUES ({}, {}, {}, {}, {}, {}, {})", i,
                             duck::literal(t.field), duck::literal(t.to), static_cast<int>(t.from),
                             t.type ? static_cast<int>(*t.type) : -1, t.create, t.merge)));
  }
  return ok_status();
}

}  // namespace

Result<std::vector<attributes::Target>> load_targets(duck::Connection& work) {
  std::vector<attributes::Target> out;
  const auto stream = TRY(work.stream(
      "SELECT field, name, source_type, type, makes, merges FROM targets ORDER BY place"));
  while (const duck::Chunk* chunk = TRY(stream->next())) {
    for (size_t row = 0; row < chunk->rows(); ++row) {
      attributes::Target t;
      t.field = std::string(chunk->text(0, row));
      t.to = std::string(chunk->text(1, row));
      t.from = static_cast<FieldType>(chunk->integer(2, row));
      if (chunk->integer(3, row) >= 0) t.type = static_cast<AttributeType>(chunk->integer(3, row));
      t.create = chunk->integer(4, row) != 0;
      t.merge = chunk->integer(5, row) != 0;
      out.push_back(std::move(t));
    }
  }
  return out;
}

Result<Snapshot> take_snapshot(source::RowStream& stream, const SnapshotSpec& spec,
                               duck::Connection& work, Observer& observer,
                               const std::stop_token& stop) {
  CHECK(stream.columns().size() == spec.targets.size() + 2);
  std::string create = "CREATE TABLE rows(key VARCHAR NOT NULL, pk VARCHAR";
  for (size_t i = 0; i < spec.targets.size(); ++i) create += fmt::format(", v{} VARCHAR", i);
  for (size_t i = 0; i < spec.targets.size(); ++i)
    create += fmt::format(", f{} UBIGINT NOT NULL", i);
  TRY(work.run("DROP TABLE IF EXISTS rows; DROP TABLE IF EXISTS problems; " + create +
               "); CREATE TABLE problems(kind VARCHAR, pk VARCHAR, key VARCHAR)"));
  TRY(keep_targets(spec.targets, work));

  Snapshot out;
  {
    const auto rows = TRY(work.appender("rows"));
    const auto problems = TRY(work.appender("problems"));
    RowBatch batch;
    std::string key, pk;
    std::vector<std::string> values(spec.targets.size());
    std::vector<bool> present(spec.targets.size());
    std::vector<int64_t> unholdable(spec.targets.size());
    while (TRY(stream.next(batch))) {
      if (stop.stop_requested())
        return Error{ErrorKind::cancelled, "stopped while reading the segment"};
      for (size_t row = 0; row < batch.rows; ++row) {
        ++out.counts.rows;
        const bool has_pk = batch.columns[0].valid[row];
        pk.clear();
        append_text(pk, batch.columns[0], row);
        const bool has_key = batch.columns[1].valid[row];
        key.clear();
        append_text(key, batch.columns[1], row);
        const KeyForm form = has_key ? normalise_key(spec.key_type, key) : KeyForm::blank;
        if (form != KeyForm::good) {
          const bool blank = form == KeyForm::blank;
          ++(blank ? out.counts.no_key : out.counts.invalid_key);
          problems->text(blank ? "no_key" : "invalid_key");
          has_pk ? problems->text(pk) : problems->null();
          // A key that is no UTF-8 cannot be shown.
          has_key&& is_utf8(key) ? problems->text(key) : problems->null();
          TRY(problems->end_row());
          continue;
        }
        rows->text(key);
        has_pk ? rows->text(pk) : rows->null();
        for (size_t i = 0; i < spec.targets.size(); ++i) {
          values[i].clear();
          present[i] = attributes::append_value(values[i], batch.columns[i + 2], row,
                                                spec.targets[i], unholdable[i]);
          present[i] ? rows->text(values[i]) : rows->null();
        }
        for (size_t i = 0; i < spec.targets.size(); ++i)
          rows->integer(present[i] ? static_cast<int64_t>(attributes::fingerprint(values[i])) : 0);
        TRY(rows->end_row());
      }
      observer.progress("snapshot", out.counts.rows, 0);
    }
    TRY(rows->finish());
    TRY(problems->finish());
    for (size_t i = 0; i < spec.targets.size(); ++i)
      if (unholdable[i] > 0) out.unholdable[spec.targets[i].to] = unholdable[i];
  }
  TRY(keep_one_row_a_person(work, stream.columns()[0].type, spec, out.counts));
  out.counts.members =
      out.counts.rows - out.counts.no_key - out.counts.invalid_key - out.counts.duplicate_key;
  return out;
}

}  // namespace rollcall::state::local
