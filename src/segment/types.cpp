// The types of texts in files: what is stored of them and declared, and how they are found.
#include <fmt/format.h>

#include <algorithm>

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

// Keys are texts as written. A whole number that is written plainly is one, too: it is printed as
// it is written.
class Keys {
 public:
  explicit Keys(Catalog& catalog) : catalog_(catalog) {}

  void settle() {
    for (Model& model : catalog_.models) plain(found_of(&model, model.primary_key));
    for (const Activation& activation : catalog_.activations)
      if (const Segment* segment = catalog_.segment(activation.segment))
        match_key(model(segment->model), activation.match_key.field);
    for (const Destination& destination : catalog_.destinations)
      if (destination.defaults && destination.defaults->match_key)
        for (Model& one : catalog_.models)
          if (destination.defaults->model.value_or(one.name) == one.name)
            match_key(&one, destination.defaults->match_key->field);
    // One column may be the key of several relations.
    for (bool again = true; again;) {
      again = false;
      for (Model& one : catalog_.models)
        for (const Relation& relation : one.relations) {
          Model* other = model(relation.model);
          if (relation.through.empty()) {
            again |= alike(found_of(&one, relation.key), found_of(other, relation.foreign_key));
            continue;
          }
          Model* through = model(relation.through);
          again |= alike(found_of(&one, relation.key), found_of(through, relation.through_key));
          again |= alike(found_of(other, relation.foreign_key),
                         found_of(through, relation.through_foreign_key));
        }
    }
  }

 private:
  Model* model(const std::string& name) {
    for (Model& one : catalog_.models)
      if (one.name == name) return &one;
    return nullptr;
  }

  static bool plain(const std::vector<ColumnType*>& types) {
    bool changed = false;
    for (ColumnType* type : types)
      if (type->type != FieldType::integer && type->type != FieldType::text) {
        *type = {};
        changed = true;
      }
    return changed;
  }

  static void match_key(Model* model, const std::string& field) {
    if (model != nullptr && field != model->primary_key)
      for (ColumnType* type : found_of(model, field)) *type = {};
  }

  // Both of the keys of a relation are texts where one is.
  static bool alike(const std::vector<ColumnType*>& a, const std::vector<ColumnType*>& b) {
    bool changed = plain(a);
    changed |= plain(b);
    const auto is_text = [](const ColumnType* type) { return type->type == FieldType::text; };
    if (!std::any_of(a.begin(), a.end(), is_text) && !std::any_of(b.begin(), b.end(), is_text))
      return changed;
    for (const auto* both : {&a, &b})
      for (ColumnType* type : *both)
        if (!is_text(type)) {
          *type = {};
          changed = true;
        }
    return changed;
  }

  Catalog& catalog_;
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
  TRY(in_context(model.sql.empty() ? connection->describe_table(model.table)
                                   : connection->describe_query(model.sql),
                 "model " + model.name));
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
    if (!found.ok()) continue;  // who holds the model against its data says why
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
