// Reading a segment: describes the models it reaches, compiles its rule and runs the query, all on
// one connection, so that everything comes from one instant of the data.
//
// Threads: a Reader belongs to one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "compile/compile.hpp"
#include "core/catalog.hpp"
#include "source/source.hpp"

namespace rollcall::segment {

// A model's primary key is unique and never null, or nearly so.
struct KeyCheck {
  int64_t rows = 0, nulls = 0;
  int64_t repeated = 0;                    // rows beyond the first of their key
  std::vector<std::string> examples = {};  // some keys that repeat, with how often
  std::string key = {};                    // the field
  [[nodiscard]] bool good() const { return nulls + repeated == 0; }
  // More than a twentieth of the rows: nobody could say who is who.
  [[nodiscard]] bool refused() const { return 20 * (nulls + repeated) > rows; }
  [[nodiscard]] std::string text() const;
  [[nodiscard]] static std::string remedy();
};

class Reader {
 public:
  // Connects to the source of the segment's model and describes what it reaches.
  static Result<Reader> open(const Catalog& catalog, const Segment& segment,
                             const std::vector<std::string>& fields,
                             const source::OpenOptions& options);

  // The fields of the segment's model, with types.
  [[nodiscard]] Result<std::vector<ColumnInfo>> fields() const;
  [[nodiscard]] Result<SqlQuery> sql(const compile::Query& query) const;
  // What the engine makes of it, without reading rows.
  [[nodiscard]] Result<std::vector<ColumnInfo>> describe(const SqlQuery& query);
  Result<std::unique_ptr<source::RowStream>> rows(const SqlQuery& query,
                                                  const std::stop_token& stop);

  struct Size {
    int64_t members = 0;
    int64_t people = 0;  // in the model
  };
  // Of the reader's segment, or of another of its model that reaches no further.
  Result<Size> count(Time now, const std::stop_token& stop);
  Result<Size> count(const Segment& segment, Time now, const std::stop_token& stop);
  // Whether the model's primary key is what it should be, by a look at all of its rows.
  Result<KeyCheck> check_key(Time now, const std::stop_token& stop);

 private:
  Reader(const Catalog& catalog, Segment segment)
      : catalog_(&catalog), segment_(std::move(segment)) {}
  // Of its primary key, where the source counts them by itself.
  Result<std::optional<source::ValueCounts>> count_keys(const Model& model);

  const Catalog* catalog_;  // outlives the reader
  Segment segment_;
  Dialect dialect_ = Dialect::duckdb;
  std::unique_ptr<source::Connection> connection_;
  compile::Schemas schemas_;
};

// Whether a column of this name is meant: engines do not tell ASCII letters' case apart.
bool is_column(std::string name, std::string wanted);

// What the texts of a model's tables stand for: what was found and is stored, and what its fields
// declare.
TableTypes types_of(const Model& model);
// A look at all that a model's files hold, for sources whose files do not say; empty for the
// others.
Result<std::vector<source::Look>> look(const Catalog& catalog, const Model& model,
                                       source::OpenOptions options);

struct TypesFound {
  std::string model;
  bool changed = false;  // what is stored with the model
  std::vector<source::Look> looks = {};
  std::optional<Error> error = std::nullopt;  // they could not be looked at
};
// Looks at the files of the models that are wanted, and puts what is found into them: types that
// were there before stay, but for those of columns that are keys.
std::vector<TypesFound> find_types(Catalog& catalog,
                                   const std::function<bool(const Model&)>& wanted,
                                   const source::OpenOptions& options);

}  // namespace rollcall::segment
