#include "compile/graph.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall::compile {

namespace {

constexpr int kDeepestRule = 64;
constexpr size_t kLongestPath = 64;  // of fields made of fields, and segments of segments

std::string lower(std::string text) {
  ascii_lower(text);
  return text;
}

// What can be compared with what: an engine would refuse or, worse, convert.
enum class Family { boolean, number, text, date, timestamp, other };
Family family_of(FieldType type) {
  switch (type) {
    case FieldType::boolean:
      return Family::boolean;
    case FieldType::integer:
    case FieldType::number:
    case FieldType::decimal:
      return Family::number;
    case FieldType::text:
      return Family::text;
    case FieldType::date:
      return Family::date;
    case FieldType::timestamp:
      return Family::timestamp;
    case FieldType::list:
    case FieldType::object:
    case FieldType::json:
      return Family::other;
  }
  return Family::other;
}

Status same_family(const Relation& relation, const At& at, const Node& a, const Node& b) {
  const Family family = family_of(a.type);
  if (family == family_of(b.type) && family != Family::other) return ok_status();
  return wrong(at, "relation_types_differ",
               fmt::format("relation `{}` joins `{}`, which is {}, with `{}`, which is {}",
                           relation.name, a.column, to_string(a.type), b.column, to_string(b.type)),
               "Give both one type, with a cast in a model's sql.");
}

template <class T>
std::vector<std::string> names_of(const std::vector<T>& all) {
  std::vector<std::string> names;
  for (const T& one : all) names.push_back(one.name);
  return names;
}

// The column of that name, or the only one that has it in other letters: engines that fold names
// keep them in small letters or in capitals.
std::vector<ColumnInfo>::const_iterator column_of(const std::vector<ColumnInfo>& columns,
                                                  const std::string& name) {
  const auto same = [&](const ColumnInfo& one) { return one.name == name; };
  const auto alike = [&](const ColumnInfo& one) { return lower(one.name) == lower(name); };
  const auto exact = std::find_if(columns.begin(), columns.end(), same);
  if (exact != columns.end() || std::count_if(columns.begin(), columns.end(), alike) != 1)
    return exact;
  return std::find_if(columns.begin(), columns.end(), alike);
}

}  // namespace

At place_of(const Segment& segment, const std::string& pointer) {
  return {segment.place, segment.name.empty() ? "" : "segment " + segment.name, pointer};
}

At place_of(const Model& model, const std::string& pointer) {
  return {model.place, "model " + model.name, pointer};
}

Group group_of(const Rule& rule) {
  if (const auto* all = std::get_if<AllOf>(&rule.test)) return {&all->rules, "all"};
  if (const auto* any = std::get_if<AnyOf>(&rule.test)) return {&any->rules, "any"};
  if (const auto* none = std::get_if<NoneOf>(&rule.test)) return {&none->rules, "none"};
  return {};
}

At place_of_part(const Rule& rule, const Group& group, const At& at, size_t nth) {
  const Rule& part = (*group.parts)[nth];
  At out = at.below(part.place, fmt::format("/{}/{}", group.key, nth));
  if (rule.added) out.pointer = at.pointer;
  if (part.added) out.pointer.clear();
  return out;
}

Error wrong(const At& at, std::string code, std::string message, std::string remedy) {
  Error out{.kind = ErrorKind::invalid,
            .message = std::move(message),
            .remedy = std::move(remedy),
            .code = std::move(code)};
  if (at.place.line > 0 || !at.object.empty() || !at.pointer.empty())
    out.place = ErrorPlace{.line = at.place.line,
                           .column = at.place.column,
                           .object = at.object,
                           .pointer = at.pointer};
  return out;
}

int level_of(const Join& join) {
  int level = std::max(join.key->level, join.foreign->level);
  if (join.through) level = std::max({level, join.through_key->level, join.through_foreign->level});
  return level;
}

int level_of(const Condition& condition) {
  int level = condition.node ? condition.node->level : 0;
  if (condition.join) level = std::max(level, level_of(*condition.join));
  for (const Condition& part : condition.parts) level = std::max(level, level_of(part));
  return level;
}

