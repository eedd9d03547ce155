// What a query needs of the models, resolved: every name looked up, every type known, every
// reference to itself refused.
//
// A Node is one column that some model's rows must have: a plain field, a computed one, or "is in
// that segment". Nodes have levels: a plain field is 0, anything else is one more than the highest
// it is made of. So a model's columns can be worked out level by level, each from what is below,
// even where two models' computed fields use each other; and each is worked out once, however often
// it is named.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compile/compile.hpp"
#include "compile/dialect.hpp"
#include "compile/formula.hpp"
#include "core/operators.hpp"

namespace rollcall::compile {

struct Node;

// Where a node of the catalog stands, for errors: in its file, if it is from one, and in its object.
struct At {
  Place place = {};
  std::string object = {};   // "model customers"; empty: what the query is about
  std::string pointer = {};  // from there: "/where/all/1"; empty: not known

  // A node below, which stands at `place` in the same file.
  [[nodiscard]] At below(const Place& its, const std::string& way) const {
    return {its, object, pointer.empty() ? "" : pointer + way};
  }
};
At place_of(const Segment& segment, const std::string& pointer);
At place_of(const Model& model, const std::string& pointer);

// The rules in an `all`, `any` or `none`, and its key; null for any other rule.
struct Group {
  const std::vector<Rule>* parts = nullptr;
  std::string_view key = {};
};
Group group_of(const Rule& rule);
// Where the nth of a group stands that stands at `at`.
At place_of_part(const Rule& rule, const Group& group, const At& at, size_t nth);

// A relation with its keys.
struct Join {
  const Relation* relation = nullptr;
  const Model* other = nullptr;
  const Node* key = nullptr;       // of this model
  const Node* foreign = nullptr;   // of the other
  const Model* through = nullptr;  // many_to_many only, as the two below
  const Node* through_key = nullptr;
  const Node* through_foreign = nullptr;
};

// A rule whose names are resolved.
struct Condition {
  enum class Kind { all, any, none, test, related, segment };
  Kind kind = Kind::all;
  std::vector<Condition> parts = {};        // all, any, none; related: the `where`, if there is one
  const Node* node = nullptr;               // test: the field; segment: whether the row is in it
  bool member = true;                       // segment
  std::optional<Join> join = std::nullopt;  // related
  std::string name = {};                    // test: the field's name, for errors
  Op op = Op::eq;                           // test; related: of the count
  Operand value = {};
  bool ignore_case = false;
  At at = {};
};

struct Node {
  enum class Kind { column, aggregate, related, formula, cases, segment };
  Kind kind = Kind::column;
  const Model* model = nullptr;
  std::string column;  // its name in the model's rows
  FieldType type = FieldType::text;
  int level = 0;

  std::string source_column = {};           // column: in the table
  bool zoned = false;                       // column
  std::string native = {};                  // column; related: of the column it comes from
  std::optional<Join> join = std::nullopt;  // aggregate, related
  const Node* of = nullptr;                 // aggregate (null: rows), related
  const Node* order = nullptr;              // related: the other's primary key
  const ComputedField* computed = nullptr;  // aggregate, formula, cases
  // aggregate: its `where`, if there is one; cases: one a `when`; segment: its rule.
  std::vector<Condition> conditions = {};

  [[nodiscard]] ColumnInfo info() const { return {column, type, zoned, native}; }
};

class Graph {
 public:
  Graph(const Catalog& catalog, const Schemas& schemas, const Printer& printer)
      : catalog_(catalog), schemas_(schemas), printer_(printer) {}

  Result<const Model*> model(const std::string& name, const At& at);
  Result<const Node*> field(const Model& model, const std::string& name, const At& at);
  // The membership of a segment of that model.
  Result<const Node*> segment(const Model& model, const std::string& name, const At& at);
  Result<Condition> condition(const Model& model, const Rule& rule, const At& at);
  // A rule that belongs to the segment of that name, so that it cannot use itself.
  Result<Condition> rule_of(const Segment& segment, const Model& model);
  // Declared fields, or every column. Without those that a computed field of the name replaces.
  Result<std::vector<Node>> plain_fields(const Model& model);

  // Everything resolved so far, by model, in the order the models were met.
  [[nodiscard]] const std::vector<const Model*>& models() const { return models_; }
  [[nodiscard]] std::vector<const Node*> nodes_of(const Model& model) const;

 private:
  Result<Condition> bind(const Model& model, const Rule& rule, const At& at, int depth);
  Result<const Node*> aggregate(const Model& model, const RelatedTest& test, const At& at);
  Result<Node> computed(const Model& model, const ComputedField& field, const At& at);
  Result<Join> way(const Model& model, const std::string& relation, const At& at);
  Result<const Node*> add(const Model& model, const std::string& key, const std::string& what,
                          const At& at, const std::function<Result<Node>()>& make);
  std::string free_name(const Model& model, std::string wanted);

  const Catalog& catalog_;
  const Schemas& schemas_;
  const Printer& printer_;
  std::vector<const Model*> models_;
  std::deque<Node> nodes_;           // their addresses stay
  std::deque<ComputedField> asked_;  // likewise: aggregates that rules name
  // Null while being resolved: met again, the thing is made of itself.
  std::map<std::pair<const Model*, std::string>, const Node*> known_;
  std::vector<std::string> path_;  // what is being resolved, outermost first
};

// The highest level of what a condition looks at; `of_row`: in its own row alone.
int level_of(const Condition& condition);
int level_of_row(const Condition& condition);
int level_of(const Join& join);

// An error (invalid) at a node. `code`: what programs tell it by.
Error wrong(const At& at, std::string code, std::string message, std::string remedy = "");

}  // namespace rollcall::compile
