// Rules drawn at random over rows drawn at random, compiled and run on every engine, against an
// evaluator that shares no code with compile: it walks the rule over the rows, with two truth
// values and no SQL. Both must select the same people, and members(R) and members(none R) must
// split the model.
//
// A failure prints the seed and the rule's number; ROLLCALL_TEST_SEED runs that seed alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <numeric>
#include <regex>
#include <set>
#include <sstream>
#include <tuple>

#include "base/base.hpp"
#include "world.hpp"

namespace rollcall::sql_tests {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
template <class T>
using Maybe = std::optional<T>;

constexpr int64_t kMicros = 1'000'000;
constexpr int64_t kDay = 86'400 * kMicros;

struct Order {
  int64_t id = 0;
  Maybe<int64_t> customer;
  Maybe<double> total;  // quarters, so that sums are exact
  Maybe<int64_t> at;    // microseconds
  Maybe<std::string> note;
  std::vector<int64_t> clubs;  // what the join table holds for it, perhaps twice
};
struct Club {
  int64_t id = 0;
  Maybe<std::string> title;
};
struct Person {
  int64_t id = 0;
  Maybe<std::string> city;
  Maybe<int64_t> visits;
  Maybe<int64_t> cents;  // DECIMAL(9, 2)
  Maybe<double> score;
  Maybe<int64_t> born;  // days
  Maybe<int64_t> seen;  // microseconds
  Maybe<bool> vip;
  Maybe<std::vector<Maybe<std::string>>> tags;
};

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}
  int64_t below(int64_t bound) {
    return static_cast<int64_t>(random_.next() % static_cast<uint64_t>(bound));
  }
  bool one_in(int64_t n) { return below(n) == 0; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[static_cast<size_t>(below(static_cast<int64_t>(from.size())))];
  }

 private:
  SeededRandom random_;
};

const std::vector<std::string>& cities() {
  static const std::vector<std::string> all = {
      "Paris", "paris", "Rome",     "New York", "",      " ",           "\t",
      "100%",  "a_b",   "L'Aquila", "日本",     "\"q\"", "back\\slash", "Rom"};
  return all;
}
const std::vector<std::string>& tags() {
  static const std::vector<std::string> all = {"red", "blue", "", "it's", "5", "日本"};
  return all;
}
const Time kNow = *parse_iso_utc("2026-03-31T12:00:00Z");
const int64_t kNowMicros = kNow.time_since_epoch().count() * 1000;
const int64_t kToday = kNowMicros / kDay;

struct Data {
  std::vector<Person> people;
  std::vector<Order> orders;
  std::vector<Club> clubs;
};

Data draw_data(Dice& dice) {
  Data data;
  for (int64_t id = 1; id <= 40; ++id) {
    Person one;
    one.id = id;
    if (!dice.one_in(5)) one.city = dice.pick(cities());
    if (!dice.one_in(5)) one.visits = dice.below(7) - 2;
    if (!dice.one_in(5)) one.cents = dice.below(9) * 50 - 100;
    if (!dice.one_in(5)) one.score = static_cast<double>(dice.below(9)) * 0.25 - 1;
    if (!dice.one_in(5)) one.born = kToday + dice.below(800) - 400 - 365 * dice.below(60);
    if (dice.one_in(8))
      one.born = sys_days(std::chrono::year(2000) / 2 / 29).time_since_epoch().count();
    if (!dice.one_in(5)) one.seen = kNowMicros + (dice.below(2000) - 1000) * kDay / 24;
    if (dice.one_in(6)) one.seen = kNowMicros - dice.below(4) * 7 * kDay;  // on the very bounds
    if (!dice.one_in(4)) one.vip = dice.one_in(2);
    if (!dice.one_in(5)) {
      one.tags.emplace();
      for (int64_t n = dice.below(4); n > 0; --n)
        one.tags->push_back(dice.one_in(6) ? Maybe<std::string>() : dice.pick(tags()));
    }
    data.people.push_back(std::move(one));
  }
  for (int64_t id = 1; id <= 5; ++id)
    data.clubs.push_back({id, dice.one_in(4) ? Maybe<std::string>() : dice.pick(cities())});
  for (int64_t id = 100; id < 170; ++id) {
    Order one;
    one.id = id;
    if (!dice.one_in(8)) one.customer = 1 + dice.below(30);
    if (!dice.one_in(6)) one.total = static_cast<double>(dice.below(12)) * 0.25;
    if (!dice.one_in(6)) one.at = kNowMicros - dice.below(4000) * kDay / 24;
    if (!dice.one_in(4)) one.note = dice.pick(cities());
    for (int64_t n = dice.below(4); n > 0; --n) one.clubs.push_back(1 + dice.below(6));
    data.orders.push_back(std::move(one));
  }
  return data;
}