int level_of_row(const Condition& condition) {
  if (condition.join) return condition.join->key->level;
  int level = condition.node ? condition.node->level : 0;
  for (const Condition& part : condition.parts) level = std::max(level, level_of_row(part));
  return level;
}

Result<const Model*> Graph::model(const std::string& name, const At& at) {
  const Model* found = catalog_.model(name);
  if (!found)
    return wrong(
        at, "model_unknown",
        "there is no model `" + name + "`" + did_you_mean(name, names_of(catalog_.models)));
  TRY(catalog_.sound("model", name));
  if (std::find(models_.begin(), models_.end(), found) == models_.end()) models_.push_back(found);
  return found;
}

std::vector<const Node*> Graph::nodes_of(const Model& model) const {
  std::vector<const Node*> out;
  for (const Node& node : nodes_)
    if (node.model == &model) out.push_back(&node);
  return out;
}

Result<std::vector<Node>> Graph::plain_fields(const Model& model) {
  const auto schema = schemas_.find(model.name);
  if (schema == schemas_.end())
    return Error{.kind = ErrorKind::invalid,
                 .message = "model `" + model.name + "` was not described"};
  std::vector<Field> declared = model.fields;
  if (declared.empty())
    for (const ColumnInfo& column : schema->second) declared.push_back({.name = column.name});
  std::vector<Node> out;
  std::map<std::string, std::string> seen;  // as an engine compares names
  for (const ComputedField& computed : model.computed)
    seen.emplace(lower(computed.name), computed.name);
  for (const Field& field : declared) {
    const bool replaced =
        std::any_of(model.computed.begin(), model.computed.end(),
                    [&](const ComputedField& one) { return one.name == field.name; });
    if (replaced) continue;
    const auto [other, fresh] = seen.emplace(lower(field.name), field.name);
    if (!fresh)
      return wrong(
          place_of(model, "/fields"), "field_names_alike",
          fmt::format("model `{}` has the fields `{}` and `{}`, which engines cannot tell apart",
                      model.name, other->second, field.name),
          "Name one of them otherwise, under `fields`.");
    const std::string& column = field.column.empty() ? field.name : field.column;
    const auto found = column_of(schema->second, column);
    if (found == schema->second.end())
      return wrong(place_of(model, ""), "column_unknown",
                   fmt::format("the table of model `{}` has no column `{}`{}", model.name, column,
                               did_you_mean(column, names_of(schema->second))),
                   "Columns: " + join(names_of(schema->second), ", ") + ".");
    out.push_back({.kind = Node::Kind::column,
                   .model = &model,
                   .column = field.name,
                   .type = found->type,
                   .source_column = found->name,
                   .zoned = found->zoned,
                   .native = found->native});
  }
  return out;
}

Result<const Node*> Graph::add(const Model& model, const std::string& key, const std::string& what,
                               const At& at, const std::function<Result<Node>()>& make) {
  const auto [known, fresh] = known_.emplace(std::pair(&model, key), nullptr);
  if (!fresh) {
    if (known->second) return known->second;
    return wrong(at, "made_of_itself",
                 what + " is made of itself: " + join(path_, " > ") + " > " + what);
  }
  if (path_.size() >= kLongestPath)
    return wrong(
        at, "made_of_too_many",
        fmt::format("more than {} fields or segments are made of one another", kLongestPath));
  path_.push_back(what);
  auto made = make();
  path_.pop_back();
  if (!made.ok()) {
    known_.erase(std::pair(&model, key));
    return std::move(made.error());
  }
  nodes_.push_back(std::move(made.value()));
  known_[std::pair(&model, key)] = &nodes_.back();
  return static_cast<const Node*>(&nodes_.back());
}

Result<const Node*> Graph::field(const Model& model, const std::string& name, const At& at) {
  if (const auto known = known_.find({&model, name}); known != known_.end() && known->second)
    return known->second;
  for (size_t i = 0; i < model.computed.size(); ++i) {
    const ComputedField& one = model.computed[i];
    if (one.name != name) continue;
    const At here = place_of(model, "/computed").below(one.place, "/" + std::to_string(i));
    return add(model, name, "field `" + name + "`", here, [&]() -> Result<Node> {
      return in_context(computed(model, one, here),
                        fmt::format("field {} of model {}", name, model.name));
    });
  }
  const std::vector<Node> plain = TRY(plain_fields(model));
  std::vector<std::string> names;
  for (const Node& node : plain) {
    if (node.column == name)
      return add(model, name, "field `" + name + "`", at, [&]() -> Result<Node> { return node; });
    names.push_back(node.column);
  }
  for (const ComputedField& one : model.computed) names.push_back(one.name);
  return wrong(
      at, "field_unknown",
      fmt::format("model `{}` has no field `{}`{}", model.name, name, did_you_mean(name, names)),
      "Fields: " + join(names, ", ") + ".");
}

