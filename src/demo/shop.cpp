#include "demo/shop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/base.hpp"

namespace rollcall::demo {
namespace {

using Date = std::chrono::sys_days;
using std::chrono::days;

// --- What is drawn. Every subject has numbers of its own, so that none of them depends on how many
// another took.

enum class Subject : uint64_t { customer = 1, day = 2, contact = 3 };

class Draw {
 public:
  Draw(uint64_t seed, Subject subject, uint64_t number)
      : random_(SeededRandom(seed + 0x51ed2701ULL * static_cast<uint64_t>(subject)).next() ^
                SeededRandom(number).next()) {}
  // From 0 to `below` - 1.
  int below(int n) { return static_cast<int>(random_.next() % static_cast<uint64_t>(n)); }
  int from_to(int least, int most) { return least + below(most - least + 1); }
  bool one_in(int n) { return below(n) == 0; }
  bool percent(int share) { return below(100) < share; }
  double unit() { return random_.unit(); }
  template <class Choices>
  const auto& of(const Choices& choices) {
    return choices[static_cast<size_t>(below(static_cast<int>(choices.size())))];
  }

 private:
  SeededRandom random_;
};

struct Name {
  std::string_view shown, plain;  // as in an address
};
constexpr auto kFirstNames = std::to_array<Name>(
    {{"Ada", "ada"},     {"Amélie", "amelie"}, {"Ben", "ben"},       {"Björn", "bjorn"},
     {"Carla", "carla"}, {"Chloé", "chloe"},   {"Daniel", "daniel"}, {"Elif", "elif"},
     {"Emma", "emma"},   {"Finn", "finn"},     {"Grace", "grace"},   {"Hugo", "hugo"},
     {"Ines", "ines"},   {"Jakub", "jakub"},   {"Kenji", "kenji"},   {"Lea", "lea"},
     {"Liam", "liam"},   {"Mateo", "mateo"},   {"Mila", "mila"},     {"Noor", "noor"},
     {"Oskar", "oskar"}, {"Priya", "priya"},   {"Rosa", "rosa"},     {"Samir", "samir"},
     {"Sofía", "sofia"}, {"Tom", "tom"},       {"Yara", "yara"},     {"Zoe", "zoe"}});
constexpr auto kLastNames = std::to_array<Name>(
    {{"Andersson", "andersson"}, {"Becker", "becker"},   {"Costa", "costa"},
     {"Dubois", "dubois"},       {"Evans", "evans"},     {"Fischer", "fischer"},
     {"García", "garcia"},       {"Hansen", "hansen"},   {"Ito", "ito"},
     {"Jones", "jones"},         {"Kaya", "kaya"},       {"Kowalski", "kowalski"},
     {"Lindqvist", "lindqvist"}, {"Moreau", "moreau"},   {"Müller", "mueller"},
     {"Novak", "novak"},         {"O'Brien", "obrien"},  {"Patel", "patel"},
     {"Peña", "pena"},           {"Rossi", "rossi"},     {"Silva", "silva"},
     {"Taylor", "taylor"},       {"Vermeer", "vermeer"}, {"Walker", "walker"}});

struct City {
  std::string_view name, country;
};
constexpr auto kCities = std::to_array<City>({{"Amsterdam", "Netherlands"},
                                              {"Barcelona", "Spain"},
                                              {"Berlin", "Germany"},
                                              {"Bristol", "United Kingdom"},
                                              {"Copenhagen", "Denmark"},
                                              {"Dublin", "Ireland"},
                                              {"Gdańsk", "Poland"},
                                              {"Hamburg", "Germany"},
                                              {"Kraków", "Poland"},
                                              {"Lisbon", "Portugal"},
                                              {"London", "United Kingdom"},
                                              {"Lyon", "France"},
                                              {"Madrid", "Spain"},
                                              {"Malmö", "Sweden"},
                                              {"Milan", "Italy"},
                                              {"Munich", "Germany"},
                                              {"Paris", "France"},
                                              {"Porto", "Portugal"},
                                              {"Rome", "Italy"},
                                              {"Stockholm", "Sweden"}});

struct Product {
  std::string_view name, category;
  int cents;
};
constexpr auto kProducts = std::to_array<Product>(
    {{"House espresso, 500 g", "Coffee", 1390},    {"Guji, washed, 250 g", "Coffee", 1190},
     {"Huila, honey, 250 g", "Coffee", 1090},      {"Kirinyaga, 250 g", "Coffee", 1450},
     {"Decaf, sugar cane, 250 g", "Coffee", 1050}, {"Filter subscription box", "Coffee", 3200},
     {"Sencha, first flush, 100 g", "Tea", 1580},  {"Earl Grey, loose, 100 g", "Tea", 890},
     {"Assam, second flush, 100 g", "Tea", 980},   {"Rooibos with orange, 100 g", "Tea", 690},
     {"White peony, 50 g", "Tea", 1720},           {"Mint and lemon verbena, 50 g", "Tea", 640},
     {"Dark chocolate, 72 %", "Sweets", 540},      {"Almond cantuccini", "Sweets", 620},
     {"Salted caramels", "Sweets", 750},           {"Hazelnut gianduja", "Sweets", 880},
     {"Gooseneck kettle", "Brewing", 7900},        {"Hand grinder", "Brewing", 11900},
     {"Pour-over dripper", "Brewing", 2450},       {"Paper filters, 100", "Brewing", 650},
     {"Digital scale", "Brewing", 4900},           {"French press, 1 l", "Brewing", 3900},
     {"Cast-iron teapot", "Brewing", 5600},        {"Stoneware mugs, two", "Brewing", 2800}});
constexpr auto kCategories =
    std::to_array<std::string_view>({"Coffee", "Tea", "Sweets", "Brewing"});
constexpr auto kTopics = std::to_array<std::string_view>(
    {"delivery", "damaged in transit", "invoice", "return", "how to brew", "subscription"});

// --- What happened.

enum class Habit { rare, now_and_then, keen };

struct Customer {
  std::string email;
  Name first, last;
  City city;
  Date born, signed_up;
  bool newsletter = true;
  bool gone = false;
  Habit habit = Habit::rare;
  std::string_view favourite;
  int contact_from = 0;  // the day from which on Iterable knows them
  std::optional<Date> last_order = std::nullopt;
};

struct Order {
  int customer = 0;
  Date on;
  struct Line {
    int product = 0, quantity = 0;
  };
  std::vector<Line> lines = {};
};

struct Ticket {
  int customer = 0;
  std::string_view topic;
  Date opened;
  std::optional<Date> closed = std::nullopt;
  int rating = 0;  // 1 to 5; 0: none was given
};

class Story {
 public:
  explicit Story(const Past& past) : past_(past) {
    CHECK(!past.dates.empty());
    for (int i = 0; i < kCustomers; ++i) begin_with(i);
    for (size_t day = 1; day < past.dates.size(); ++day) pass(day);
  }