std::string sql_of(const Data& data) {
  std::ostringstream sql;
  const auto put = [&](const auto& value, auto&& print) {
    if (value)
      print(*value);
    else
      sql << "NULL";
  };
  const auto text = [&](const std::string& value) { sql << duck::literal(value); };
  const auto plain = [&](const auto& value) { sql << value; };
  const auto micros = [&](int64_t value) { sql << "make_timestamp(" << value << ")"; };
  sql << "CREATE TABLE people(id BIGINT, city VARCHAR, visits INTEGER, spent DECIMAL(9, 2), score "
         "DOUBLE, born "
         "DATE, seen TIMESTAMP, vip BOOLEAN, tags VARCHAR[]);"
         "CREATE TABLE orders(order_id INTEGER, person BIGINT, total DOUBLE, \"at\" TIMESTAMPTZ, "
         "note "
         "VARCHAR);"
         "CREATE TABLE clubs(club_id INTEGER, title VARCHAR); CREATE TABLE links(order_id INTEGER, "
         "club_id INTEGER);";
  for (const Person& one : data.people) {
    sql << "INSERT INTO people VALUES (" << one.id << ", ";
    put(one.city, text);
    sql << ", ";
    put(one.visits, plain);
    sql << ", ";
    put(one.cents, [&](int64_t cents) { sql << cents << " / 100.0"; });
    sql << ", ";
    put(one.score, plain);
    sql << ", ";
    put(one.born, [&](int64_t day) { sql << "DATE '1970-01-01' + " << day << "::INTEGER"; });
    sql << ", ";
    put(one.seen, micros);
    sql << ", ";
    put(one.vip, [&](bool value) { sql << (value ? "TRUE" : "FALSE"); });
    sql << ", ";
    put(one.tags, [&](const auto& list) {
      sql << "[";
      for (size_t i = 0; i < list.size(); ++i) {
        sql << (i ? ", " : "");
        put(list[i], text);
      }
      sql << "]::VARCHAR[]";
    });
    sql << ");";
  }
  for (const Order& one : data.orders) {
    sql << "INSERT INTO orders VALUES (" << one.id << ", ";
    put(one.customer, plain);
    sql << ", ";
    put(one.total, plain);
    sql << ", ";
    put(one.at, [&](int64_t value) { sql << "to_timestamp(" << value / kMicros << ")"; });
    sql << ", ";
    put(one.note, text);
    sql << ");";
    for (const int64_t club : one.clubs)
      sql << "INSERT INTO links VALUES (" << one.id << ", " << club << ");";
  }
  for (const Club& one : data.clubs) {
    sql << "INSERT INTO clubs VALUES (" << one.id << ", ";
    put(one.title, text);
    sql << ");";
  }
  return sql.str();
}

// --- The evaluator.

using Value =
    std::variant<std::monostate, bool, double, std::string, std::vector<Maybe<std::string>>>;
struct Timed {  // a day or an instant
  Maybe<int64_t> at;
  bool is_date = false;
};

std::string folded(std::string text, bool ignore_case) {
  if (ignore_case) ascii_lower(text);
  return text;
}

int64_t moved(int64_t day, Duration by) {  // a day by months or years, as a calendar does
  const std::chrono::year_month_day date{sys_days(days(day))};
  const int64_t months = by.unit == Duration::Unit::years ? by.count * 12 : by.count;
  const auto month =
      std::chrono::year_month(date.year(), date.month()) + std::chrono::months(months);
  const auto last =
      std::chrono::year_month_day_last(month.year(), std::chrono::month_day_last(month.month()));
  return sys_days(month / std::min(date.day(), last.day())).time_since_epoch().count();
}

