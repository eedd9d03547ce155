// From rule tree to SQL.
//
// Every model that is reached becomes one common table expression with its fields under the names people
// know and its timestamps in UTC; conditions are printed over those. A condition never yields null: each
// test is wrapped so that an unknown is false, and only `none` negates, which is what makes members(R) and
// members(none R) split the model. A segment named by a rule is the same model's, so its rule is printed
// for the same row.
#include "compile/compile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "compile/dialect.hpp"
#include "compile/formula.hpp"

namespace rollcall::compile {
namespace {

constexpr int kDeepest = 64;

Error wrong(const Place& place, std::string message, std::string remedy = "") {
  if (place.line > 0) message = fmt::format("line {}, column {}: {}", place.line, place.column, message);
  return {ErrorKind::invalid, std::move(message), std::move(remedy)};
}

struct OpName {
  Op op;
  const char* name;
};
constexpr OpName kOps[] = {
    {Op::eq, "eq"}, {Op::ne, "ne"}, {Op::gt, "gt"}, {Op::gte, "gte"}, {Op::lt, "lt"}, {Op::lte, "lte"}, {Op::between, "between"}, {Op::in, "in"}, {Op::not_in, "not_in"},
    {Op::contains, "contains"}, {Op::not_contains, "not_contains"}, {Op::starts_with, "starts_with"}, {Op::ends_with, "ends_with"}, {Op::matches, "matches"},
    {Op::is_null, "is_null"}, {Op::is_not_null, "is_not_null"}, {Op::is_blank, "is_blank"}, {Op::is_true, "is_true"}, {Op::is_false, "is_false"}, {Op::before, "before"},
    {Op::after, "after"}, {Op::on, "on"}, {Op::within_last, "within_last"}, {Op::not_within_last, "not_within_last"}, {Op::within_next, "within_next"},
    {Op::anniversary_within, "anniversary_within"}, {Op::has, "has"}, {Op::has_any, "has_any"}, {Op::has_all, "has_all"}, {Op::is_empty, "is_empty"}, {Op::is_not_empty, "is_not_empty"},
};
const char* name_of(Op op) {
  for (const OpName& one : kOps)
    if (one.op == op) return one.name;
  return "?";
}

std::vector<Op> ops_of(FieldType type) {
  switch (type) {
    case FieldType::text:
      return {Op::eq, Op::ne, Op::in, Op::not_in, Op::contains, Op::not_contains, Op::starts_with, Op::ends_with, Op::matches, Op::is_null, Op::is_not_null, Op::is_blank};
    case FieldType::integer:
    case FieldType::number:
    case FieldType::decimal:
      return {Op::eq, Op::ne, Op::gt, Op::gte, Op::lt, Op::lte, Op::between, Op::in, Op::not_in, Op::is_null, Op::is_not_null};
    case FieldType::date:
    case FieldType::timestamp:
      return {Op::before, Op::after, Op::on, Op::between, Op::within_last, Op::not_within_last, Op::within_next, Op::anniversary_within, Op::is_null, Op::is_not_null};
    case FieldType::boolean: return {Op::is_true, Op::is_false, Op::is_null, Op::is_not_null};
    case FieldType::list: return {Op::has, Op::has_any, Op::has_all, Op::is_empty, Op::is_not_empty, Op::is_null, Op::is_not_null};
    case FieldType::object: return {Op::is_null, Op::is_not_null};
  }
  return {};
}

bool is_number(FieldType type) { return type == FieldType::integer || type == FieldType::number || type == FieldType::decimal; }

// --- Dates and times as people write them in rules.
struct Moment {
  std::string day;   // 2026-01-02
  std::string time;  // 03:04:05.000000, or empty: the day alone
  bool utc = false;  // written with Z or an offset, and already moved to UTC
};

std::string day_text(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string moment_text(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const int64_t ms = (time - day).count();
  return day_text(day) + fmt::format(" {:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

std::optional<Moment> read_moment(const std::string& text) {
  const auto digits = [&](size_t from, size_t count) -> std::optional<int> {
    int value = 0;
    if (from + count > text.size()) return std::nullopt;
    for (size_t i = from; i < from + count; ++i) {
      if (text[i] < '0' || text[i] > '9') return std::nullopt;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  const auto year = digits(0, 4), month = digits(5, 2), day = digits(8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-' || *year < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)), std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  if (text.size() == 10) return Moment{text, "", false};
  if (text[10] != ' ' && text[10] != 'T') return std::nullopt;
  const auto hour = digits(11, 2), minute = digits(14, 2);
  if (!hour || !minute || text[13] != ':' || *hour > 23 || *minute > 59) return std::nullopt;
  size_t at = 16;
  int second = 0;
  std::string fraction;
  if (at < text.size() && text[at] == ':') {
    const auto seconds = digits(17, 2);
    if (!seconds || *seconds > 59) return std::nullopt;
    second = *seconds;
    at = 19;
    if (at < text.size() && text[at] == '.') {
      const size_t from = ++at;
      while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
      if (at == from || at - from > 6) return std::nullopt;
      fraction = text.substr(from, at - from);
    }
  }
  while (fraction.size() < 6) fraction += '0';
  int64_t offset_minutes = 0;
  bool utc = false;
  if (at < text.size()) {
    utc = true;
    if (text[at] == 'Z' && at + 1 == text.size()) {
    } else {
      const bool plus = text[at] == '+', minus = text[at] == '-';
      const auto hours = digits(at + 1, 2), minutes = digits(at + 4, 2);
      if (!(plus || minus) || !hours || !minutes || text[at + 3] != ':' || at + 6 != text.size() || *hours > 14 || *minutes > 59) return std::nullopt;
      offset_minutes = (*hours * 60 + *minutes) * (plus ? 1 : -1);
    }
  }
  const auto instant = std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) - std::chrono::minutes(offset_minutes) + std::chrono::seconds(second);
  const auto its_day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(instant - its_day));
  return Moment{day_text(its_day), fmt::format("{:02}:{:02}:{:02}.{}", clock.hours().count(), clock.minutes().count(), clock.seconds().count(), fraction), utc};
}

// Where an expression is printed: a model, and the alias of its row.
struct Scope {
  const Model* model;
  std::string alias;
};

class Compiler {
 public:
  Compiler(const Catalog& catalog, const Schemas& schemas, Time now, const Printer& printer) : catalog_(catalog), schemas_(schemas), now_(now), printer_(printer) {}

  Result<std::string> whole(const Query& query) {
    const Model* model = TRY(model_of(query.segment.model));
    const Scope scope{model, "t"};
    ++alias_;
    Segment unnamed = query.segment;
    path_.push_back(unnamed.name);
    std::string condition = TRY(rule(unnamed.where, scope, 0));
    path_.pop_back();
    if (query.only) {
      const Typed field = TRY(this->field(query.only->first, scope, {}, 0));
      condition = "(" + condition + ")\n  AND coalesce(" + cast_text(field) + " = " + printer_.text(query.only->second) + ", FALSE)";
    }
    std::string select;
    if (query.count_only) {
      select = "SELECT count(*) FILTER (WHERE " + condition + ") AS members, count(*) AS people\nFROM " + relation(*model) + " AS t";
    } else {
      for (const std::string& name : query.fields) {
        const Typed field = TRY(this->field(name, scope, {}, 0));
        select += (select.empty() ? "SELECT " : ",\n       ") + field.sql + " AS " + printer_.identifier(name);
      }
      if (select.empty()) select = "SELECT 1 AS one";
      select += "\nFROM " + relation(*model) + " AS t\nWHERE " + condition;
      if (query.limit) select += "\nLIMIT " + std::to_string(*query.limit);
    }
    std::string with;
    for (const std::string& name : used_) with += (with.empty() ? "WITH " : ",\n") + TRY(definition(*catalog_.model(name)));
    return with + "\n" + select;
  }

  Result<std::vector<ColumnInfo>> fields(const Model& model) {
    std::vector<ColumnInfo> out = TRY(plain_fields(model));
    const Scope scope{&model, "t"};
    for (const ComputedField& computed : model.computed) out.push_back({computed.name, TRY(field(computed.name, scope, computed.place, 0)).type, true});
    return out;
  }

 private:
  // --- Models.
  Result<const Model*> model_of(const std::string& name) const {
    if (const Model* model = catalog_.model(name)) return model;
    std::vector<std::string> names;
    for (const Model& model : catalog_.models) names.push_back(model.name);
    return Error{ErrorKind::invalid, "there is no model `" + name + "`" + did_you_mean(name, names)};
  }

  // Declared fields, or every column; with their columns' types.
  Result<std::vector<ColumnInfo>> plain_fields(const Model& model) const {
    const auto schema = schemas_.find(model.name);
    if (schema == schemas_.end()) return Error{ErrorKind::invalid, "model `" + model.name + "` was not described"};
    if (model.fields.empty()) return schema->second;
    std::vector<ColumnInfo> out;
    for (const Field& declared : model.fields) {
      const std::string& column = declared.column.empty() ? declared.name : declared.column;
      const auto found = find_column(schema->second, column);
      if (found == schema->second.end()) {
        std::vector<std::string> names;
        for (const ColumnInfo& info : schema->second) names.push_back(info.name);
        return wrong(model.place, "model `" + model.name + "`: its table has no column `" + column + "`" + did_you_mean(column, names), "Columns: " + join(names, ", ") + ".");
      }
      out.push_back({declared.name, found->type, found->zoned});
    }
    return out;
  }
  static std::vector<ColumnInfo>::const_iterator find_column(const std::vector<ColumnInfo>& columns, const std::string& name) {
    return std::find_if(columns.begin(), columns.end(), [&](const ColumnInfo& info) { return info.name == name; });
  }

  std::string relation(const Model& model) {
    if (std::find(used_.begin(), used_.end(), model.name) == used_.end()) used_.push_back(model.name);
    return printer_.identifier(model.name);
  }

  // The model as a table of its fields.
  Result<std::string> definition(const Model& model) {
    std::string columns;
    for (const ColumnInfo& info : TRY(plain_fields(model))) {
      std::string column = info.name;
      for (const Field& declared : model.fields)
        if (declared.name == info.name && !declared.column.empty()) column = declared.column;
      std::string value = "src." + printer_.identifier(column);
      if (info.type == FieldType::timestamp) value = info.zoned ? printer_.utc_from_zoned(value) : printer_.utc_from_zone(value, model.tz);
      columns += (columns.empty() ? "" : ",\n         ") + value + " AS " + printer_.identifier(info.name);
    }
    std::string from = model.sql.empty() ? table_name(model) : "(\n" + without_semicolon(model.sql) + "\n  )";
    return printer_.identifier(model.name) + " AS " + printer_.inlined() + "(\n  SELECT " + columns + "\n  FROM " + from + " AS src\n)";
  }
  // A DuckDB table may stand in a schema; a file's name is one identifier whatever it holds.
  std::string table_name(const Model& model) const {
    const Source* source = catalog_.source(model.source);
    if (source != nullptr && (source->kind == "parquet" || source->kind == "csv")) return printer_.identifier(model.table);
    std::string out;
    for (size_t from = 0; from <= model.table.size();) {
      const size_t dot = std::min(model.table.find('.', from), model.table.size());
      out += (out.empty() ? "" : ".") + printer_.identifier(model.table.substr(from, dot - from));
      from = dot + 1;
    }
    return out;
  }
  static std::string without_semicolon(const std::string& sql) {
    std::string out(trim(sql));
    while (!out.empty() && out.back() == ';') out = std::string(trim(std::string_view(out).substr(0, out.size() - 1)));
    return out;
  }

  // --- Fields, plain and computed.
  Result<Typed> field(const std::string& name, const Scope& scope, const Place& place, int depth) {
    if (depth > kDeepest) return wrong(place, "field `" + name + "` of model `" + scope.model->name + "` is computed from itself");
    const std::vector<ColumnInfo> plain = TRY(plain_fields(*scope.model));
    if (const auto found = find_column(plain, name); found != plain.end()) return Typed{scope.alias + "." + printer_.identifier(name), found->type};
    for (const ComputedField& one : scope.model->computed)
      if (one.name == name) return in_context(computed(one, scope, depth + 1), "field " + name);
    std::vector<std::string> names;
    for (const ColumnInfo& info : plain) names.push_back(info.name);
    for (const ComputedField& one : scope.model->computed) names.push_back(one.name);
    return wrong(place, "model `" + scope.model->name + "` has no field `" + name + "`" + did_you_mean(name, names), "Fields: " + join(names, ", ") + ".");
  }

  Result<Typed> computed(const ComputedField& one, const Scope& scope, int depth) {
    if (const auto* aggregated = std::get_if<ComputedField::Aggregated>(&one.how)) return aggregate(*aggregated, scope, one.place, depth);
    if (const auto* formula = std::get_if<ComputedField::Formula>(&one.how)) {
      const std::function<Result<Typed>(const std::string&)> fields = [&](const std::string& name) { return field(name, scope, one.place, depth); };
      return print_formula(formula->text, printer_, fields);
    }
    if (const auto* cases = std::get_if<ComputedField::Cases>(&one.how)) return labelled(*cases, scope, one.place, depth);
    const auto& related = std::get<ComputedField::Related>(one.how);
    const Relation& relation = *TRY(relation_of(related.relation, scope, one.place));
    const Scope other = TRY(other_of(relation));
    const Typed value = TRY(field(related.field, other, one.place, depth));
    // Several related rows would make several values: the smallest stands for them, on every engine.
    return Typed{"(SELECT min(" + value.sql + ") FROM " + TRY(joined(relation, scope, other)) + ")", value.type};
  }

  Result<Typed> aggregate(const ComputedField::Aggregated& how, const Scope& scope, const Place& place, int depth) {
    const Relation& relation = *TRY(relation_of(how.relation, scope, place));
    const Scope other = TRY(other_of(relation));
    std::string inside = "*";
    FieldType type = FieldType::integer;
    if (how.aggregate != Aggregate::count || !how.field.empty()) {
      if (how.field.empty()) return wrong(place, "this aggregate needs a `field` of the related model");
      const Typed value = TRY(field(how.field, other, place, depth));
      inside = value.sql;
      type = value.type;
    }
    const std::string from = TRY(joined(relation, scope, other)) + (how.where ? " AND " + TRY(rule(*how.where, other, depth + 1)) : "");
    const auto select = [&](const std::string& what) { return "(SELECT " + what + " FROM " + from + ")"; };
    switch (how.aggregate) {
      case Aggregate::count: return Typed{select("count(" + inside + ")"), FieldType::integer};
      case Aggregate::count_distinct: return Typed{select("count(DISTINCT " + inside + ")"), FieldType::integer};
      case Aggregate::min:
      case Aggregate::max: return Typed{select(std::string(how.aggregate == Aggregate::min ? "min(" : "max(") + inside + ")"), type};
      case Aggregate::sum:
      case Aggregate::avg: break;
    }
    if (!is_number(type)) return wrong(place, "`" + how.field + "` is of type " + std::string(to_string(type)) + "; sum and avg need a number");
    if (how.aggregate == Aggregate::avg) return Typed{select("avg(" + printer_.cast(inside, FieldType::number) + ")"), FieldType::number};
    if (type == FieldType::integer) return Typed{select(printer_.cast("sum(" + inside + ")", FieldType::integer)), type};
    return Typed{select("sum(" + inside + ")"), type};
  }

  Result<Typed> labelled(const ComputedField::Cases& cases, const Scope& scope, const Place& place, int depth) {
    std::string sql = "CASE";
    std::optional<FieldType> type;
    for (const auto& one : cases.cases) {
      const Typed then = literal_of(one.then);
      if (type && *type != then.type && !(is_number(*type) && is_number(then.type))) return wrong(place, "the cases give values of different types");
      if (!type || then.type == FieldType::number) type = then.type;
      sql += one.when ? " WHEN " + TRY(rule(*one.when, scope, depth + 1)) + " THEN " + then.sql : " ELSE " + then.sql;
    }
    return Typed{sql + " END", type.value_or(FieldType::text)};
  }

  Typed literal_of(const Scalar& value) const {
    if (const bool* flag = std::get_if<bool>(&value)) return {*flag ? "TRUE" : "FALSE", FieldType::boolean};
    if (const int64_t* whole = std::get_if<int64_t>(&value)) return {fmt::format("{}", *whole), FieldType::integer};
    if (const double* number = std::get_if<double>(&value)) return {double_text(*number), FieldType::number};
    return {printer_.text(std::get<std::string>(value)), FieldType::text};
  }
  static std::string double_text(double value) {
    std::string out = fmt::format("{}", value);
    // Digits alone would be a whole number.
    if (out.find_first_of(".e") == std::string::npos) out += ".0";
    return value < 0 ? "(" + out + ")" : out;
  }
  std::string cast_text(const Typed& value) const { return value.type == FieldType::text ? value.sql : printer_.cast(value.sql, FieldType::text); }

  // --- Relations.
  Result<const Relation*> relation_of(const std::string& name, const Scope& scope, const Place& place) const {
    std::vector<std::string> names;
    for (const Relation& relation : scope.model->relations) {
      if (relation.name == name) return &relation;
      names.push_back(relation.name);
    }
    return wrong(place, "model `" + scope.model->name + "` has no relation `" + name + "`" + did_you_mean(name, names),
                 names.empty() ? "Declare it under the model's `relations`." : "Relations: " + join(names, ", ") + ".");
  }
  Result<Scope> other_of(const Relation& relation) { return Scope{TRY(model_of(relation.model)), "r" + std::to_string(alias_++)}; }

  // FROM and the condition that ties the related rows to the row of `scope`.
  Result<std::string> joined(const Relation& relation, const Scope& scope, const Scope& other) {
    const Typed key = TRY(field(relation.key, scope, relation.place, 0));
    const Typed foreign = TRY(field(relation.foreign_key, other, relation.place, 0));
    if (relation.kind != RelationKind::many_to_many) return this->relation(*other.model) + " AS " + other.alias + " WHERE " + foreign.sql + " = " + key.sql;
    const Scope through{TRY(model_of(relation.through)), "r" + std::to_string(alias_++)};
    const Typed near = TRY(field(relation.through_key, through, relation.place, 0));
    const Typed far = TRY(field(relation.through_foreign_key, through, relation.place, 0));
    return this->relation(*through.model) + " AS " + through.alias + " JOIN " + this->relation(*other.model) + " AS " + other.alias + " ON " + foreign.sql + " = " + far.sql + " WHERE " +
           near.sql + " = " + key.sql;
  }

  // --- Rules.
  Result<std::string> rule(const Rule& one, const Scope& scope, int depth) {
    if (depth > kDeepest) return wrong(one.place, "the rule is nested too deeply");
    if (const auto* all = std::get_if<AllOf>(&one.test)) return TRY(several(all->rules, " AND ", "TRUE", scope, depth));
    if (const auto* any = std::get_if<AnyOf>(&one.test)) return TRY(several(any->rules, " OR ", "FALSE", scope, depth));
    if (const auto* none = std::get_if<NoneOf>(&one.test)) return "(NOT " + TRY(several(none->rules, " OR ", "FALSE", scope, depth)) + ")";
    if (const auto* test = std::get_if<FieldTest>(&one.test)) return field_test(*test, scope, one.place, depth);
    if (const auto* related = std::get_if<RelatedTest>(&one.test)) return related_test(*related, scope, one.place, depth);
    return segment_test(std::get<SegmentTest>(one.test), scope, one.place, depth);
  }
  Result<std::string> several(const std::vector<Rule>& rules, const char* between, const char* when_empty, const Scope& scope, int depth) {
    if (rules.empty()) return std::string(when_empty);
    std::string out;
    for (const Rule& one : rules) out += (out.empty() ? "(" : "\n  " + std::string(depth * 2, ' ') + std::string(between).substr(1)) + TRY(rule(one, scope, depth + 1));
    return out + ")";
  }

  Result<std::string> segment_test(const SegmentTest& test, const Scope& scope, const Place& place, int depth) {
    const Segment* named = catalog_.segment(test.segment);
    if (named == nullptr) {
      std::vector<std::string> names;
      for (const Segment& segment : catalog_.segments) names.push_back(segment.name);
      return wrong(place, "there is no segment `" + test.segment + "`" + did_you_mean(test.segment, names));
    }
    if (named->model != scope.model->name) return wrong(place, "segment `" + test.segment + "` is over model `" + named->model + "`, not over `" + scope.model->name + "`");
    if (std::find(path_.begin(), path_.end(), test.segment) != path_.end()) return wrong(place, "segment `" + test.segment + "` contains itself: " + join(path_, " > ") + " > " + test.segment);
    path_.push_back(test.segment);
    const std::string inside = TRY(in_context(rule(named->where, scope, depth + 1), "segment " + test.segment));
    path_.pop_back();
    return test.member ? inside : "(NOT " + inside + ")";
  }

  Result<std::string> related_test(const RelatedTest& test, const Scope& scope, const Place& place, int depth) {
    const Relation& relation = *TRY(relation_of(test.relation, scope, place));
    const Scope other = TRY(other_of(relation));
    std::string from = TRY(joined(relation, scope, other));
    if (test.where) from += " AND " + TRY(rule(*test.where, other, depth + 1));
    // At least one, and none, need no counting.
    const auto* scalar = std::get_if<Scalar>(&test.count);
    const int64_t* number = scalar ? std::get_if<int64_t>(scalar) : nullptr;
    if (number != nullptr && ((test.op == Op::gte && *number == 1) || (test.op == Op::gt && *number == 0))) return "EXISTS (SELECT 1 FROM " + from + ")";
    if (number != nullptr && ((test.op == Op::eq && *number == 0) || (test.op == Op::lt && *number == 1) || (test.op == Op::lte && *number == 0)))
      return "(NOT EXISTS (SELECT 1 FROM " + from + "))";
    return number_test({"(SELECT count(*) FROM " + from + ")", FieldType::integer}, test.op, test.count, "count", place);
  }

  // Never null.
  static std::string sure(const std::string& condition) { return "coalesce(" + condition + ", FALSE)"; }

  Result<std::string> field_test(const FieldTest& test, const Scope& scope, const Place& place, int depth) {
    const Typed value = TRY(field(test.field, scope, place, depth));
    const std::vector<Op> allowed = ops_of(value.type);
    if (std::find(allowed.begin(), allowed.end(), test.op) == allowed.end()) {
      std::vector<std::string> names;
      for (const Op op : allowed) names.emplace_back(name_of(op));
      return wrong(place, fmt::format("`{}` is of type {}, which has no operator `{}`", test.field, to_string(value.type), name_of(test.op)), "Operators: " + join(names, ", ") + ".");
    }
    if (test.op == Op::is_null) return "(" + value.sql + " IS NULL)";
    if (test.op == Op::is_not_null) return "(" + value.sql + " IS NOT NULL)";
    switch (value.type) {
      case FieldType::text: return text_test(value, test, place);
      case FieldType::integer:
      case FieldType::number:
      case FieldType::decimal: return number_test(value, test.op, test.value, test.field, place);
      case FieldType::boolean: return sure(test.op == Op::is_true ? value.sql : "NOT " + value.sql);
      case FieldType::date:
      case FieldType::timestamp: return time_test(value, test, scope, place);
      case FieldType::list: return list_test(value, test, place);
      case FieldType::object: break;
    }
    return wrong(place, "this cannot be tested");
  }

  // --- Values.
  Result<std::vector<Scalar>> scalars(const Operand& operand, const std::string& field, const Place& place, size_t exactly = 0) const {
    std::vector<Scalar> out;
    if (const auto* one = std::get_if<Scalar>(&operand)) out = {*one};
    if (const auto* many = std::get_if<std::vector<Scalar>>(&operand)) out = *many;
    if (exactly > 0 && out.size() != exactly)
      return wrong(place, fmt::format("`{}` needs {} here", field, exactly == 1 ? "one value" : std::to_string(exactly) + " values, as [from, to]"));
    return out;
  }
  Result<std::string> text_literal(const Scalar& value, const std::string& field, const Place& place, bool lower) const {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return wrong(place, "`" + field + "` is text, and this value is not", "Put the value in quotes.");
    return lower ? printer_.lower(printer_.text(*text)) : printer_.text(*text);
  }
  Result<std::string> number_literal(const Scalar& value, const std::string& field, const Place& place) const {
    if (const auto* whole = std::get_if<int64_t>(&value)) return *whole < 0 ? "(" + std::to_string(*whole) + ")" : std::to_string(*whole);
    if (const auto* number = std::get_if<double>(&value)) {
      if (!std::isfinite(*number)) return wrong(place, "`" + field + "` needs a finite number");
      return double_text(*number);
    }
    return wrong(place, "`" + field + "` is a number, and this value is not", "Write it without quotes.");
  }

  Result<std::string> text_test(const Typed& value, const FieldTest& test, const Place& place) const {
    const std::string x = test.ignore_case ? printer_.lower(value.sql) : value.sql;
    if (test.op == Op::is_blank) return "(coalesce(trim(" + value.sql + ", " + printer_.text(" \t\r\n\f\v") + "), '') = '')";
    if (test.op == Op::in || test.op == Op::not_in) {
      std::string list;
      for (const Scalar& one : TRY(scalars(test.value, test.field, place))) list += (list.empty() ? "" : ", ") + TRY(text_literal(one, test.field, place, test.ignore_case));
      return membership(x, list, test.op == Op::in);
    }
    const Scalar one = TRY(scalars(test.value, test.field, place, 1))[0];
    const std::string literal = TRY(text_literal(one, test.field, place, test.ignore_case && test.op != Op::matches));
    switch (test.op) {
      case Op::eq: return sure(x + " = " + literal);
      case Op::ne: return sure(x + " <> " + literal);
      case Op::contains: return sure(printer_.contains(x, literal));
      case Op::not_contains: return sure("NOT " + printer_.contains(x, literal));
      case Op::starts_with: return sure(printer_.starts_with(x, literal));
      case Op::ends_with: return sure(printer_.ends_with(x, literal));
      default: return sure(printer_.matches(value.sql, literal, test.ignore_case));
    }
  }

  static std::string membership(const std::string& x, const std::string& list, bool in) {
    if (list.empty()) return in ? "FALSE" : "(" + x + " IS NOT NULL)";
    return sure(x + (in ? " IN (" : " NOT IN (") + list + ")");
  }

  Result<std::string> number_test(const Typed& value, Op op, const Operand& operand, const std::string& field, const Place& place) const {
    if (op == Op::in || op == Op::not_in) {
      std::string list;
      for (const Scalar& one : TRY(scalars(operand, field, place))) list += (list.empty() ? "" : ", ") + TRY(number_literal(one, field, place));
      return membership(value.sql, list, op == Op::in);
    }
    if (op == Op::between) {
      const auto both = TRY(scalars(operand, field, place, 2));
      return sure(value.sql + " BETWEEN " + TRY(number_literal(both[0], field, place)) + " AND " + TRY(number_literal(both[1], field, place)));
    }
    const Scalar one = TRY(scalars(operand, field, place, 1))[0];
    const std::string literal = TRY(number_literal(one, field, place));
    const char* sign = op == Op::eq ? " = " : op == Op::ne ? " <> " : op == Op::gt ? " > " : op == Op::gte ? " >= " : op == Op::lt ? " < " : op == Op::lte ? " <= " : nullptr;
    if (sign == nullptr) return wrong(place, fmt::format("`{}` cannot stand here", name_of(op)));
    return sure(value.sql + sign + literal);
  }

  Result<std::string> list_test(const Typed& value, const FieldTest& test, const Place& place) const {
    if (test.op == Op::is_empty) return sure(printer_.list_length(value.sql) + " = 0");
    if (test.op == Op::is_not_empty) return sure(printer_.list_length(value.sql) + " > 0");
    std::string out;
    for (const Scalar& one : TRY(scalars(test.value, test.field, place, test.op == Op::has ? 1 : 0)))
      out += (out.empty() ? "" : test.op == Op::has_all ? " AND " : " OR ") + sure(printer_.list_has(value.sql, literal_of(one).sql));
    if (out.empty()) return test.op == Op::has_all ? "(" + value.sql + " IS NOT NULL)" : std::string("FALSE");
    return "(" + out + ")";
  }

  // --- Time. A timestamp value is in UTC; days are days of the model's zone.
  [[nodiscard]] std::string now_utc() const { return printer_.timestamp(moment_text(now_)); }
  [[nodiscard]] std::string today(const std::string& zone) const {
    if (zone == "UTC") return printer_.date(day_text(std::chrono::floor<std::chrono::days>(now_)));
    return printer_.date_of(printer_.zone_from_utc(now_utc(), zone));
  }
  Result<Moment> moment(const Scalar& value, const std::string& field, const Place& place) const {
    if (const auto* text = std::get_if<std::string>(&value))
      if (auto read = read_moment(*text)) return std::move(*read);
    return wrong(place, "`" + field + "` needs a date or time here", "Write 2026-01-31, 2026-01-31 09:30 or 2026-01-31T09:30:00Z.");
  }
  // The instant a written moment names, in UTC; of a day alone, its beginning (or the next one's).
  [[nodiscard]] std::string instant(const Moment& moment, const std::string& zone, bool day_after = false) const {
    if (moment.time.empty()) {
      std::string begins = printer_.timestamp(moment.day + " 00:00:00");
      if (day_after) begins = printer_.plus(begins, {Duration::Unit::days, 1}, false);
      return printer_.utc_from_zone(begins, zone);
    }
    const std::string written = printer_.timestamp(moment.day + " " + moment.time);
    return moment.utc ? written : printer_.utc_from_zone(written, zone);
  }

  Result<std::string> time_test(const Typed& value, const FieldTest& test, const Scope& scope, const Place& place) const {
    const bool is_date = value.type == FieldType::date;
    const std::string& zone = scope.model->tz;
    const std::string& x = value.sql;
    switch (test.op) {
      case Op::before:
      case Op::after:
      case Op::on: {
        const Scalar one = TRY(scalars(test.value, test.field, place, 1))[0];
        const Moment at = TRY(moment(one, test.field, place));
        if (is_date) {
          if (!at.time.empty()) return wrong(place, "`" + test.field + "` is a date, without a time of day", "Write 2026-01-31.");
          return sure(x + (test.op == Op::before ? " < " : test.op == Op::after ? " > " : " = ") + printer_.date(at.day));
        }
        if (test.op == Op::on) {
          if (!at.time.empty()) return wrong(place, "`on` takes a day", "Write 2026-01-31.");
          return sure(x + " >= " + instant(at, zone) + " AND " + x + " < " + instant(at, zone, true));
        }
        if (test.op == Op::before) return sure(x + " < " + instant(at, zone));
        return sure(x + (at.time.empty() ? " >= " + instant(at, zone, true) : " > " + instant(at, zone)));
      }
      case Op::between: {
        const auto both = TRY(scalars(test.value, test.field, place, 2));
        const Moment from = TRY(moment(both[0], test.field, place)), to = TRY(moment(both[1], test.field, place));
        if (is_date) {
          if (!from.time.empty() || !to.time.empty()) return wrong(place, "`" + test.field + "` is a date, without a time of day", "Write [2026-01-01, 2026-01-31].");
          return sure(x + " BETWEEN " + printer_.date(from.day) + " AND " + printer_.date(to.day));
        }
        return sure(x + " >= " + instant(from, zone) + " AND " + x + (to.time.empty() ? " < " + instant(to, zone, true) : " <= " + instant(to, zone)));
      }
      default: break;
    }
    const auto* duration = std::get_if<Duration>(&test.value);
    if (duration == nullptr || duration->count < 0) return wrong(place, fmt::format("`{}` needs a duration", name_of(test.op)), "Write {days: 90}; units: minutes, hours, days, weeks, months, years.");
    const bool short_unit = duration->unit == Duration::Unit::minutes || duration->unit == Duration::Unit::hours;
    if (test.op == Op::anniversary_within) {
      if (short_unit) return wrong(place, "`anniversary_within` counts days, weeks, months or years");
      const std::string day = is_date ? x : printer_.date_of(printer_.zone_from_utc(x, zone));
      const std::string from = today(zone), to = printer_.plus(from, *duration, true);
      return "(" + sure(printer_.anniversary(day, from, 0) + " BETWEEN " + from + " AND " + to) + " OR " + sure(printer_.anniversary(day, from, 1) + " BETWEEN " + from + " AND " + to) + ")";
    }
    if (is_date && short_unit) return wrong(place, "`" + test.field + "` is a date: its durations are days, weeks, months or years");
    const std::string here = is_date ? today(zone) : now_utc();
    Duration signed_duration = *duration;
    if (test.op != Op::within_next) signed_duration.count = -signed_duration.count;
    const std::string there = is_date ? printer_.plus(here, signed_duration, true) : shifted(signed_duration, zone);
    if (test.op == Op::within_next) return sure(x + " BETWEEN " + here + " AND " + there);
    if (test.op == Op::within_last) return sure(x + " BETWEEN " + there + " AND " + here);
    return sure("NOT (" + x + " BETWEEN " + there + " AND " + here + ")");
  }
  // Now plus so much: days and weeks of a timestamp are multiples of 24 hours; months and years follow the
  // calendar of the model's zone.
  [[nodiscard]] std::string shifted(const Duration& duration, const std::string& zone) const {
    std::chrono::milliseconds unit{0};
    switch (duration.unit) {
      case Duration::Unit::minutes: unit = std::chrono::minutes(1); break;
      case Duration::Unit::hours: unit = std::chrono::hours(1); break;
      case Duration::Unit::days: unit = std::chrono::hours(24); break;
      case Duration::Unit::weeks: unit = std::chrono::hours(168); break;
      case Duration::Unit::months:
      case Duration::Unit::years: return printer_.utc_from_zone(printer_.plus(printer_.zone_from_utc(now_utc(), zone), duration, false), zone);
    }
    // Beyond what a date can hold is as good as for ever.
    constexpr int64_t kMostMs = 4'000LL * 366 * 86'400'000;
    const int64_t most = kMostMs / unit.count();
    return printer_.timestamp(moment_text(std::max(Time(std::chrono::sys_days(std::chrono::year(1) / 1 / 1)), now_ + unit * std::clamp(duration.count, -most, most))));
  }

  const Catalog& catalog_;
  const Schemas& schemas_;
  Time now_;
  const Printer& printer_;
  std::vector<std::string> used_;  // models in the order they were met
  std::vector<std::string> path_;  // segments being printed, to find cycles
  int alias_ = 0;
};

// --- Which models a segment reaches.
class Reach {
 public:
  explicit Reach(const Catalog& catalog) : catalog_(catalog) {}
  Status segment(const Segment& segment, const std::vector<std::string>& fields) {
    TRY(model(segment.model));
    for (const std::string& name : fields) TRY(field(name, segment.model, 0));
    path_.push_back(segment.name);
    TRY(rule(segment.where, segment.model, 0));
    path_.pop_back();
    return ok_status();
  }
  std::vector<std::string> models;

 private:
  Status model(const std::string& name) {
    if (std::find(models.begin(), models.end(), name) != models.end()) return ok_status();
    if (catalog_.model(name) == nullptr) return Error{ErrorKind::invalid, "there is no model `" + name + "`"};
    models.push_back(name);
    // A relation's keys may be computed fields of the other side.
    return ok_status();
  }
  Status relation(const std::string& name, const std::string& of, std::string& other, int depth) {
    for (const Relation& one : catalog_.model(of)->relations) {
      if (one.name != name) continue;
      TRY(model(one.model));
      if (!one.through.empty()) TRY(model(one.through));
      TRY(field(one.key, of, depth + 1));
      TRY(field(one.foreign_key, one.model, depth + 1));
      other = one.model;
      return ok_status();
    }
    return ok_status();  // compile names it
  }
  Status field(const std::string& name, const std::string& of, int depth) {
    if (depth > kDeepest) return Error{ErrorKind::invalid, "field `" + name + "` of model `" + of + "` is computed from itself"};
    for (const ComputedField& one : catalog_.model(of)->computed) {
      if (one.name != name) continue;
      std::string other;
      if (const auto* aggregated = std::get_if<ComputedField::Aggregated>(&one.how)) {
        TRY(relation(aggregated->relation, of, other, depth));
        if (other.empty()) return ok_status();
        if (!aggregated->field.empty()) TRY(field(aggregated->field, other, depth + 1));
        if (aggregated->where) TRY(rule(*aggregated->where, other, depth + 1));
      } else if (const auto* formula = std::get_if<ComputedField::Formula>(&one.how)) {
        for (const std::string& inside : TRY(fields_in_formula(formula->text))) TRY(field(inside, of, depth + 1));
      } else if (const auto* cases = std::get_if<ComputedField::Cases>(&one.how)) {
        for (const auto& each : cases->cases)
          if (each.when) TRY(rule(*each.when, of, depth + 1));
      } else {
        const auto& related = std::get<ComputedField::Related>(one.how);
        TRY(relation(related.relation, of, other, depth));
        if (!other.empty()) TRY(field(related.field, other, depth + 1));
      }
    }
    return ok_status();
  }
  Status rule(const Rule& one, const std::string& of, int depth) {
    if (depth > kDeepest) return wrong(one.place, "the rule is nested too deeply");
    const std::vector<Rule>* inside = nullptr;
    if (const auto* all = std::get_if<AllOf>(&one.test)) inside = &all->rules;
    if (const auto* any = std::get_if<AnyOf>(&one.test)) inside = &any->rules;
    if (const auto* none = std::get_if<NoneOf>(&one.test)) inside = &none->rules;
    if (inside != nullptr) {
      for (const Rule& each : *inside) TRY(rule(each, of, depth + 1));
    } else if (const auto* test = std::get_if<FieldTest>(&one.test)) {
      return field(test->field, of, depth + 1);
    } else if (const auto* related = std::get_if<RelatedTest>(&one.test)) {
      std::string other;
      TRY(relation(related->relation, of, other, depth));
      if (!other.empty() && related->where) return rule(*related->where, other, depth + 1);
    } else {
      const auto& named = std::get<SegmentTest>(one.test);
      const Segment* segment = catalog_.segment(named.segment);
      if (segment == nullptr || segment->model != of) return ok_status();  // compile names it
      if (std::find(path_.begin(), path_.end(), named.segment) != path_.end())
        return wrong(one.place, "segment `" + named.segment + "` contains itself: " + join(path_, " > ") + " > " + named.segment);
      path_.push_back(named.segment);
      TRY(rule(segment->where, of, depth + 1));
      path_.pop_back();
    }
    return ok_status();
  }

  const Catalog& catalog_;
  std::vector<std::string> path_;
};

const Printer& printer_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::duckdb: return duckdb_printer();
  }
  return duckdb_printer();
}

}  // namespace

Result<std::vector<ColumnInfo>> fields_of(const Catalog& catalog, const Schemas& schemas, const std::string& model) {
  const Model* found = catalog.model(model);
  if (found == nullptr) return Error{ErrorKind::invalid, "there is no model `" + model + "`"};
  // Types do not depend on the dialect; computed fields of unreached models cannot be typed and are left out.
  Compiler compiler(catalog, schemas, Time{}, duckdb_printer());
  Model readable = *found;
  std::erase_if(readable.computed, [&](const ComputedField& one) {
    Segment everyone;
    everyone.model = model;
    Reach reach(catalog);
    if (!reach.segment(everyone, {one.name}).ok()) return false;
    return std::any_of(reach.models.begin(), reach.models.end(), [&](const std::string& name) { return schemas.count(name) == 0; });
  });
  return compiler.fields(readable);
}

Result<std::vector<std::string>> models_reached(const Catalog& catalog, const Segment& segment, const std::vector<std::string>& fields) {
  Reach reach(catalog);
  TRY(reach.segment(segment, fields));
  return std::move(reach.models);
}

Result<SqlQuery> compile(const Catalog& catalog, const Schemas& schemas, const Query& query, Dialect dialect) {
  Compiler compiler(catalog, schemas, query.now, printer_of(dialect));
  SqlQuery out{TRY(compiler.whole(query)), query.fields};
  if (query.count_only) out.columns = {"members", "people"};
  return out;
}

}  // namespace rollcall::compile
