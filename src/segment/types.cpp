// The types of texts in files: what is stored of them and declared, and how they are found.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "segment/header.hpp"
#include "segment/segment.hpp"

namespace rollcall::segment {

namespace {

const std::string& column_of(const Model& model, const std::string& field) {
  for (const Field& one : model.fields)
    if (one.name == field) return one.column.empty() ? one.name : one.column;
  return field;
}

bool is_declared(const Model& model, const std::string& column) {
  return std::any_of(model.fields.begin(), model.fields.end(), [&](const Field& field) {
    return field.type && is_column(field.column.empty() ? field.name : field.column, column);
  });
}

// Every type that was found for the column behind a field: a model's query may read several tables
// that have one of the name.
std::vector<ColumnType*> found_of(Model* model, const std::string& field) {
  std::vector<ColumnType*> out;
  if (model == nullptr) return out;
  const std::string& column = column_of(*model, field);
  if (is_declared(*model, column)) return out;
  for (auto& [table, columns] : model->types)
    for (auto& [name, type] : columns)
      if (is_column(name, column)) out.push_back(&type);
  return out;
}

// The columns that the catalog itself takes for numbers: a rule compares them with some, or an
// attribute is declared to be one.
class Numbers {
 public:
  explicit Numbers(Catalog& catalog) : catalog_(catalog) {
    for (const Segment& segment : catalog.segments)
      take(catalog.model(segment.model), segment.where);
    for (const Model& model : catalog.models)
      for (const ComputedField& field : model.computed) take(model, field);
    for (const Activation& activation : catalog.activations)
      if (const Segment* segment = catalog.segment(activation.segment))
        for (const Attribute& attribute : activation.attributes)
          if (attribute.type == AttributeType::long_ || attribute.type == AttributeType::double_)
            add(catalog.model(segment->model), attribute.field);
  }
  [[nodiscard]] bool has(const ColumnType* type) const { return columns_.contains(type); }
  // Whether that was new.
  bool add(const ColumnType* type) { return columns_.insert(type).second; }

 private:
  void add(const Model* model, const std::string& field) {
    for (Model& one : catalog_.models)
      if (&one == model)
        for (const ColumnType* type : found_of(&one, field)) add(type);
  }

  const Model* related(const Model* model, const std::string& name) const {
    if (model == nullptr) return nullptr;
    for (const Relation& relation : model->relations)
      if (relation.name == name) return catalog_.model(relation.model);
    return nullptr;
  }

  static bool is_number(const FieldTest& test) {
    const auto number = [](const Scalar& value) {
      return std::holds_alternative<int64_t>(value) || std::holds_alternative<double>(value);
    };
    if (const auto* one = std::get_if<Scalar>(&test.value)) return number(*one);
    const auto* many = std::get_if<std::vector<Scalar>>(&test.value);
    return many != nullptr && std::any_of(many->begin(), many->end(), number);
  }

  void take(const Model* model, const Rule& rule) {
    const auto all = [&](const std::vector<Rule>& rules) {
      for (const Rule& part : rules) take(model, part);
    };
    if (const auto* test = std::get_if<AllOf>(&rule.test)) return all(test->rules);
    if (const auto* test = std::get_if<AnyOf>(&rule.test)) return all(test->rules);
    if (const auto* test = std::get_if<NoneOf>(&rule.test)) return all(test->rules);
    if (const auto* test = std::get_if<FieldTest>(&rule.test)) {
      if (is_number(*test)) add(model, test->field);
    } else if (const auto* rows = std::get_if<RelatedTest>(&rule.test)) {
      take_related(related(model, rows->relation), rows->aggregate, rows->field, rows->where.get());
    }
  }

  void take(const Model& model, const ComputedField& field) {
    if (const auto* of = std::get_if<ComputedField::Aggregated>(&field.how))
      take_related(related(&model, of->relation), of->aggregate, of->field, of->where.get());
    if (const auto* cases = std::get_if<ComputedField::Cases>(&field.how))
      for (const auto& one : cases->cases)
        if (one.when) take(&model, *one.when);
  }

  void take_related(const Model* model, Aggregate aggregate, const std::string& field,
                    const Rule* where) {
    if (aggregate != Aggregate::count && aggregate != Aggregate::count_distinct) add(model, field);
    if (where != nullptr) take(model, *where);
  }

  Catalog& catalog_;
  std::set<const ColumnType*> columns_;
};

// Keys are texts as written, unless the catalog takes them for numbers: whole ones, plainly
// written, are printed as they are written.
class Keys {
 public:
  explicit Keys(Catalog& catalog) : catalog_(catalog), numbers_(catalog) {}

  void settle() {
    // One column may be the key of several relations.
    while (each_relation([&](const Pair& pair) { return spread(pair); })) {
    }
    for (Model& model : catalog_.models) as_written(found_of(&model, model.primary_key));
    each_relation([&](const Pair& pair) {
      as_written(pair.a);
      as_written(pair.b);
      return false;
    });
    for (const Activation& activation : catalog_.activations)
      if (const Segment* segment = catalog_.segment(activation.segment))
        match_key(model(segment->model), activation.match_key.field);
    for (const Destination& destination : catalog_.destinations)
      if (destination.defaults && destination.defaults->match_key)
        for (Model& one : catalog_.models)
          if (destination.defaults->model.value_or(one.name) == one.name)
            match_key(&one, destination.defaults->match_key->field);
    while (each_relation(alike)) {
    }
  }

 private:
  using Columns = std::vector<ColumnType*>;
  struct Pair {  // the keys of a relation
    Columns a, b;
  };

  Model* model(const std::string& name) {
    for (Model& one : catalog_.models)
      if (one.name == name) return &one;
    return nullptr;
  }