int64_t moved(Timed from, Duration by) {
  const int64_t unit = from.is_date ? 1 : kDay;
  switch (by.unit) {
    case Duration::Unit::minutes:
      return *from.at + by.count * 60 * kMicros;
    case Duration::Unit::hours:
      return *from.at + by.count * 3600 * kMicros;
    case Duration::Unit::days:
      return *from.at + by.count * unit;
    case Duration::Unit::weeks:
      return *from.at + by.count * 7 * unit;
    case Duration::Unit::months:
    case Duration::Unit::years:
      break;
  }
  if (from.is_date) return moved(*from.at, by);
  return moved(*from.at / kDay, by) * kDay + *from.at % kDay;
}

class Evaluator {
 public:
  Evaluator(const Data& data, const std::map<std::string, Rule>& segments, const Rule& large)
      : data_(data), segments_(segments), large_(large) {}

  bool person(const Person& one, const Rule& rule) const {
    return walk(rule, [&](const Rule& leaf) {
      if (const auto* named = std::get_if<SegmentTest>(&leaf.test))
        return person(one, segments_.at(named->segment)) == named->member;
      if (const auto* related = std::get_if<RelatedTest>(&leaf.test)) {
        int64_t count = 0;
        std::vector<double> totals;
        for (const Order& order : data_.orders) {
          if (order.customer != one.id || (related->where && !this->order(order, *related->where)))
            continue;
          ++count;
          if (order.total) totals.push_back(*order.total);
        }
        if (related->aggregate == Aggregate::count) return counted(count, *related);
        return plain(aggregate(related->aggregate, totals),
                     {.field = related->field, .op = related->op, .value = related->value});
      }
      const auto& test = std::get<FieldTest>(leaf.test);
      if (test.field == "born") return timed({one.born, true}, test);
      if (test.field == "seen") return timed({one.seen, false}, test);
      if (test.field == "last_at") {
        Maybe<int64_t> last;
        for (const Order& order : data_.orders)
          if (order.customer == one.id && order.at)
            last = std::max(last.value_or(*order.at), *order.at);
        return timed({last, false}, test);
      }
      return plain(field(one, test.field), test);
    });
  }

 private:
  template <class Leaf>
  bool walk(const Rule& rule, Leaf&& leaf) const {
    const auto each = [&](const std::vector<Rule>& rules, bool stop_at) {
      for (const Rule& one : rules)
        if (walk(one, leaf) == stop_at) return stop_at;
      return !stop_at;
    };
    if (const auto* all = std::get_if<AllOf>(&rule.test)) return each(all->rules, false);
    if (const auto* any = std::get_if<AnyOf>(&rule.test)) return each(any->rules, true);
    if (const auto* none = std::get_if<NoneOf>(&rule.test)) return !each(none->rules, true);
    return leaf(rule);
  }

  static Value aggregate(Aggregate how, const std::vector<double>& values) {
    if (how == Aggregate::count_distinct)
      return static_cast<double>(std::set<double>(values.begin(), values.end()).size());
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    if (how == Aggregate::sum) return sum;  // of nothing, 0
    if (values.empty()) return {};
    switch (how) {
      case Aggregate::avg:
        return sum / static_cast<double>(values.size());
      case Aggregate::min:
        return *std::min_element(values.begin(), values.end());
      default:
        return *std::max_element(values.begin(), values.end());
    }
  }

