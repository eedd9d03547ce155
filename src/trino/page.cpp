// Pages are read as they stream by, without a tree of them in memory.
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "trino/trino.hpp"

namespace rollcall::trino {

namespace {

// So many digits from the front, as a number.
std::optional<int> digits(std::string_view& text, size_t least, size_t most) {
  size_t count = 0;
  while (count < text.size() && count < most && text[count] >= '0' && text[count] <= '9') ++count;
  if (count < least) return std::nullopt;
  int value = 0;
  std::from_chars(text.data(), text.data() + count, value);
  text.remove_prefix(count);
  return value;
}

bool skip(std::string_view& text, char what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(1);
  return true;
}

// "2026-01-02", "-0044-03-15" and "+12026-01-02", from the front.
std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
  const bool before = skip(text, '-');
  if (!before) skip(text, '+');
  const auto year = digits(text, 4, 9);
  if (!year || *year > 32767 || !skip(text, '-')) return std::nullopt;
  const auto month = digits(text, 2, 2);
  if (!month || !skip(text, '-')) return std::nullopt;
  const auto day = digits(text, 2, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(before ? -*year : *year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::optional<int64_t> date_of(std::string_view text) {
  const auto date = take_date(text);
  if (!date || !text.empty()) return std::nullopt;
  return date->time_since_epoch().count();
}

// "2026-01-02 03:04:05.678901234", as microseconds.
std::optional<int64_t> timestamp_of(std::string_view text) {
  constexpr size_t kMostDigits = 12, kMicroDigits = 6;
  const auto date = take_date(text);
  if (!date || !skip(text, ' ')) return std::nullopt;
  const auto hours = digits(text, 2, 2);
  if (!hours || !skip(text, ':')) return std::nullopt;
  const auto minutes = digits(text, 2, 2);
  if (!minutes || !skip(text, ':')) return std::nullopt;
  const auto seconds = digits(text, 2, 2);
  if (!seconds) return std::nullopt;
  std::string fraction;
  if (skip(text, '.')) {
    const std::string_view given = text;
    if (!digits(text, 1, kMostDigits)) return std::nullopt;
    fraction = given.substr(0, std::min(given.size() - text.size(), kMicroDigits));
  }
  if (!text.empty()) return std::nullopt;
  fraction.resize(kMicroDigits, '0');
  using std::chrono::microseconds;
  return microseconds(date->time_since_epoch() + std::chrono::hours(*hours) +
                      std::chrono::minutes(*minutes) + std::chrono::seconds(*seconds) +
                      microseconds(std::stoi(fraction)))
      .count();
}

class Reader : public nlohmann::json_sax<nlohmann::json> {
 public:
  Reader(const std::vector<FieldType>& types, RowBatch& rows) : types_(types), rows_(rows) {}

  Page page;
  std::string wrong;  // what made it stop

  bool null() override {
    if (!in_row()) return true;
    Column* const column = cell();
    if (column == nullptr) return false;
    column->valid.push_back(0);
    if (is_text(column->type))
      column->texts.end();
    else if (column->type == FieldType::number)
      column->doubles.push_back(0);
    else
      column->ints.push_back(0);
    return true;
  }
  bool boolean(bool value) override {
    if (!in_row()) return true;
    return fits(FieldType::boolean, [&](Column& column) { column.ints.push_back(value ? 1 : 0); });
  }
  bool number_integer(number_integer_t value) override { return whole(value); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value <= static_cast<number_unsigned_t>(std::numeric_limits<int64_t>::max()))
      return whole(static_cast<int64_t>(value));
    return !in_row() || no("a number beyond 64 bits");
  }
  bool number_float(number_float_t value, const string_t&) override {
    if (!in_row()) return true;
    return fits(FieldType::number, [&](Column& column) { column.doubles.push_back(value); });
  }
  bool string(string_t& value) override {
    if (in_row()) return text(value);
    if (depth_ == 1 && keys_[1] == "nextUri") {
      // Whatever server it names: we stay with the one we were told of.
      const size_t host = value.find("://");
      const size_t path = host == std::string::npos ? 0 : value.find('/', host + 3);
      if (path == std::string::npos || !value.substr(path).starts_with('/'))
        return no("an address of the next page that is none");
      page.next = value.substr(path);
    }
    if (depth_ == 3 && keys_[1] == "columns" && !page.columns.empty()) {
      if (keys_[3] == "name") page.columns.back().name = std::move(value);
      if (keys_[3] == "type") page.columns.back().type = std::move(value);
    } else if (depth_ == 2 && keys_[1] == "error") {
      if (keys_[2] == "message") page.error_message = std::move(value);
      if (keys_[2] == "errorName") page.error_name = std::move(value);
      if (keys_[2] == "errorType") page.error_type = std::move(value);
    }
    return true;
  }
  bool binary(binary_t&) override { return false; }

  bool start_object(size_t) override {
    if (in_row()) return no("a nested value");
    ++depth_;
    if (depth_ == 1) is_object_ = true;
    if (depth_ == 2 && keys_[1] == "error") page.error_name = "UNKNOWN";
    if (depth_ == 3 && keys_[1] == "columns") page.columns.emplace_back();
    return true;
  }
  bool key(string_t& value) override {
    if (depth_ < std::size(keys_)) keys_[depth_] = std::move(value);
    return true;
  }
  bool end_object() override { return leave(); }
  bool start_array(size_t) override {
    if (in_row()) return no("a nested value");
    ++depth_;
    if (in_row()) at_ = 0;
    return true;
  }
  bool end_array() override {
    if (in_row()) {
      if (at_ != types_.size()) return no("a row of too few values");
      ++rows_.rows;
    }
    return leave();
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    return no("no JSON");
  }

  [[nodiscard]] bool complete() const { return is_object_ && wrong.empty(); }

 private:
  [[nodiscard]] bool in_row() const { return depth_ == 3 && keys_[1] == "data"; }
  bool leave() {
    if (depth_ < std::size(keys_)) keys_[depth_].clear();
    --depth_;
    return true;
  }
  bool no(std::string what) {
    wrong = std::move(what);
    return false;
  }
  static bool is_text(FieldType type) {
    return type == FieldType::decimal || type == FieldType::text || !has_one_value(type);
  }
  Column* cell() {
    if (at_ < rows_.columns.size()) return &rows_.columns[at_++];
    no("a row of too many values");
    return nullptr;
  }
  template <class Put>
  bool fits(FieldType type, Put put) {
    Column* const column = cell();
    if (column == nullptr) return false;
    if (column->type != type) return no("a value of another type");
    column->valid.push_back(1);
    put(*column);
    return true;
  }
  bool whole(int64_t value) {
    if (!in_row()) return true;
    Column* const column = cell();
    if (column == nullptr) return false;
    column->valid.push_back(1);
    if (column->type == FieldType::integer)
      column->ints.push_back(value);
    else if (column->type == FieldType::number)
      column->doubles.push_back(static_cast<double>(value));
    else
      return no("a value of another type");
    return true;
  }
  bool text(std::string& value) {
    Column* const column = cell();
    if (column == nullptr) return false;
    column->valid.push_back(1);
    if (is_text(column->type)) {
      column->texts.append(value);
      return true;
    }
    if (column->type == FieldType::number) {
      constexpr double kInfinity = std::numeric_limits<double>::infinity();
      if (value == "NaN")
        column->doubles.push_back(std::numeric_limits<double>::quiet_NaN());
      else if (value == "Infinity" || value == "-Infinity")
        column->doubles.push_back(value[0] == '-' ? -kInfinity : kInfinity);
      else
        return no("a value of another type");
      return true;
    }
    std::optional<int64_t> count;
    if (column->type == FieldType::date) count = date_of(value);
    if (column->type == FieldType::timestamp) count = timestamp_of(value);
    if (!count) return no("a date that cannot be read (years from -32767 to 32767 can)");
    column->ints.push_back(*count);
    return true;
  }

  const std::vector<FieldType>& types_;
  RowBatch& rows_;
  size_t depth_ = 0;
  std::string keys_[4];  // of the objects we are in, by depth
  size_t at_ = 0;        // column of the row
  bool is_object_ = false;
};

}  // namespace

Result<Page> read_page(std::string_view json, const std::vector<FieldType>& types, RowBatch& rows) {
  rows.columns.resize(types.size());
  for (size_t i = 0; i < types.size(); ++i) rows.columns[i].type = types[i];
  Reader reader(types, rows);
  nlohmann::json::sax_parse(json, &reader);
  if (!reader.complete())
    return Error{.kind = ErrorKind::corrupt,
                 .message = "the server's page holds " +
                            (reader.wrong.empty() ? std::string("no object") : reader.wrong)};
  return std::move(reader.page);
}

}  // namespace rollcall::trino