  [[nodiscard]] Shop told() const;

 private:
  static constexpr int kDaysBack = 1000;  // that the oldest account goes

  Customer person(Draw& draw, int number) {
    const Name first = draw.of(kFirstNames), last = draw.of(kLastNames);
    Customer out{.email = fmt::format("{}.{}.{}@example.com", first.plain, last.plain, number + 1),
                 .first = first,
                 .last = last,
                 .city = draw.of(kCities),
                 .born = past_.dates[0] - days(draw.from_to(19 * 365, 74 * 365)),
                 .signed_up = past_.dates[0],
                 .newsletter = draw.percent(82),
                 .habit = Habit::rare,
                 .favourite = draw.of(kCategories)};
    const int kind = draw.below(100);
    if (kind >= 35) out.habit = kind < 78 ? Habit::now_and_then : Habit::keen;
    // Nine in ten are contacts from the first; of the others some become one as days pass.
    Draw known(past_.seed, Subject::contact, static_cast<uint64_t>(number));
    out.contact_from = known.percent(90) ? 0 : known.from_to(1, 120);
    return out;
  }

  Order::Line line(Draw& draw, const Customer& customer) {
    int product = draw.below(static_cast<int>(kProducts.size()));
    // Most of what somebody buys is of what they like best.
    for (int tries = 0;
         tries < 3 && kProducts[static_cast<size_t>(product)].category != customer.favourite;
         ++tries)
      product = draw.below(static_cast<int>(kProducts.size()));
    return {product, draw.percent(75) ? 1 : draw.from_to(2, 3)};
  }