  bool order(const Order& one, const Rule& rule) const {
    return walk(rule, [&](const Rule& leaf) {
      if (const auto* related = std::get_if<RelatedTest>(&leaf.test)) {
        if (related->relation == "person") {
          int64_t count = 0;
          for (const Person& person : data_.people)
            if (one.customer == person.id &&
                (!related->where || this->person(person, *related->where)))
              ++count;
          return counted(count, *related);
        }
        int64_t count = 0;
        for (const Club& club : data_.clubs) {
          const bool linked =
              std::find(one.clubs.begin(), one.clubs.end(), club.id) != one.clubs.end();
          if (linked && (!related->where || this->club(club, *related->where))) ++count;
        }
        return counted(count, *related);
      }
      const auto& test = std::get<FieldTest>(leaf.test);
      if (test.field == "at") return timed({one.at, false}, test);
      if (test.field == "note") return plain(one.note ? Value(*one.note) : Value(), test);
      return plain(one.total ? Value(*one.total) : Value(), test);
    });
  }
  bool club(const Club& one, const Rule& rule) const {
    return walk(rule, [&](const Rule& leaf) {
      return plain(one.title ? Value(*one.title) : Value(), std::get<FieldTest>(leaf.test));
    });
  }

  [[nodiscard]] Value field(const Person& one, const std::string& name) const {
    if (name == "city") return one.city ? Value(*one.city) : Value();
    if (name == "visits") return one.visits ? Value(static_cast<double>(*one.visits)) : Value();
    if (name == "spent") return one.cents ? Value(static_cast<double>(*one.cents) / 100) : Value();
    if (name == "score") return one.score ? Value(*one.score) : Value();
    if (name == "vip") return one.vip ? Value(*one.vip) : Value();
    if (name == "tags") return one.tags ? Value(*one.tags) : Value();
    if (name == "shout") return one.city ? Value(folded(*one.city, true) + "!") : Value();
    if (name == "twice")
      return one.visits && one.score ? Value(static_cast<double>(*one.visits) * 2 + *one.score)
                                     : Value();
    if (name == "tier") {
      if (one.visits.value_or(-9) >= 3) return Value(std::string("many"));
      return one.score.value_or(9) < 0 ? Value(std::string("odd")) : Value();
    }
    double count = 0, sum = 0;
    for (const Order& order : data_.orders) {
      if (order.customer != one.id) continue;
      ++count;
      if (this->order(order, large_)) sum += order.total.value_or(0);
    }
    return name == "order_count" ? count : sum;
  }

  static bool compare(double x, Op op, const Operand& operand) {
    const auto number = [](const Scalar& value) {
      const auto* whole = std::get_if<int64_t>(&value);
      return whole ? static_cast<double>(*whole) : std::get<double>(value);
    };
    if (const auto* many = std::get_if<std::vector<Scalar>>(&operand)) {
      if (op == Op::between) return number((*many)[0]) <= x && x <= number((*many)[1]);
      const bool found = std::any_of(many->begin(), many->end(),
                                     [&](const Scalar& one) { return number(one) == x; });
      return found == (op == Op::in);
    }
    const double y = number(std::get<Scalar>(operand));
    switch (op) {
      case Op::eq:
        return x == y;
      case Op::ne:
        return x != y;
      case Op::gt:
        return x > y;
      case Op::gte:
        return x >= y;
      case Op::lt:
        return x < y;
      default:
        return x <= y;
    }
  }
  static bool counted(int64_t count, const RelatedTest& test) {
    return compare(static_cast<double>(count), test.op, test.value);
  }

  static std::vector<std::string> texts(const FieldTest& test) {
    std::vector<std::string> out;
    if (const auto* one = std::get_if<Scalar>(&test.value))
      out = {folded(std::get<std::string>(*one), test.ignore_case)};
    if (const auto* many = std::get_if<std::vector<Scalar>>(&test.value))
      for (const Scalar& one : *many)
        out.push_back(folded(std::get<std::string>(one), test.ignore_case));
    return out;
  }

