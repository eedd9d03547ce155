// A model: a table or a query in a source, with a primary key, fields under names people know, and
// relations to other models. One row per person when its type is `users`.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/rows.hpp"
#include "core/rule.hpp"

namespace rollcall {

enum class ModelType { users, events, custom };

struct Field {
  std::string name;
  std::string column = {};  // in the table; the name when not given
  std::string label = {};
  // What the source says, or was found, when not given.
  std::optional<FieldType> type = std::nullopt;
  std::string format = {};  // of dates and timestamps in text
  bool operator==(const Field&) const = default;
};

enum class RelationKind { has_many, belongs_to, many_to_many };

// key: the field of this model; foreign_key: the field of the other. many_to_many goes through a
// join model: key = through.through_key and through.through_foreign_key = other.foreign_key.
struct Relation {
  std::string name;
  RelationKind kind = RelationKind::has_many;
  std::string model;
  std::string key;
  std::string foreign_key;
  std::string through = {};
  std::string through_key = {};
  std::string through_foreign_key = {};
  Place place = {};
  bool operator==(const Relation&) const = default;
};

// A field that is worked out: exactly one of the kinds below.
struct ComputedField {
  struct Aggregated {
    Aggregate aggregate = Aggregate::count;
    std::string relation;
    std::string field = {};  // empty for count
    std::shared_ptr<const Rule> where = nullptr;
    bool operator==(const Aggregated& o) const {
      const bool same_where = where && o.where ? *where == *o.where : !where && !o.where;
      return aggregate == o.aggregate && relation == o.relation && field == o.field && same_where;
    }
  };
  struct Formula {
    std::string text;
    bool operator==(const Formula&) const = default;
  };
  struct Cases {
    struct Case {
      std::shared_ptr<const Rule> when;  // null: otherwise
      Scalar then;
      bool operator==(const Case& o) const {
        const bool same_when = when && o.when ? *when == *o.when : !when && !o.when;
        return same_when && then == o.then;
      }
    };
    std::vector<Case> cases;
    bool operator==(const Cases&) const = default;
  };
  struct Related {
    std::string relation;
    std::string field;
    bool operator==(const Related&) const = default;
  };
  std::string name;
  std::variant<Aggregated, Formula, Cases, Related> how = Formula{};
  std::string label = {};
  Place place = {};
  bool operator==(const ComputedField&) const = default;
};

// What the texts of a column stand for, where the source knows texts alone.
struct ColumnType {
  FieldType type = FieldType::text;
  bool zoned = false;       // timestamps: each is written with its offset
  std::string format = {};  // of dates and timestamps; ISO 8601 when empty
  bool declared = false;    // somebody says so; otherwise it was found, and no other form is taken
  bool operator==(const ColumnType&) const = default;
};
using ColumnTypes = std::map<std::string, ColumnType>;  // by column
using TableTypes = std::map<std::string, ColumnTypes>;  // by table

struct Model {
  std::string name;
  std::optional<std::string> id = std::nullopt;
  ModelType type = ModelType::users;
  std::string source;
  std::string table = {};  // one of table and sql
  std::string sql = {};
  std::string primary_key;         // a field's name
  std::vector<Field> fields = {};  // empty: every column under its own name
  std::vector<ComputedField> computed = {};
  std::vector<Relation> relations = {};
  // What was found in the files when the model was applied; holds from then on.
  TableTypes types = {};
  std::string tz = "UTC";  // of zoneless timestamps and of calendar days
  std::string uid = {};    // given by the store, for ever. Never in a file
  Place place = {};
  bool operator==(const Model&) const = default;
};

}  // namespace rollcall