  void order(Draw& draw, int number, Date on) {
    Customer& customer = customers_[static_cast<size_t>(number)];
    Order out{.customer = number, .on = on};
    for (int n = draw.from_to(1, 4); n > 0; --n) {
      const Order::Line one = line(draw, customer);
      // Each product stands on one line of an order.
      const auto same = std::ranges::find(out.lines, one.product, &Order::Line::product);
      if (same == out.lines.end())
        out.lines.push_back(one);
      else
        same->quantity += one.quantity;
    }
    if (!customer.last_order || *customer.last_order < on) customer.last_order = on;
    orders_.push_back(std::move(out));
  }

  // Somebody who was a customer before the first day.
  void begin_with(int number) {
    Draw draw(past_.seed, Subject::customer, static_cast<uint64_t>(number));
    Customer one = person(draw, number);
    const double age = draw.unit();
    const int account_days = 1 + static_cast<int>(kDaysBack * age * (0.4 + 0.6 * age));
    one.signed_up = past_.dates[0] - days(account_days);
    customers_.push_back(one);
    // A third has bought nothing for a while.
    const int silent = draw.percent(34) ? draw.from_to(60, 500) : 0;
    const int active = account_days - silent;
    if (active > 0) {
      const int between = one.habit == Habit::keen           ? 45
                          : one.habit == Habit::now_and_then ? 150
                                                             : 600;
      const int orders = (active + draw.below(between)) / between;
      for (int i = 0; i < orders; ++i)
        order(draw, number, past_.dates[0] - days(silent + draw.below(active)));
    }
    if (draw.percent(14)) {
      const int ago = draw.from_to(1, std::min(account_days, 240));
      Ticket ticket{
          .customer = number, .topic = draw.of(kTopics), .opened = past_.dates[0] - days(ago)};
      if (ago > 25 || draw.percent(55))
        close(draw, ticket, ticket.opened + days(draw.below(std::min(ago, 6))));
      tickets_.push_back(ticket);
    }
  }

  static void close(Draw& draw, Ticket& ticket, Date on) {
    ticket.closed = on;
    if (draw.percent(60)) ticket.rating = draw.from_to(1, 5);
  }

  int somebody(Draw& draw) { return draw.below(static_cast<int>(customers_.size())); }

  void pass(size_t day) {
    Draw draw(past_.seed, Subject::day, day);
    const Date today = past_.dates[day];
    const auto each = [&](int times, auto&& what) {
      for (int i = 0; i < times; ++i) {
        const int number = somebody(draw);
        if (Customer& one = customers_[static_cast<size_t>(number)]; !one.gone) what(number, one);
      }
    };
    for (Ticket& one : tickets_)
      if (!one.closed && draw.one_in(4)) close(draw, one, today);
    each(kLeavers, [](int, Customer& one) { one.gone = true; });
    each(16, [](int, Customer& one) { one.newsletter = !one.newsletter; });
    each(18, [&](int, Customer& one) { one.city = draw.of(kCities); });
    each(45, [&](int number, Customer&) { order(draw, number, today); });
    // A mailing to those who had been silent brings some of them back.
    each(260, [&](int number, Customer& one) {
      if (one.habit == Habit::keen && one.last_order && *one.last_order < today - days(150))
        order(draw, number, today);
    });
    each(9, [&](int number, Customer&) {
      tickets_.push_back({.customer = number, .topic = draw.of(kTopics), .opened = today});
    });
    for (int i = 0; i < kNewcomers; ++i) {
      const int number = static_cast<int>(customers_.size());
      Customer one = person(draw, number);
      one.signed_up = today;
      one.contact_from = std::max(one.contact_from, static_cast<int>(day));
      customers_.push_back(one);
      if (draw.one_in(3)) order(draw, number, today);
    }
  }