  static bool plain(const Value& value, const FieldTest& test) {
    const bool null = std::holds_alternative<std::monostate>(value);
    if (test.op == Op::is_null) return null;
    if (null) return test.op == Op::is_blank;
    if (test.op == Op::is_not_null) return true;
    if (const auto* flag = std::get_if<bool>(&value)) return *flag == (test.op == Op::is_true);
    if (const auto* number = std::get_if<double>(&value))
      return compare(*number, test.op, test.value);
    if (const auto* list = std::get_if<std::vector<Maybe<std::string>>>(&value)) {
      const auto holds = [&](const std::string& one) {
        return std::find(list->begin(), list->end(), one) != list->end();
      };
      const auto wanted = texts(test);
      if (test.op == Op::is_empty) return list->empty();
      if (test.op == Op::is_not_empty) return !list->empty();
      if (test.op == Op::has_all) return std::all_of(wanted.begin(), wanted.end(), holds);
      return std::any_of(wanted.begin(), wanted.end(), holds);
    }
    const std::string x = folded(std::get<std::string>(value), test.ignore_case);
    if (test.op == Op::is_blank) return trim(x).empty();
    const auto wanted = texts(test);
    const bool among = std::find(wanted.begin(), wanted.end(), x) != wanted.end();
    switch (test.op) {
      case Op::eq:
      case Op::in:
        return among;
      case Op::ne:
      case Op::not_in:
        return !among;
      case Op::contains:
        return x.find(wanted[0]) != std::string::npos;
      case Op::not_contains:
        return x.find(wanted[0]) == std::string::npos;
      case Op::starts_with:
        return x.starts_with(wanted[0]);
      case Op::ends_with:
        return x.ends_with(wanted[0]);
      default:
        return std::regex_search(x, std::regex(wanted[0]));
    }
  }

  static bool timed(const Timed& value, const FieldTest& test) {
    if (test.op == Op::is_null) return !value.at;
    if (!value.at) return false;
    if (test.op == Op::is_not_null) return true;
    const int64_t x = *value.at;
    const int64_t unit = value.is_date ? 1 : kDay;
    const Timed now{value.is_date ? kToday : kNowMicros, value.is_date};
    if (const auto* by = std::get_if<Duration>(&test.value)) {
      const int64_t later = moved(now, *by), earlier = moved(now, {by->unit, -by->count});
      switch (test.op) {
        case Op::within_last:
          return earlier <= x && x <= *now.at;
        case Op::not_within_last:
          return !(earlier <= x && x <= *now.at);
        case Op::within_next:
          return *now.at <= x && x <= later;
        default:
          break;
      }
      // The next day, from today, on which this day returns.
      const int64_t born = value.is_date ? x : x / kDay - (x % kDay < 0);
      const std::chrono::year_month_day date{sys_days(days(born))};
      const int64_t last = moved({kToday, true}, *by);
      for (int64_t day = kToday; day <= std::min(last, kToday + 366); ++day) {
        const std::chrono::year_month_day here{sys_days(days(day))};
        const bool leap = date.month() == std::chrono::February &&
                          date.day() == std::chrono::day(29) && !here.year().is_leap();
        const auto wanted = leap ? std::chrono::day(28) : date.day();
        if (here.month() == date.month() && here.day() == wanted) return true;
      }
      return false;
    }
    std::vector<int64_t> at;  // the beginnings of the days named
    const auto day = [](const Scalar& one) {
      const std::string& text = std::get<std::string>(one);
      return sys_days(std::chrono::year(std::stoi(text.substr(0, 4))) /
                      std::stoi(text.substr(5, 2)) / std::stoi(text.substr(8, 2)))
          .time_since_epoch()
          .count();
    };
    if (const auto* one = std::get_if<Scalar>(&test.value)) at = {day(*one) * unit};
    if (const auto* many = std::get_if<std::vector<Scalar>>(&test.value))
      at = {day((*many)[0]) * unit, day((*many)[1]) * unit};
    switch (test.op) {
      case Op::before:
        return x < at[0];
      case Op::after:
        return x >= at[0] + unit;
      case Op::on:
        return at[0] <= x && x < at[0] + unit;
      default:
        return at[0] <= x && x < at[1] + unit;
    }
  }

  const Data& data_;
  const std::map<std::string, Rule>& segments_;
  const Rule& large_;
};

// --- Rules.

class Rules {
 public:
  explicit Rules(Dice& dice) : dice_(dice) {}

