// Attributes: a field's value in the form Iterable takes it, and the mapping's types held against
// the project's. Pure.
//
// The wire form of a value is JSON text: doubles always with a fraction (417.0), dates as Iterable
// recognises them, arrays and objects whole. What JSON or Iterable cannot hold (NaN, infinity,
// dates outside the years 1 to 9999) becomes a null and is counted. Source of the forms:
// docs/facts/iterable.md, field types.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "core/activation.hpp"
#include "core/rows.hpp"

namespace rollcall::attributes {

// What a field's own type becomes in Iterable; nothing for lists, whose type is their elements',
// and for JSON, which is of the type of each value.
std::optional<AttributeType> natural_type(FieldType type);
// Whether values of `from` can be sent as `to`.
bool converts(FieldType from, AttributeType to);

// One mapped attribute, ready to write values: the column it reads and the type it writes.
struct Target {
  std::string field;
  std::string to;
  FieldType from = FieldType::text;
  std::optional<AttributeType> type = std::nullopt;  // nothing: a list, or JSON of any kind
  bool create = false;
  bool merge = false;
};
// Fails (invalid) on a field the columns lack, or a declared type its values cannot take.
Result<std::vector<Target>> targets(const std::vector<Attribute>& mapping,
                                    const std::vector<ColumnInfo>& columns);

// Raised with every change of what append_value writes, of fingerprints, or of the forms of keys: what
// was made of a row before is then made anew.
constexpr int kForms = 1;

// Appends the JSON text of a cell to `out`; false (and nothing appended) when the value is null or
// cannot be held. `unholdable` is counted up in the latter case.
bool append_value(std::string& out, const Column& column, size_t row, const Target& target,
                  int64_t& unholdable);

// 64 bits that differ when the text differs; never 0, which stands for null. Stable for ever: it is
// kept in ledgers. SipHash-2-4 under a fixed key.
uint64_t fingerprint(std::string_view wire_text);

// The mapping against users/getFields.
struct Finding {
  // doubtful: a field that will be created beside one whose name differs in case, spaces or marks
  // alone, or beyond what a project may have.
  enum class Kind { conflict, missing, to_create, doubtful };
  Kind kind;
  size_t target;
  std::string message;
  std::string remedy;
};
std::vector<Finding> compare(const std::vector<Target>& targets,
                             const std::map<std::string, std::string>& project_fields);

// Iterable allows this many profile fields in a project. Source: docs/facts/iterable.md, field
// limit.
constexpr size_t kFieldsMax = 1000;

// Whether a value of JSON can be of a field's type; an array has the type of its elements. What is
// doubtful, as a text that may be a date, can.
bool json_fits(std::string_view wire_text, std::string_view field_type);

// Whether a first value like this gives a new field the target's type: no string that looks like a
// date, no empty array or object.
bool fixes_type(std::string_view wire_text, const Target& target);

}  // namespace rollcall::attributes