Result<const Node*> Graph::segment(const Model& model, const std::string& name, const At& at) {
  const Segment* named = catalog_.segment(name);
  if (!named)
    return wrong(
        at, "segment_unknown",
        "there is no segment `" + name + "`" + did_you_mean(name, names_of(catalog_.segments)));
  TRY(catalog_.sound("segment", name));
  if (named->model != model.name)
    return wrong(at, "segment_of_another_model",
                 fmt::format("segment `{}` is over model `{}`, and here rows are of `{}`", name,
                             named->model, model.name));
  // A name no field can have, so that segments and fields of one name stay apart.
  return add(model, std::string("\0", 1) + name, "segment `" + name + "`", at,
             [&]() -> Result<Node> {
               Node node{.kind = Node::Kind::segment,
                         .model = &model,
                         .column = free_name(model, "in segment " + name)};
               node.type = FieldType::boolean;
               node.conditions.push_back(TRY(in_context(
                   condition(model, named->where, place_of(*named, "/where")), "segment " + name)));
               node.level = 1 + level_of(node.conditions[0]);
               return node;
             });
}

// A computed field that only this rule has.
Result<const Node*> Graph::aggregate(const Model& model, const RelatedTest& test, const At& at) {
  ComputedField& field = asked_.emplace_back();
  field.name = free_name(model, fmt::format("{} of {}", test.field, test.relation));
  field.how = ComputedField::Aggregated{test.aggregate, test.relation, test.field, test.where};
  field.place = at.place;
  return add(model, std::string("\0\0", 2) + field.name, "a rule over `" + test.relation + "`", at,
             [&] { return computed(model, field, at); });
}

Result<Condition> Graph::rule_of(const Segment& segment, const Model& model) {
  const At at = place_of(segment, "/where");
  if (segment.name.empty()) return condition(model, segment.where, at);
  // Stands as being resolved, and is never a node: nothing may use it.
  const auto key = std::pair(&model, std::string("\0", 1) + segment.name);
  known_.emplace(key, nullptr);
  path_.push_back("segment `" + segment.name + "`");
  auto out = in_context(condition(model, segment.where, at), "segment " + segment.name);
  path_.pop_back();
  known_.erase(key);
  return out;
}

std::string Graph::free_name(const Model& model, std::string wanted) {
  std::vector<std::string> taken;
  if (const auto schema = schemas_.find(model.name); schema != schemas_.end())
    for (const ColumnInfo& column : schema->second) taken.push_back(lower(column.name));
  for (const Field& field : model.fields) taken.push_back(lower(field.name));
  for (const ComputedField& field : model.computed) taken.push_back(lower(field.name));
  for (const Node& node : nodes_)
    if (node.model == &model) taken.push_back(lower(node.column));
  for (const ComputedField& field : asked_) taken.push_back(lower(field.name));
  while (std::find(taken.begin(), taken.end(), lower(wanted)) != taken.end()) wanted += '_';
  return wanted;
}