  Rule person(int depth, bool segments) {
    if (depth > 0 && dice_.one_in(2)) return group([&] { return person(depth - 1, segments); });
    if (depth > 0 && dice_.one_in(3)) {
      auto where = dice_.one_in(4) ? nullptr : shared(order(depth - 1, segments));
      return dice_.one_in(3) ? totals(std::move(where)) : related("orders", std::move(where));
    }
    if (segments && dice_.one_in(6))
      return {.test = SegmentTest{dice_.one_in(2) ? "One" : "Two", dice_.one_in(2)}};
    const std::vector<std::string> texts = {"city", "shout", "tier"};
    const std::vector<std::string> numbers = {"visits", "spent",       "score",
                                              "twice",  "order_count", "large_sum"};
    const std::vector<std::string> times = {"born", "seen", "last_at"};
    switch (dice_.below(6)) {
      case 0:
      case 1:
        return text(dice_.pick(texts));
      case 2:
        return number(dice_.pick(numbers));
      case 3:
        return time(dice_.pick(times));
      case 4:
        return list("tags");
      default: {
        const std::vector<Op> ops = {Op::is_true, Op::is_false, Op::is_null, Op::is_not_null};
        return {.test = FieldTest{"vip", dice_.pick(ops)}};
      }
    }
  }

  Rule order(int depth, bool segments) {
    if (depth > 0 && dice_.one_in(2)) return group([&] { return order(depth - 1, segments); });
    if (depth > 0 && dice_.one_in(3))
      return related("clubs", dice_.one_in(3) ? nullptr : shared(text("title")));
    if (depth > 0 && dice_.one_in(3)) return related("person", shared(person(0, segments)));
    switch (dice_.below(3)) {
      case 0:
        return text("note");
      case 1:
        return time("at");
      default:
        return number("total");
    }
  }

