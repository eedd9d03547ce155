// A catalog held against the data it speaks of: do the fields that its rules and mappings name
// exist, with types that fit? What the catalog room cannot know, because it reads no source.
#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "core/catalog.hpp"
#include "source/source.hpp"

namespace rollcall::operations {

struct DataCheck {
  std::vector<catalog::Problem> problems;
  // What could not be looked at (a source that does not open), and what is not followed.
  std::vector<std::string> warnings;
};

// Looks at the models that have a place (those of the file), and those that its segments and
// activations are of.
DataCheck hold_against_data(const Catalog& catalog, const source::OpenOptions& options);

// Of a source whose snapshots shall be kept in the warehouse: that they are not. Empty otherwise.
std::string state_warning(const Source& source);

// "timestamp with offset"
std::string type_text(const ColumnType& type);
// "id integer, email text"
std::string types_text(const source::Look& table);
// What is told of a table beside its types: columns that might be something else, files left out.
std::vector<std::string> doubts_of(const source::Look& table);

}  // namespace rollcall::operations