Result<Join> Graph::way(const Model& of, const std::string& name, const At& at) {
  const auto found = std::find_if(of.relations.begin(), of.relations.end(),
                                  [&](const Relation& one) { return one.name == name; });
  if (found == of.relations.end()) {
    const auto names = names_of(of.relations);
    return wrong(
        at, "relation_unknown",
        fmt::format("model `{}` has no relation `{}`{}", of.name, name, did_you_mean(name, names)),
        names.empty() ? "Declare it under the model's `relations`."
                      : "Relations: " + join(names, ", ") + ".");
  }
  const Relation& relation = *found;
  const At here = place_of(of, "/relations")
                      .below(relation.place, "/" + std::to_string(found - of.relations.begin()));
  Join out{.relation = &relation};
  const auto resolve = [&]() -> Status {
    out.other = TRY(model(relation.model, here));
    out.key = TRY(field(of, relation.key, here));
    out.foreign = TRY(field(*out.other, relation.foreign_key, here));
    if (relation.kind != RelationKind::many_to_many)
      return same_family(relation, here, *out.key, *out.foreign);
    if (relation.through.empty())
      return wrong(here, "through_missing", "a many_to_many relation needs a join model",
                   "Name it under `through`, with `through_key` and `through_foreign_key`.");
    out.through = TRY(model(relation.through, here));
    out.through_key = TRY(field(*out.through, relation.through_key, here));
    out.through_foreign = TRY(field(*out.through, relation.through_foreign_key, here));
    TRY(same_family(relation, here, *out.key, *out.through_key));
    return same_family(relation, here, *out.through_foreign, *out.foreign);
  };
  TRY(in_context(resolve(), fmt::format("relation {} of model {}", name, of.name)));
  return out;
}

Result<Condition> Graph::condition(const Model& model, const Rule& rule, const At& at) {
  return bind(model, rule, at.below(rule.place, ""), 0);
}

Result<Condition> Graph::bind(const Model& model, const Rule& rule, const At& at, int depth) {
  if (depth > kDeepestRule)
    return wrong(at, "rule_too_deep",
                 fmt::format("the rule is nested more than {} deep", kDeepestRule));
  Condition out{.at = at};
  if (const Group group = group_of(rule); group.parts) {
    out.kind = group.key == "all"   ? Condition::Kind::all
               : group.key == "any" ? Condition::Kind::any
                                    : Condition::Kind::none;
    for (size_t i = 0; i < group.parts->size(); ++i)
      out.parts.push_back(
          TRY(bind(model, (*group.parts)[i], place_of_part(rule, group, at, i), depth + 1)));
    return out;
  }
  const auto bind_test = [&](const Node* node, const std::string& name, const Op op,
                             const Operand& value) -> Result<Condition> {
    out.kind = Condition::Kind::test;
    out.node = node;
    out.name = name;
    out.op = op;
    out.value = value;
    const auto allowed = operators_of(node->type);
    if (std::find(allowed.begin(), allowed.end(), op) != allowed.end()) return out;
    std::vector<std::string> names;
    for (const Op one : allowed) names.emplace_back(word(one));
    return wrong(
        at, "operator_not_of_type",
        fmt::format("`{}` is of type {}, which has no operator `{}`", name, to_string(node->type),
                    word(op)),
        "Operators: " + join(names, ", ") +
            (node->type == FieldType::text ? ". Of texts that are numbers or dates, declare "
                                             "the field's `type` in the model."
                                           : "."));
  };
  if (const auto* test = std::get_if<FieldTest>(&rule.test)) {
    const Node* node = TRY(field(model, test->field, at));
    if (test->ignore_case && node->type != FieldType::text)
      return wrong(at, "ignore_case_not_of_type",
                   fmt::format("`{}` is of type {}: `ignore_case` is for text", test->field,
                               to_string(node->type)));
    out.ignore_case = test->ignore_case;
    return bind_test(node, test->field, test->op, test->value);
  }
  if (const auto* related = std::get_if<RelatedTest>(&rule.test)) {
    if (related->aggregate != Aggregate::count) {
      const Node* node = TRY(aggregate(model, *related, at));
      return bind_test(node, related->field, related->op, related->value);
    }
    out.kind = Condition::Kind::related;
    out.join = TRY(way(model, related->relation, at));
    out.name = "count";
    out.op = related->op;
    out.value = related->value;
    if (related->where)
      out.parts.push_back(TRY(bind(*out.join->other, *related->where,
                                   at.below(related->where->place, "/where"), depth + 1)));
    return out;
  }
  const auto& named = std::get<SegmentTest>(rule.test);
  out.kind = Condition::Kind::segment;
  out.node = TRY(segment(model, named.segment, at));
  out.member = named.member;
  return out;
}