  template <typename Do>
  bool each_relation(Do with) {
    bool changed = false;
    for (Model& one : catalog_.models)
      for (const Relation& relation : one.relations) {
        Model* other = model(relation.model);
        if (relation.through.empty()) {
          changed |= with({found_of(&one, relation.key), found_of(other, relation.foreign_key)});
          continue;
        }
        Model* through = model(relation.through);
        changed |= with({found_of(&one, relation.key), found_of(through, relation.through_key)});
        changed |= with({found_of(other, relation.foreign_key),
                         found_of(through, relation.through_foreign_key)});
      }
    return changed;
  }

  // Both of the keys of a relation are numbers where one is.
  bool spread(const Pair& pair) {
    const auto is_number = [&](const ColumnType* type) { return numbers_.has(type); };
    if (std::none_of(pair.a.begin(), pair.a.end(), is_number) &&
        std::none_of(pair.b.begin(), pair.b.end(), is_number))
      return false;
    bool changed = false;
    for (const Columns* both : {&pair.a, &pair.b})
      for (const ColumnType* type : *both) changed |= numbers_.add(type);
    return changed;
  }

  void as_written(const Columns& types) {
    for (ColumnType* type : types)
      if (type->type != FieldType::integer || !numbers_.has(type)) *type = {};
  }

  void match_key(Model* model, const std::string& field) {
    if (model == nullptr) return;
    for (ColumnType* type : found_of(model, field))
      if (field != model->primary_key) *type = {};
  }

  // Both are texts where one is.
  static bool alike(const Pair& pair) {
    const auto is_text = [](const ColumnType* type) { return type->type == FieldType::text; };
    if (std::none_of(pair.a.begin(), pair.a.end(), is_text) &&
        std::none_of(pair.b.begin(), pair.b.end(), is_text))
      return false;
    bool changed = false;
    for (const Columns* both : {&pair.a, &pair.b})
      for (ColumnType* type : *both)
        if (!is_text(type)) {
          *type = {};
          changed = true;
        }
    return changed;
  }

  Catalog& catalog_;
  Numbers numbers_;
};

}  // namespace

bool is_column(std::string name, std::string wanted) {
  ascii_lower(name);
  ascii_lower(wanted);
  return name == wanted;
}

TableTypes types_of(const Model& model) {
  TableTypes out = model.types;
  if (!model.table.empty() && !model.fields.empty()) out.try_emplace(model.table);
  for (const Field& field : model.fields) {
    if (!field.type) continue;
    const std::string& column = field.column.empty() ? field.name : field.column;
    const ColumnType declared = {.type = *field.type,
                                 .zoned = field.format.find("%z") != std::string::npos,
                                 .format = field.format,
                                 .declared = true};
    for (auto& [table, columns] : out) {
      bool there = false;
      for (auto& [name, type] : columns)
        if (is_column(name, column)) {
          type = declared;
          there = true;
        }
      if (!there && table == model.table) columns.emplace(column, declared);
    }
  }
  for (auto at = out.begin(); at != out.end();) at = at->second.empty() ? out.erase(at) : ++at;
  return out;
}

Result<std::vector<source::Look>> look(const Catalog& catalog, const Model& model,
                                       source::OpenOptions options) {
  const Source* from = catalog.source(model.source);
  if (from == nullptr || (from->kind != "csv" && from->kind != "parquet"))
    return std::vector<source::Look>();
  options.types = types_of(model);
  options.doubts = true;
  const auto connection = TRY(source::open(*from, options));
  auto columns = model.sql.empty() ? connection->describe_table(model.table)
                                   : connection->describe_query(model.sql);
  if (!columns.ok())
    return about_headers(std::move(columns.error()), needed_of(catalog, model, {model.name}, {}),
                         connection->looks())
        .in("model " + model.name);
  return connection->looks();
}

std::vector<TypesFound> find_types(Catalog& catalog,
                                   const std::function<bool(const Model&)>& wanted,
                                   const source::OpenOptions& options) {
  std::vector<TypesFound> out;
  std::vector<TableTypes> before;
  for (const Model& model : catalog.models) before.push_back(model.types);
  std::vector<std::vector<source::Look>> looks(catalog.models.size());
  for (size_t i = 0; i < catalog.models.size(); ++i) {
    Model& model = catalog.models[i];
    if (!wanted(model)) continue;
    const Source* from = catalog.source(model.source);
    if (from == nullptr || from->kind != "csv") model.types.clear();
    auto found = look(catalog, model, options);
    if (!found.ok()) {
      out.push_back({.model = model.name, .error = found.error()});
      continue;
    }
    TableTypes types;
    for (const source::Look& table : *found) {
      if (table.columns.empty()) continue;
      ColumnTypes& columns = types[table.table];
      if (const auto known = model.types.find(table.table); known != model.types.end())
        columns = known->second;
      for (const auto& column : table.columns)
        if (!column.type.declared) columns.try_emplace(column.name, column.type);
      if (columns.empty()) types.erase(table.table);
    }
    model.types = std::move(types);
    looks[i] = std::move(*found);
  }
  Keys(catalog).settle();
  for (size_t i = 0; i < catalog.models.size(); ++i) {
    const Model& model = catalog.models[i];
    const bool changed = model.types != before[i];
    if (!changed && looks[i].empty()) continue;
    for (source::Look& table : looks[i])
      for (auto& column : table.columns)
        if (const auto types = model.types.find(table.table); types != model.types.end())
          if (const auto type = types->second.find(column.name); type != types->second.end())
            column.type = type->second;
    out.push_back({model.name, changed, std::move(looks[i])});
  }
  return out;
}

}  // namespace rollcall::segment
