// Reading a segment: describes the models it reaches, compiles its rule and runs the query, all on
// one connection, so that everything comes from one instant of the data.
//
// Threads: a Reader belongs to one thread.
#pragma once

#include <memory>
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
  const Catalog* catalog_;  // outlives the reader
  Segment segment_;
  compile::Dialect dialect_ = compile::Dialect::duckdb;
  std::unique_ptr<source::Connection> connection_;
  compile::Schemas schemas_;
};

// Columns and types of one model as people see them.
Result<std::vector<ColumnInfo>> fields_of_model(const Catalog& catalog, const std::string& model,
                                                const source::OpenOptions& options);

}  // namespace rollcall::segment
