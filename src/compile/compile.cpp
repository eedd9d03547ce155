// From segment to SQL, in three steps: resolve every name (graph), print a table of columns for
// each model and level, print the query over them.
//
//   WITH
//     "orders fields" AS (…),                  the model's fields under the names people know
//     "customers fields" AS (…),
//     "customers computed" AS (…)              and what is worked out from them: one more table
//                                              a level
//   SELECT … FROM "customers computed" AS t WHERE …
//
// Aggregates and related fields are joined, each relation grouped once by its key, so that a person
// stays one row whatever the related table holds.
#include "compile/compile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "compile/condition.hpp"
#include "compile/dialect.hpp"
#include "compile/formula.hpp"
#include "compile/graph.hpp"

namespace rollcall::compile {

namespace {

// Characters: what Trino takes, and plenty everywhere else.
constexpr size_t kLongestSql = 1'000'000;

std::string lowered(std::string text) {
  ascii_lower(text);
  return text;
}

const Printer& printer_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::duckdb:
      return duckdb_printer();
    case Dialect::postgres:
      return postgres_printer();
    case Dialect::trino:
      return trino_printer();
  }
  return duckdb_printer();
}

// A model's query as it can stand in parentheses; a comment at its end needs a line of its own.
std::string as_subquery(const std::string& sql) {
  std::string_view text = trim(sql);
  while (text.ends_with(';')) text = trim(text.substr(0, text.size() - 1));
  return "(\n" + std::string(text) + "\n    )";
}

class Compiler {
 public:
  Compiler(const Catalog& catalog, const Schemas& schemas, Time now, const Printer& printer)
      : catalog_(catalog),
        printer_(printer),
        graph_(catalog, schemas, printer),
        conditions_(printer, now,
                    [this](const Model& model, int level) { return table_of(model, level); }) {}

  Result<std::string> query(const Query& query) {
    const Model& model = *TRY(graph_.model(query.segment.model, place_of(query.segment, "/model")));
    const Condition where = TRY(graph_.rule_of(query.segment, model));
    std::vector<const Node*> fields;
    if (!query.count_only)
      for (const std::string& name : query.fields)
        fields.push_back(TRY(graph_.field(model, name, {})));
    const Node* only = query.only ? TRY(graph_.field(model, query.only->first, {})) : nullptr;
    const Node* by = query.count_by ? TRY(graph_.field(model, *query.count_by, {})) : nullptr;
    if (by && !has_one_value(by->type))
      return wrong({}, "field_not_counted_by",
                   fmt::format("`{}` is of type {}, which has no values to count by",
                               *query.count_by, to_string(by->type)),
                   "Count by a field that holds one value.");
    const bool ordered = query.limit && !query.count_only && !by && !model.primary_key.empty();
    const Node* key = ordered ? TRY(graph_.field(model, model.primary_key, {})) : nullptr;

    // Everything is resolved; from here on it is only printed.
    int level = level_of_row(where);
    for (const Node* field : fields) level = std::max(level, field->level);
    if (only) level = std::max(level, only->level);
    if (by) level = std::max(level, by->level);
    if (key) level = std::max(level, key->level);
    name_tables();
    std::string with;
    for (const auto& [at, columns] : layers_)
      with += (with.empty() ? "WITH\n  " : ",\n  ") + TRY(table(*at.second, at.first, columns));

    const Row row{&model, "t"};
    std::string rest;
    if (query.count_only) {
      rest = "\nSELECT\n  (\n    SELECT count(*)\n    FROM " + table_of(model, level) + " AS t" +
             TRY(where_clause(where, row, only, query, 4)) + "\n  ) AS " +
             printer_.identifier("members") + ",\n  (SELECT count(*) FROM " + table_of(model, 0) +
             ") AS " + printer_.identifier("people");
    } else if (by) {
      const std::string value = conditions_.column(row, *by);
      rest = "\nSELECT\n  " + value + " AS " + printer_.identifier("value") + ",\n  count(*) AS " +
             printer_.identifier("members") + "\nFROM " + table_of(model, level) + " AS t" +
             TRY(where_clause(where, row, only, query, 0)) + "\nGROUP BY " + value +
             "\nORDER BY count(*) DESC, " + value;
      if (query.limit) rest += fmt::format("\nLIMIT {}", std::max<int64_t>(*query.limit, 0));
    } else {
      for (const Node* field : fields)
        rest += (rest.empty() ? "\nSELECT\n  " : ",\n  ") + conditions_.column(row, *field);
      if (fields.empty()) rest = "\nSELECT 1 AS " + printer_.identifier("one");
      rest += "\nFROM " + table_of(model, level) + " AS t" +
              TRY(where_clause(where, row, only, query, 0));
      if (key) rest += "\nORDER BY " + conditions_.column(row, *key);
      if (query.limit) rest += fmt::format("\nLIMIT {}", std::max<int64_t>(*query.limit, 0));
    }
    std::string sql = with + rest;
    if (sql.size() > kLongestSql)
      return wrong({}, "query_too_long",
                   fmt::format("the query would have {} characters, and {} are the most",
                               thousands(static_cast<int64_t>(sql.size())), thousands(kLongestSql)),
                   "Put long lists of values into a table and relate it.");
    return sql;
  }

