#include "attributes/attributes.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace rollcall::attributes {
namespace {

void append_text(std::string& out, std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
  if (plain) {
    out += '"';
    out += text;
    out += '"';
  } else {
    out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
}

void append_number(std::string& out, double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  const std::string_view text(buffer, static_cast<size_t>(end - buffer));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_integer(std::string& out, int64_t value) {
  char buffer[20];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

// With zeros before it. A format string is read anew for every value, which is most of what a date
// costs then.
void append_digits(std::string& out, unsigned value, unsigned digits) {
  const size_t end = out.size() + digits;
  out.resize(end);
  for (unsigned i = 1; i <= digits; ++i, value /= 10)
    out[end - i] = static_cast<char>('0' + value % 10);
}

// Years 1 to 9999, the forms Iterable reads back as dates.
bool append_day(std::string& out, int64_t days) {
  constexpr int64_t kFirst = -719162, kLast = 2932896;  // 0001-01-01 and 9999-12-31
  if (days < kFirst || days > kLast) return false;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  append_digits(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.day()), 2);
  return true;
}

bool append_moment(std::string& out, int64_t micros) {
  constexpr int64_t kDay = 86'400'000'000;
  int64_t days = micros / kDay, rest = micros % kDay;
  if (rest < 0) rest += kDay, --days;
  if (!append_day(out, days)) return false;
  const auto seconds = static_cast<unsigned>(rest / 1'000'000);
  const char* before = " ";
  for (const unsigned part : {seconds / 3600, seconds / 60 % 60, seconds % 60}) {
    out += before;
    append_digits(out, part, 2);
    before = ":";
  }
  out += " +00:00";
  return true;
}

bool looks_like_a_date(std::string_view text) {
  // "yyyy-MM-dd" and whatever may follow it.
  if (text.size() < 10) return false;
  for (size_t i = 0; i < 10; ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (i == 4 || i == 7 ? text[i] != '-' : !digit) return false;
  }
  return true;
}

}  // namespace

std::optional<AttributeType> natural_type(FieldType type) {
  switch (type) {
    case FieldType::boolean:
      return AttributeType::boolean;
    case FieldType::integer:
      return AttributeType::long_;
    case FieldType::number:
    case FieldType::decimal:
      return AttributeType::double_;
    case FieldType::text:
      return AttributeType::string;
    case FieldType::date:
    case FieldType::timestamp:
      return AttributeType::date;
    case FieldType::object:
      return AttributeType::object;
    case FieldType::list:
    case FieldType::json:
      return std::nullopt;
  }
  return std::nullopt;
}

bool converts(FieldType from, AttributeType to) {
  switch (to) {
    case AttributeType::string:
      return has_one_value(from);
    case AttributeType::long_:
      return from == FieldType::integer;
    case AttributeType::double_:
      return from == FieldType::integer || from == FieldType::number || from == FieldType::decimal;
    case AttributeType::boolean:
      return from == FieldType::boolean;
    case AttributeType::date:
      return from == FieldType::date || from == FieldType::timestamp;
    case AttributeType::object:
    case AttributeType::geo_location:
      return from == FieldType::object || from == FieldType::json;
  }
  return false;
}

Result<std::vector<Target>> targets(const std::vector<Attribute>& mapping,
                                    const std::vector<ColumnInfo>& columns) {
  std::vector<Target> out;
  for (const Attribute& attribute : mapping) {
    const ColumnInfo* column = nullptr;
    std::vector<std::string> names;
    for (const ColumnInfo& info : columns) {
      names.push_back(info.name);
      if (info.name == attribute.field) column = &info;
    }
    if (column == nullptr)
      return Error{
          ErrorKind::invalid,
          "the model has no field `" + attribute.field + "`" + did_you_mean(attribute.field, names),
          "Map one of its fields: " + join(names, ", ") + "."};
    std::optional<AttributeType> type =
        attribute.type ? attribute.type : natural_type(column->type);
    if (attribute.type && column->type != FieldType::list &&
        !converts(column->type, *attribute.type))
      return Error{
          ErrorKind::invalid,
          fmt::format("`{}` is of type {} and cannot be sent to `{}` as {}", attribute.field,
                      to_string(column->type), attribute.to, to_string(*attribute.type)),
          "Leave `type` out, or convert the value in the model's SQL or a formula."};
    if (column->type == FieldType::list) type = std::nullopt;
    out.push_back(
        {attribute.field, attribute.to, column->type, type, attribute.create, attribute.merge});
  }
  return out;
}

bool append_value(std::string& out, const Column& column, size_t row, const Target& target,
                  int64_t& unholdable) {
  if (!column.valid[row]) return false;
  const bool as_string = target.type == AttributeType::string;
  const size_t start = out.size();
  const auto refuse = [&] {
    out.resize(start);
    ++unholdable;
    return false;
  };
  switch (column.type) {
    case FieldType::boolean:
      if (as_string) out += '"';
      out += column.ints[row] ? "true" : "false";
      if (as_string) out += '"';
      return true;
    case FieldType::integer: {
      if (as_string) out += '"';
      append_integer(out, column.ints[row]);
      if (target.type == AttributeType::double_) out += ".0";
      if (as_string) out += '"';
      return true;
    }
    case FieldType::number: {
      const double value = column.doubles[row];
      if (!std::isfinite(value)) return refuse();
      if (as_string) out += '"';
      append_number(out, value);
      if (as_string) out += '"';
      return true;
    }
    case FieldType::decimal: {
      const std::string_view text = column.texts[row];
      const bool plain =
          !text.empty() && text.find_first_not_of("-0123456789.") == std::string::npos;
      if (!plain) return refuse();
      if (as_string) out += '"';
      // JSON wants a digit before the point.
      if (text[0] == '.') out += '0';
      if (text.size() > 1 && text[0] == '-' && text[1] == '.') {
        out += "-0";
        out += text.substr(1);
      } else {
        out += text;
      }
      if (!as_string && text.find('.') == std::string::npos) out += ".0";
      if (as_string) out += '"';
      return true;
    }
    case FieldType::text:
      append_text(out, column.texts[row]);
      return true;
    case FieldType::date:
      out += '"';
      if (!append_day(out, column.ints[row])) return refuse();
      out += '"';
      return true;
    case FieldType::timestamp:
      out += '"';
      if (!append_moment(out, column.ints[row])) return refuse();
      out += '"';
      return true;
    case FieldType::json:
      if (trim(column.texts[row]) == "null") return false;
      [[fallthrough]];
    case FieldType::list:
    case FieldType::object:
      out += column.texts[row];
      return true;
  }
  return false;
}

uint64_t fingerprint(std::string_view wire_text) {
  static const unsigned char kKey[crypto_shorthash_KEYBYTES] = {
      'r', 'o', 'l', 'l', 'c', 'a', 'l', 'l', ' ', 'l', 'e', 'd', 'g', 'e', 'r', '1'};
  unsigned char hash[crypto_shorthash_BYTES];
  crypto_shorthash(hash, reinterpret_cast<const unsigned char*>(wire_text.data()), wire_text.size(),
                   kKey);
  uint64_t out = 0;
  for (const unsigned char byte : hash) out = out << 8 | byte;
  return out == 0 ? 1 : out;
}

namespace {

// A name as people read it: without case, spaces and marks.
std::string bare(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (c != ' ' && c != '_' && c != '-' && c != '.') out += c;
  ascii_lower(out);
  return out;
}

}  // namespace

std::vector<Finding> compare(const std::vector<Target>& all,
                             const std::map<std::string, std::string>& project_fields) {
  std::vector<std::string> names;
  for (const auto& [name, type] : project_fields) names.push_back(name);
  std::vector<Finding> out;
  size_t to_create = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    const Target& target = all[i];
    const auto found = project_fields.find(target.to);
    if (found != project_fields.end()) {
      if (!target.type || found->second == to_string(*target.type)) continue;
      std::string remedy = "Map it to another field";
      for (const AttributeType type : {AttributeType::string, AttributeType::double_})
        if (found->second == to_string(type) && converts(target.from, type))
          remedy = fmt::format(
              "Write `type: {}` in the mapping to convert it, or map it to another field",
              found->second);
      out.push_back(
          {Finding::Kind::conflict, i,
           fmt::format("Iterable's field `{}` is of type {} for ever, and `{}` would send {}",
                       target.to, found->second, target.field, to_string(*target.type)),
           remedy + "; Iterable cannot change a field's type."});
    } else if (target.create) {
      if (project_fields.size() + ++to_create > kFieldsMax)
        out.push_back(
            {Finding::Kind::doubtful, i,
             fmt::format("the project has {} fields already, and Iterable allows {}: `{}` may not "
                         "be created",
                         thousands(static_cast<int64_t>(project_fields.size())),
                         thousands(static_cast<int64_t>(kFieldsMax)), target.to),
             "Until it is, the attribute is pending. Iterable can raise the limit."});
      out.push_back(
          {Finding::Kind::to_create, i, fmt::format("field `{}` will be created", target.to), ""});
      for (const std::string& name : names)
        if (bare(name) == bare(target.to))
          out.push_back(
              {Finding::Kind::doubtful, i,
               fmt::format("field `{}` will be created beside `{}`, which is there already and "
                           "differs in case, spaces or marks alone",
                           target.to, name),
               fmt::format("Is `to: {}` meant? A field once made can never be taken away.", name)});
    } else {
      out.push_back(
          {Finding::Kind::missing, i,
           fmt::format("Iterable has no field `{}`{}", target.to, did_you_mean(target.to, names)),
           "Names are case- and space-sensitive. Correct it, or write `create: true` to make the "
           "field."});
    }
  }
  return out;
}

bool json_fits(std::string_view wire_text, std::string_view field_type) {
  const std::string_view text = trim(wire_text);
  if (text.empty() || text == "null") return true;
  if (text[0] == '[') {
    // Elements one by one: brackets and commas within texts and deeper are theirs.
    size_t from = 1;
    int depth = 0;
    bool quoted = false;
    for (size_t i = 1; i < text.size(); ++i) {
      const char c = text[i];
      if (quoted) {
        if (c == '\\') ++i;
        if (c == '"') quoted = false;
      } else if (c == '"') {
        quoted = true;
      } else if (c == '[' || c == '{') {
        ++depth;
      } else if (depth > 0 && (c == ']' || c == '}')) {
        --depth;
      } else if (depth == 0 && (c == ',' || c == ']')) {
        if (!json_fits(text.substr(from, i - from), field_type)) return false;
        from = i + 1;
      }
    }
    return true;
  }
  if (text[0] == '{') return field_type == "object" || field_type == "geo_location";
  if (text[0] == '"') return field_type == "string" || field_type == "date";
  if (text[0] == 't' || text[0] == 'f') return field_type == "boolean";
  const bool whole = text.find_first_of(".eE") == std::string_view::npos;
  return field_type == "double" || (whole && field_type == "long");
}

bool fixes_type(std::string_view wire_text, const Target& target) {
  if (target.from == FieldType::json)
    return wire_text.find_first_not_of("[]{}\" \n\t") != std::string_view::npos;
  if (target.from == FieldType::list)
    return wire_text.find_first_not_of("[] \n\t") != std::string_view::npos;
  if (target.from == FieldType::object) return wire_text.find(':') != std::string_view::npos;
  if (target.type == AttributeType::string) {
    const std::string_view inside = wire_text.substr(1, wire_text.size() - 2);
    return !inside.empty() && !looks_like_a_date(inside);
  }
  return true;
}

}  // namespace rollcall::attributes