 private:
  static std::shared_ptr<const Rule> shared(Rule rule) {
    return std::make_shared<const Rule>(std::move(rule));
  }
  Rule group(const std::function<Rule()>& make) {
    std::vector<Rule> parts;
    for (int64_t n = dice_.below(4); n > 0; --n) parts.push_back(make());
    switch (dice_.below(3)) {
      case 0:
        return {.test = AllOf{std::move(parts)}};
      case 1:
        return {.test = AnyOf{std::move(parts)}};
      default:
        return {.test = NoneOf{std::move(parts)}};
    }
  }
  Rule related(const std::string& name, std::shared_ptr<const Rule> where) {
    const std::vector<Op> ops = {Op::eq,  Op::ne,      Op::gt, Op::gte,   Op::lt,
                                 Op::lte, Op::between, Op::in, Op::not_in};
    RelatedTest test{.relation = name, .where = std::move(where)};
    if (!dice_.one_in(3)) {
      test.op = dice_.pick(ops);
      test.value = numbers(test.op, [&] { return Scalar(dice_.below(4)); });
    }
    return {.test = std::move(test)};
  }
  // An aggregate of what orders came to.
  Rule totals(std::shared_ptr<const Rule> where) {
    RelatedTest test{.relation = "orders", .field = "total", .where = std::move(where)};
    test.aggregate = dice_.pick(std::vector<Aggregate>{
        Aggregate::count_distinct, Aggregate::sum, Aggregate::avg, Aggregate::min, Aggregate::max});
    const Rule drawn = number("total");
    const auto& number = std::get<FieldTest>(drawn.test);
    test.op = number.op;
    test.value = number.value;
    return {.test = std::move(test)};
  }
  Operand numbers(Op op, const std::function<Scalar()>& make) {
    if (op == Op::between) return std::vector<Scalar>{make(), make()};
    if (op != Op::in && op != Op::not_in) return make();
    std::vector<Scalar> out;
    for (int64_t n = dice_.below(4); n > 0; --n) out.push_back(make());
    return out;
  }
  Rule text(const std::string& field) {
    const std::vector<Op> ops = {Op::eq,       Op::ne,           Op::in,          Op::not_in,
                                 Op::contains, Op::not_contains, Op::starts_with, Op::ends_with,
                                 Op::matches,  Op::is_null,      Op::is_not_null, Op::is_blank};
    const std::vector<std::string> patterns = {"^par", "s$", "[0-9]+", "a.b", "^$", "o|e"};
    FieldTest test{.field = field, .op = dice_.pick(ops)};
    const auto word = [&] {
      std::string out = dice_.one_in(5) ? "many" : dice_.pick(cities());
      if (dice_.one_in(4)) out = out.substr(0, 1 + static_cast<size_t>(out.empty() ? 0 : 1));
      return Scalar(is_utf8(out) ? out : "日");
    };
    if (test.op == Op::in || test.op == Op::not_in) {
      test.value = numbers(test.op, word);
    } else if (test.op == Op::matches) {
      test.value = Scalar(dice_.pick(patterns));
    } else if (test.op != Op::is_null && test.op != Op::is_not_null && test.op != Op::is_blank) {
      test.value = word();
    }
    test.ignore_case = dice_.one_in(3);
    return {.test = std::move(test)};
  }
  Rule number(const std::string& field) {
    const std::vector<Op> ops = {Op::eq,     Op::ne,      Op::gt,         Op::gte,
                                 Op::lt,     Op::lte,     Op::between,    Op::in,
                                 Op::not_in, Op::is_null, Op::is_not_null};
    FieldTest test{.field = field, .op = dice_.pick(ops)};
    if (test.op != Op::is_null && test.op != Op::is_not_null)
      test.value = numbers(test.op, [&] {
        return dice_.one_in(2) ? Scalar(dice_.below(6) - 2)
                               : Scalar(static_cast<double>(dice_.below(12)) * 0.25 - 1);
      });
    return {.test = std::move(test)};
  }
  Rule time(const std::string& field) {
    const std::vector<Op> ops = {
        Op::before,      Op::after,           Op::on,          Op::between,
        Op::within_last, Op::not_within_last, Op::within_next, Op::anniversary_within,
        Op::is_null,     Op::is_not_null};
    FieldTest test{.field = field, .op = dice_.pick(ops)};
    const auto day = [&] {
      const std::chrono::year_month_day date{sys_days(days(kToday + dice_.below(120) - 60))};
      std::ostringstream out;
      out << static_cast<int>(date.year())
          << (static_cast<unsigned>(date.month()) < 10 ? "-0" : "-")
          << static_cast<unsigned>(date.month())
          << (static_cast<unsigned>(date.day()) < 10 ? "-0" : "-")
          << static_cast<unsigned>(date.day());
      return Scalar(out.str());
    };
    switch (test.op) {
      case Op::before:
      case Op::after:
      case Op::on:
        test.value = day();
        break;
      case Op::between:
        test.value = std::vector<Scalar>{day(), day()};
        break;
      case Op::is_null:
      case Op::is_not_null:
        break;
      default: {
        const bool whole_days = field == "born" || test.op == Op::anniversary_within;
        const auto unit =
            static_cast<Duration::Unit>(whole_days ? 2 + dice_.below(4) : dice_.below(6));
        test.value = Duration{unit, dice_.below(unit == Duration::Unit::minutes ? 20000 : 30)};
      }
    }
    return {.test = std::move(test)};
  }
  Rule list(const std::string& field) {
    const std::vector<Op> ops = {Op::has,          Op::has_any, Op::has_all,    Op::is_empty,
                                 Op::is_not_empty, Op::is_null, Op::is_not_null};
    FieldTest test{.field = field, .op = dice_.pick(ops)};
    const auto word = [&] { return Scalar(dice_.pick(tags())); };
    if (test.op == Op::has) test.value = word();
    if (test.op == Op::has_any || test.op == Op::has_all) test.value = numbers(Op::in, word);
    return {.test = std::move(test)};
  }

  Dice& dice_;
};