  Result<std::vector<ColumnInfo>> fields(const Model& model,
                                         const std::vector<std::string>& computed) {
    TRY(graph_.model(model.name, place_of(model, "")));
    std::vector<ColumnInfo> out;
    for (const Node& node : TRY(graph_.plain_fields(model)))
      out.push_back({node.column, node.type, node.zoned});
    // What is worked out from timestamps is so in UTC.
    for (const std::string& name : computed) {
      const Node* const node = TRY(graph_.field(model, name, {}));
      out.push_back({name, node->type, true});
    }
    return out;
  }

 private:
  // By level, then by model: whatever a table needs stands before it.
  using Layers =
      std::map<std::pair<int, const Model*>, std::vector<const Node*>,
               bool (*)(const std::pair<int, const Model*>&, const std::pair<int, const Model*>&)>;

  Result<std::string> where_clause(const Condition& where, const Row& row, const Node* only,
                                   const Query& query, size_t indent) {
    const std::string start = "\n" + std::string(indent, ' ');
    std::vector<std::string> conditions;
    const bool everyone = where.kind == Condition::Kind::all && where.parts.empty();
    if (!everyone) {
      const bool any = where.kind == Condition::Kind::any && where.parts.size() > 1 && only;
      const std::string printed = TRY(conditions_.print(where, row, indent + 2));
      conditions.push_back(any ? "(" + printed + ")" : printed);
    }
    if (only) conditions.push_back(is_or_may_be(*only, query.only->second, row));
    if (conditions.empty()) return std::string();
    return start + "WHERE" + start + "  " + join(conditions, start + "  AND ");
  }

