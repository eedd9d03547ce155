// Enters compile::compile with any bytes as value, as table and as column, for every dialect: what
// stands outside of quotes must not depend on them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "compile/compile.hpp"

using namespace rollcall;

namespace {

// The SQL without what is quoted. A quote within quotes is doubled.
std::string skeleton(const std::string& sql) {
  std::string out;
  char open = 0;
  for (size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    if (open == 0) {
      out += c;
      if (c == '\'' || c == '"') open = c;
    } else if (c == open) {
      if (i + 1 < sql.size() && sql[i + 1] == open)
        ++i;
      else
        open = 0;
    }
  }
  CHECK(open == 0);
  return out;
}

Result<SqlQuery> compiled(const std::string& value, const std::string& name, Op op, Dialect dialect,
                          bool ignore_case) {
  Catalog catalog;
  catalog.sources = {{.name = "s", .kind = "postgres"}};
  catalog.models = {{.name = name, .source = "s", .table = name, .primary_key = "id"}};
  catalog.models[0].computed.push_back(
      {.name = name + "2", .how = ComputedField::Formula{"lower(\"t\") || '!'"}});
  const compile::Schemas schemas = {
      {name, {{"id", FieldType::integer}, {"t", FieldType::text}, {name, FieldType::text}}}};
  compile::Query query{.segment = {.name = "case", .model = name},
                       .fields = {"id", name, name + "2"}};
  query.segment.where.test =
      FieldTest{.field = name, .op = op, .value = Scalar(value), .ignore_case = ignore_case};
  return compile::compile(catalog, schemas, query, dialect);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  constexpr Op kOps[] = {Op::eq, Op::ne, Op::contains, Op::starts_with, Op::ends_with, Op::matches};
  const Op op = kOps[data[0] % std::size(kOps)];
  const bool ignore_case = data[1] % 2 == 0;
  const std::string text(reinterpret_cast<const char*>(data + 2), size - 2);
  // Without dots, which part a table's name.
  std::string name = "n";
  for (const char c : text.substr(0, 200)) name += c == '.' ? '_' : c;
  for (const auto dialect : {Dialect::duckdb, Dialect::postgres, Dialect::trino}) {
    const auto plain = compiled("x", "n", op, dialect, ignore_case);
    CHECK(plain.ok());
    if (const auto sql = compiled(text, "n", op, dialect, ignore_case); sql.ok())
      CHECK(skeleton(sql->text) == skeleton(plain->text));
    if (const auto sql = compiled("x", name, op, dialect, ignore_case); sql.ok())
      CHECK(skeleton(sql->text) == skeleton(plain->text));
  }
  return 0;
}