void declare(World& world, const Rule& large) {
  Model& people = world.add_model("people", "people", "id");
  World::add_relation(people, RelationKind::has_many, "orders", "orders", "id", "person");
  World::add_computed(people, "order_count", ComputedField::Aggregated{Aggregate::count, "orders"});
  World::add_computed(people, "last_at", ComputedField::Aggregated{Aggregate::max, "orders", "at"});
  World::add_computed(people, "large_sum",
                      ComputedField::Aggregated{Aggregate::sum, "orders", "total",
                                                std::make_shared<const Rule>(large)});
  World::add_computed(people, "shout", ComputedField::Formula{"lower(city) || '!'"});
  World::add_computed(people, "twice", ComputedField::Formula{"visits * 2 + score"});
  World::add_computed(people, "tier",
                      ComputedField::Cases{
                          {{shared_rule("{field: visits, op: gte, value: 3}"), std::string("many")},
                           {shared_rule("{field: score, op: lt, value: 0}"), std::string("odd")}}});
  Model& orders = world.add_model("orders", "orders", "order_id");
  World::add_relation(orders, RelationKind::belongs_to, "person", "people", "person", "id");
  World::add_relation(orders, RelationKind::many_to_many, "clubs", "clubs", "order_id", "club_id");
  orders.relations.back().through = "links";
  orders.relations.back().through_key = "order_id";
  orders.relations.back().through_foreign_key = "club_id";
  world.add_model("clubs", "clubs", "club_id");
  world.add_model("links", "links", "order_id");
}

class Partition : public testing::TestWithParam<std::tuple<std::string, uint64_t>> {};

TEST_P(Partition, RandomRulesSelectWhomTheEvaluatorSelects) {
  const auto& [engine, seed] = GetParam();
  Dice dice(seed);
  const Data data = draw_data(dice);
  Rules rules(dice);
  const Rule large =
      rules.order(0, false);  // of an order alone, since people have a field made of it
  const std::map<std::string, Rule> segments = {{"One", rules.person(1, false)},
                                                {"Two", rules.person(2, false)}};
  World world(sql_of(data), engine);
  world.now = kNow;
  declare(world, large);
  for (const auto& [name, rule] : segments) world.add_segment(name, "people", rule);
  const Evaluator evaluator(data, segments, large);

  constexpr int kRules = 40;
  int64_t selected = 0;
  for (int nth = 0; nth < kRules; ++nth) {
    const Rule rule = rules.person(3, true);
    std::vector<int64_t> expected, others;
    for (const Person& one : data.people)
      (evaluator.person(one, rule) ? expected : others).push_back(one.id);
    selected += static_cast<int64_t>(expected.size());
    const auto members = world.members("people", rule);
    ASSERT_TRUE(members.ok()) << "seed " << seed << ", rule " << nth << ": "
                              << members.error().text();
    const auto sql = world.compile(
        {.segment = {.name = "case", .model = "people", .where = rule}, .fields = {"id"}});
    ASSERT_EQ(*members, expected) << "seed " << seed << ", rule " << nth << "\n" << sql->text;
    const auto rest = world.members("people", {.test = NoneOf{{rule}}});
    ASSERT_TRUE(rest.ok()) << "seed " << seed << ", none of rule " << nth << ": "
                           << rest.error().text();
    ASSERT_EQ(*rest, others) << "seed " << seed << ", none of rule " << nth << "\n" << sql->text;
  }
  // Rules that select everybody or nobody would prove nothing.
  EXPECT_GT(selected, kRules * 4);
  EXPECT_LT(selected, kRules * 36);
}

std::vector<uint64_t> seeds(uint64_t most) {
  if (const char* one = std::getenv("ROLLCALL_TEST_SEED")) return {std::strtoull(one, nullptr, 10)};
  std::vector<uint64_t> out;
  for (uint64_t seed = 1; seed <= most; ++seed) out.push_back(seed);
  return out;
}

std::string name_of(const testing::TestParamInfo<Partition::ParamType>& one) {
  return std::get<0>(one.param) + std::to_string(std::get<1>(one.param));
}
INSTANTIATE_TEST_SUITE_P(Seeds, Partition,
                         testing::Combine(testing::Values("duckdb", "postgres"),
                                          testing::ValuesIn(seeds(6))),
                         name_of);
// Half as many where a query takes the longest.
INSTANTIATE_TEST_SUITE_P(SeedsOnTrino, Partition,
                         testing::Combine(testing::Values("trino"), testing::ValuesIn(seeds(3))),
                         name_of);

}  // namespace
}  // namespace rollcall::sql_tests