  // Whether the field is the value that people write so. Wide where spellings vary: letters of
  // either case, spaces around.
  std::string is_or_may_be(const Node& node, const std::string& value, const Row& row) {
    Condition is{.kind = Condition::Kind::test, .node = &node, .name = node.column, .value = value};
    const auto number = [&](auto as) {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), as);
      if (error == std::errc() && end == value.data() + value.size()) is.value = Scalar(as);
    };
    switch (node.type) {
      case FieldType::text: {
        const auto plain = [&](const std::string& text) {
          return printer_.lower(printer_.function("trim", {text}));
        };
        return plain(conditions_.column(row, node)) + " = " + plain(printer_.text(value));
      }
      case FieldType::boolean:
        if (value != "true" && value != "false") return "FALSE";
        is.op = value == "true" ? Op::is_true : Op::is_false;
        break;
      case FieldType::integer:
        number(int64_t{});
        break;
      case FieldType::number:
        number(double{});
        break;
      case FieldType::decimal:
        break;
      case FieldType::date:
        is.op = Op::on;
        break;
      case FieldType::timestamp:
        is.op = Op::between;
        is.value = std::vector<Scalar>{value, value};
        break;
      case FieldType::list:
      case FieldType::object:
      case FieldType::json:
        return "FALSE";
    }
    // What is no value of this type is nobody's.
    auto printed = conditions_.print(is, row, 0);
    return printed.ok() ? std::move(printed.value()) : "FALSE";
  }

  // Gives every model and level in use a table name that nothing else in the query has: a model's
  // own SQL may read any table, and a common table expression of that name would hide it.
  void name_tables() {
    std::string used;
    for (const Model* model : graph_.models())
      used += '\n' + lowered(model->table) + '\n' + lowered(model->sql);
    std::set<std::string> taken;
    for (const Model* model : graph_.models()) {
      std::map<int, std::vector<const Node*>> levels;
      levels[0];
      for (const Node* node : graph_.nodes_of(*model)) levels[node->level].push_back(node);
      int nth = 0;
      for (auto& [level, nodes] : levels) {
        std::string name = model->name + (nth == 0 ? " fields" : " computed");
        if (nth > 1) name += fmt::format(" {}", nth);
        ++nth;
        while (used.find(lowered(name)) != std::string::npos || !taken.insert(lowered(name)).second)
          name += '_';
        names_[model][level] = name;
        layers_[{level, model}] = std::move(nodes);
      }
    }
  }

  std::string table_of(const Model& model, int level) const {
    const auto& levels = names_.at(&model);
    return printer_.identifier(std::prev(levels.upper_bound(level))->second);
  }

  Result<std::string> table(const Model& model, int level,
                            const std::vector<const Node*>& columns) {
    const std::string name = table_of(model, level) + " AS ";
    if (level == 0) return name + fields_table(model, columns);
    return name + TRY(computed_table(model, level, columns));
  }

  // The table or query under the model, with the fields that are used, under their names.
  std::string fields_table(const Model& model, const std::vector<const Node*>& columns) const {
    std::string select;
    for (const Node* node : columns) {
      std::string value =
          printer_.column("t." + printer_.identifier(node->source_column), node->info());
      if (node->type == FieldType::timestamp)
        value =
            node->zoned ? printer_.utc_from_zoned(value) : printer_.utc_from_zone(value, model.tz);
      select += (select.empty() ? "\n      " : ",\n      ") + value + " AS " +
                printer_.identifier(node->column);
    }
    if (select.empty()) select = " 1 AS " + printer_.identifier("one");
    // A query is left to the engine: twice inlined it would run twice.
    const bool query = model.table.empty();
    return (query ? "(" : printer_.inlined() + "(") + "\n    SELECT" + select + "\n    FROM " +
           (query ? as_subquery(model.sql) : table_name(model)) + " AS t\n  )";
  }

  // A dot stands between schema and table; where a source has no schemas it is part of the name.
  std::string table_name(const Model& model) const {
    const Source* source = catalog_.source(model.source);
    if (source && !source_kind(source->kind).names_are_parted)
      return printer_.identifier(model.table);
    std::string out;
    for (size_t from = 0; from <= model.table.size();) {
      const size_t dot = std::min(model.table.find('.', from), model.table.size());
      out += (from ? "." : "") +
             printer_.identifier(std::string_view(model.table).substr(from, dot - from));
      from = dot + 1;
    }
    return out;
  }

  Result<std::string> computed_table(const Model& model, int level,
                                     const std::vector<const Node*>& columns) {
    const Row row{&model, "t"};
    std::string select = "\n      t.*";
    std::string joins;
    std::vector<const Node*> joined;
    for (const Node* node : columns) {
      std::string value;
      switch (node->kind) {
        case Node::Kind::column:
          continue;  // of level 0
        case Node::Kind::aggregate:
        case Node::Kind::related:
          joined.push_back(node);
          continue;
        case Node::Kind::formula:
          value = TRY(formula(model, *node));
          break;
        case Node::Kind::cases:
          value = TRY(cases(*node, row));
          break;
        case Node::Kind::segment:
          value = TRY(conditions_.print_sure(node->conditions[0], row, 6));
          break;
      }
      select += ",\n      " + value + " AS " + printer_.identifier(node->column);
    }
    while (!joined.empty()) {
      // Those of one relation and one condition share a pass over the related rows.
      const Node& first = *joined.front();
      std::vector<const Node*> together;
      std::erase_if(joined, [&](const Node* node) {
        if (!share(first, *node)) return false;
        together.push_back(node);
        return true;
      });
      joins += TRY(join_group(row, together, select));
    }
    return "(\n    SELECT" + select + "\n    FROM " + table_of(model, level - 1) + " AS t" + joins +
           "\n  )";
  }

  static bool share(const Node& a, const Node& b) {
    const auto where = [](const Node& node) -> const Rule* {
      const auto* how =
          node.computed ? std::get_if<ComputedField::Aggregated>(&node.computed->how) : nullptr;
      return how ? how->where.get() : nullptr;
    };
    const Rule* x = where(a);
    const Rule* y = where(b);
    return a.join->relation == b.join->relation && (x && y ? *x == *y : !x && !y);
  }

  // One LEFT JOIN with a row a key, and its columns added to `select`.
  Result<std::string> join_group(const Row& row, const std::vector<const Node*>& nodes,
                                 std::string& select) {
    const Join& join = *nodes[0]->join;
    int level = join.foreign->level;
    for (const Node* node : nodes) {
      if (node->of) level = std::max(level, node->of->level);
      if (node->order) level = std::max(level, node->order->level);
      for (const Condition& where : node->conditions) level = std::max(level, level_of_row(where));
    }
    const ConditionPrinter::Related rows = conditions_.related(join, level, 6, true);
    const std::string alias = rows.row.alias + "_all";
    std::string key = "key";
    const auto is_key = [&](const Node* node) { return lowered(node->column) == key; };
    while (std::any_of(nodes.begin(), nodes.end(), is_key)) key += '_';
    key = printer_.identifier(key);
    std::string inner = "\n        " + rows.key + " AS " + key;
    for (const Node* node : nodes) {
      const std::string column = printer_.identifier(node->column);
      inner += ",\n        " + value_of_group(*node, rows.row) + " AS " + column;
      std::string value = alias + "." + column;
      // Of no rows there are none, and their sum is nothing; the least or the mean of none there is
      // not.
      if (const auto* how = std::get_if<ComputedField::Aggregated>(&node->computed->how))
        if (how->aggregate == Aggregate::count || how->aggregate == Aggregate::count_distinct ||
            how->aggregate == Aggregate::sum)
          value = "coalesce(" + value + ", 0)";
      select += ",\n      " + value + " AS " + column;
    }
    std::string where;
    if (!nodes[0]->conditions.empty())
      where =
          "\n      WHERE\n        " + TRY(conditions_.print(nodes[0]->conditions[0], rows.row, 8));
    return "\n    LEFT JOIN (\n      SELECT" + inner + "\n      FROM " + rows.from + where +
           "\n      GROUP BY " + rows.key + "\n    ) AS " + alias + " ON " + alias + "." + key +
           " = " + conditions_.column(row, *join.key);
  }

  [[nodiscard]] std::string value_of_group(const Node& node, const Row& related) const {
    if (node.kind == Node::Kind::related)
      return printer_.value_of_first(conditions_.column(related, *node.of),
                                     conditions_.column(related, *node.order), node.info());
    const auto& how = std::get<ComputedField::Aggregated>(node.computed->how);
    const std::string value = node.of ? conditions_.column(related, *node.of) : "*";
    return printer_.aggregate(how.aggregate, value, node.of ? node.of->type : FieldType::integer);
  }

  Result<std::string> formula(const Model& model, const Node& node) {
    const FormulaContext context{
        .printer = printer_,
        .today = conditions_.today(model.tz),
        .zone = model.tz,
        .field = [&](const std::string& name) -> Result<Typed> {
          const Node* used = TRY(graph_.field(model, name, {}));
          return Typed{conditions_.column({&model, "t"}, *used), used->type};
        }};
    return TRY(print_formula(std::get<ComputedField::Formula>(node.computed->how).text, context))
        .sql;
  }

  Result<std::string> cases(const Node& node, const Row& row) {
    const auto& all = std::get<ComputedField::Cases>(node.computed->how).cases;
    // Literals may be narrower or, with a point, decimal: the type is said.
    const auto then = [&](const Scalar& value) {
      const std::string literal = conditions_.literal(value);
      return is_number(node.type) ? printer_.cast(literal, node.type) : literal;
    };
    if (!all[0].when) return then(all[0].then);
    std::string out = "CASE";
    size_t nth = 0;
    for (const auto& one : all) {
      if (one.when)
        out += "\n        WHEN " + TRY(conditions_.print(node.conditions[nth++], row, 10)) +
               "\n          THEN " + then(one.then);
      else
        out += "\n        ELSE " + then(one.then);
    }
    return out + "\n      END";
  }

  const Catalog& catalog_;
  const Printer& printer_;
  Graph graph_;
  ConditionPrinter conditions_;
  std::map<const Model*, std::map<int, std::string>> names_;
  Layers layers_{[](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    return a.second != b.second && a.second->name < b.second->name;
  }};
};

}  // namespace