  const Past& past_;
  std::vector<Customer> customers_;
  std::vector<Order> orders_;
  std::vector<Ticket> tickets_;
};

// --- As text.

std::string id(int number) { return fmt::format("C{:05}", number + 1); }

std::string text(Date date) {
  const std::chrono::year_month_day day(date);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
}
std::string text(const std::optional<Date>& date) { return date ? text(*date) : ""; }
// 1250 as 12.5, the shortest number that is the same.
std::string money(int cents) {
  if (cents % 100 == 0) return fmt::format("{}", cents / 100);
  return cents % 10 == 0 ? fmt::format("{}.{}", cents / 100, cents % 100 / 10)
                         : fmt::format("{}.{:02}", cents / 100, cents % 100);
}
// What is ours has neither quotation marks nor line breaks; a comma there may be.
std::string cell(std::string_view text) {
  return text.find(',') == std::string_view::npos ? std::string(text) : fmt::format("\"{}\"", text);
}

Shop Story::told() const {
  Shop out;
  Table customers{
      "customers.csv",
      "customer_id,email,first_name,last_name,city,country,born_on,signed_up_on,newsletter\n"};
  const int last_day = static_cast<int>(past_.dates.size()) - 1;
  for (int i = 0; i < static_cast<int>(customers_.size()); ++i) {
    const Customer& one = customers_[static_cast<size_t>(i)];
    // Iterable goes on knowing who has left the shop.
    if (one.contact_from <= last_day)
      out.contacts.push_back(
          {one.contact_from,
           fmt::format(
               R"({{"email":"{}","userId":"{}","dataFields":{{"firstName":"{}","lastName":"{}"}}}})"
               "\n",
               one.email, id(i), one.first.shown, one.last.shown)});
    if (one.gone) continue;
    customers.text += fmt::format("{},{},{},{},{},{},{},{},{}\n", id(i), one.email, one.first.shown,
                                  one.last.shown, one.city.name, one.city.country, text(one.born),
                                  text(one.signed_up), one.newsletter);
  }
  Table products{"products.csv", "product_id,name,category,price\n"};
  for (size_t i = 0; i < kProducts.size(); ++i)
    products.text += fmt::format("P{:02},{},{},{}\n", i + 1, cell(kProducts[i].name),
                                 kProducts[i].category, money(kProducts[i].cents));
  Table orders{"orders.csv", "order_id,customer_id,ordered_on,total\n"};
  Table lines{"order_lines.csv", "line_id,order_id,product_id,quantity,amount\n"};
  for (size_t i = 0; i < orders_.size(); ++i) {
    const Order& one = orders_[i];
    if (customers_[static_cast<size_t>(one.customer)].gone) continue;
    int total = 0;
    for (size_t k = 0; k < one.lines.size(); ++k) {
      const auto& [product, quantity] = one.lines[k];
      const int amount = kProducts[static_cast<size_t>(product)].cents * quantity;
      total += amount;
      lines.text += fmt::format("O{:06}-{},O{:06},P{:02},{},{}\n", i + 1, k + 1, i + 1, product + 1,
                                quantity, money(amount));
    }
    orders.text +=
        fmt::format("O{:06},{},{},{}\n", i + 1, id(one.customer), text(one.on), money(total));
  }
  Table tickets{"tickets.csv", "ticket_id,customer_id,topic,opened_on,closed_on,rating\n"};
  for (size_t i = 0; i < tickets_.size(); ++i) {
    const Ticket& one = tickets_[i];
    if (customers_[static_cast<size_t>(one.customer)].gone) continue;
    tickets.text +=
        fmt::format("T{:05},{},{},{},{},{}\n", i + 1, id(one.customer), one.topic, text(one.opened),
                    text(one.closed), one.rating > 0 ? fmt::format("{}", one.rating) : "");
  }
  out.tables = {std::move(customers), std::move(products), std::move(orders), std::move(lines),
                std::move(tickets)};
  return out;
}

}  // namespace

Shop make_shop(const Past& past) { return Story(past).told(); }

std::string contacts_since(const Shop& shop, int day) {
  std::string out;
  for (const Contact& one : shop.contacts)
    if (one.since >= day) out += one.line;
  return out;
}

}  // namespace rollcall::demo