Result<Node> Graph::computed(const Model& model, const ComputedField& field, const At& at) {
  Node node{.model = &model, .column = field.name, .computed = &field};
  if (const auto* how = std::get_if<ComputedField::Aggregated>(&field.how)) {
    node.kind = Node::Kind::aggregate;
    node.join = TRY(way(model, how->relation, at));
    int level = level_of(*node.join);
    node.type = FieldType::integer;
    if (!how->field.empty()) {
      node.of = TRY(this->field(*node.join->other, how->field, at));
      level = std::max(level, node.of->level);
    } else if (how->aggregate != Aggregate::count) {
      return wrong(at, "field_missing", "only count needs no `field` of the related model",
                   "Add `field`.");
    }
    if (how->where) {
      node.conditions.push_back(
          TRY(condition(*node.join->other, *how->where, at.below({}, "/where"))));
      level = std::max(level, level_of(node.conditions[0]));
    }
    node.level = level + 1;
    if (how->aggregate == Aggregate::count || how->aggregate == Aggregate::count_distinct)
      return node;
    const FieldType type = node.of->type;
    const bool reckons = how->aggregate == Aggregate::sum || how->aggregate == Aggregate::avg;
    if (reckons && !is_number(type))
      return wrong(at, "aggregate_not_of_type",
                   fmt::format("sum and avg need a number, and `{}` is of type {}", how->field,
                               to_string(type)));
    if (!reckons && family_of(type) == Family::other)
      return wrong(at, "aggregate_not_of_type",
                   fmt::format("min and max need values with an order, and `{}` is of type {}",
                               how->field, to_string(type)));
    node.type = how->aggregate == Aggregate::avg ? FieldType::number : type;
    return node;
  }
  if (const auto* how = std::get_if<ComputedField::Related>(&field.how)) {
    node.kind = Node::Kind::related;
    node.join = TRY(way(model, how->relation, at));
    const Model& other = *node.join->other;
    node.of = TRY(this->field(other, how->field, at));
    node.order =
        other.primary_key.empty() ? node.of : TRY(this->field(other, other.primary_key, at));
    node.type = node.of->type;
    node.native = node.of->native;
    node.level = 1 + std::max({level_of(*node.join), node.of->level, node.order->level});
    return node;
  }
  if (const auto* how = std::get_if<ComputedField::Formula>(&field.how)) {
    node.kind = Node::Kind::formula;
    int level = 0;
    const FormulaContext context{.printer = printer_,
                                 .today = "today",  // printed here for its type alone
                                 .zone = model.tz,
                                 .field = [&](const std::string& name) -> Result<Typed> {
                                   const Node* used = TRY(this->field(model, name, at));
                                   level = std::max(level, used->level);
                                   return Typed{printer_.identifier(name), used->type};
                                 }};
    const auto printed = print_formula(how->text, context);
    if (!printed.ok()) {
      Error error = printed.error();
      if (!error.place) error.place = wrong(at, "", "").place;
      return error;
    }
    node.type = printed->type;
    node.level = level + 1;
    return node;
  }
  const auto& how = std::get<ComputedField::Cases>(field.how);
  node.kind = Node::Kind::cases;
  int level = 0;
  std::optional<FieldType> type;
  for (size_t i = 0; i < how.cases.size(); ++i) {
    const auto& one = how.cases[i];
    if (one.when) {
      node.conditions.push_back(
          TRY(condition(model, *one.when, at.below({}, fmt::format("/cases/{}/when", i)))));
      level = std::max(level, level_of(node.conditions.back()));
    } else if (i + 1 < how.cases.size()) {
      return wrong(at, "case_unreachable",
                   "a case without `when` is for all others: it comes last");
    }
    const FieldType its = std::visit(
        [](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, bool>)
            return FieldType::boolean;
          else if constexpr (std::is_same_v<T, int64_t>)
            return FieldType::integer;
          else if constexpr (std::is_same_v<T, double>)
            return FieldType::number;
          else
            return FieldType::text;
        },
        one.then);
    if (type && *type != its && !(is_number(*type) && is_number(its)))
      return wrong(at, "case_types_differ",
                   fmt::format("the cases give {} and {}: they need one type", to_string(*type),
                               to_string(its)));
    if (!type || its == FieldType::number) type = its;
  }
  if (!type) return wrong(at, "cases_missing", "there are no cases");
  node.type = *type;
  node.level = level + 1;
  return node;
}

}  // namespace rollcall::compile