Result<std::vector<ColumnInfo>> fields_of(const Catalog& catalog, const Schemas& schemas,
                                          const std::string& model) {
  const Model* found = catalog.model(model);
  if (!found) {
    std::vector<std::string> names;
    for (const Model& one : catalog.models) names.push_back(one.name);
    return wrong({}, "model_unknown",
                 "there is no model `" + model + "`" + did_you_mean(model, names));
  }
  std::vector<std::string> computed;
  for (const ComputedField& one : found->computed) {
    const Reached needed = TRY(reached(catalog, {.name = {}, .model = model}, {one.name}));
    const bool described =
        std::all_of(needed.models.begin(), needed.models.end(),
                    [&](const std::string& name) { return schemas.contains(name); });
    if (described) computed.push_back(one.name);
  }
  // Types do not depend on the dialect.
  return Compiler(catalog, schemas, Time{}, duckdb_printer()).fields(*found, computed);
}

Dialect dialect_of(const Source& source) { return source_kind(source.kind).dialect; }

Result<SqlQuery> compile(const Catalog& catalog, const Schemas& schemas, const Query& query,
                         Dialect dialect) {
  Compiler compiler(catalog, schemas, query.now, printer_of(dialect));
  SqlQuery out{.text = TRY(compiler.query(query)), .columns = query.fields};
  if (query.count_only) out.columns = {"members", "people"};
  if (query.count_by) out.columns = {"value", "members"};
  return out;
}

}  // namespace rollcall::compile
