// The made-up shop: the same each time, another with each day, of a size that people can look at.
#include "demo/shop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/base.hpp"

namespace rollcall::demo {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using testing::HasSubstr;
using testing::Not;

const sys_days kBegin = std::chrono::floor<days>(*parse_iso_utc("2026-11-29T08:00:00Z"));

Past past(int days_passed, uint64_t seed = 7) {
  Past out{.seed = seed, .dates = {kBegin}};
  for (int i = 1; i <= days_passed; ++i) out.dates.push_back(kBegin + days(i));
  return out;
}

std::string text_of(const Shop& shop, std::string_view file) {
  for (const Table& one : shop.tables)
    if (one.file == file) return one.text;
  ADD_FAILURE() << "there is no " << file;
  return "";
}

// Without the header; no cell of these tables but those of products has a comma in it.
std::vector<std::vector<std::string>> rows_of(const Shop& shop, std::string_view file) {
  std::vector<std::vector<std::string>> out;
  std::string text = text_of(shop, file);
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    std::vector<std::string> row = {""};
    for (const char c : text.substr(at, end - at)) c == ',' ? row.emplace_back() : row.back() += c;
    out.push_back(std::move(row));
    at = end + 1;
  }
  out.erase(out.begin());
  return out;
}

std::map<std::string, std::vector<std::string>> by_id(const Shop& shop, std::string_view file) {
  std::map<std::string, std::vector<std::string>> out;
  for (auto& row : rows_of(shop, file)) EXPECT_TRUE(out.emplace(row[0], row).second) << row[0];
  return out;
}

TEST(ShopTest, FollowsFromSeedAndDays) {
  const Shop one = make_shop(past(2)), same = make_shop(past(2)), other = make_shop(past(2, 8));
  for (const Table& table : one.tables) {
    EXPECT_EQ(table.text, text_of(same, table.file)) << table.file;
    if (table.file == "products.csv") continue;
    EXPECT_NE(table.text, text_of(other, table.file)) << table.file;
  }
  EXPECT_EQ(contacts_since(one, 0), contacts_since(same, 0));
}

TEST(ShopTest, IsOfASizeToLookAt) {
  const Shop shop = make_shop(past(0));
  EXPECT_EQ(rows_of(shop, "customers.csv").size(), static_cast<size_t>(kCustomers));
  const size_t orders = rows_of(shop, "orders.csv").size();
  EXPECT_GT(orders, 10'000U);
  EXPECT_LT(orders, 40'000U);
  const size_t lines = rows_of(shop, "order_lines.csv").size();
  EXPECT_GT(lines, orders * 2);
  EXPECT_GT(rows_of(shop, "tickets.csv").size(), 400U);
  EXPECT_NEAR(static_cast<double>(shop.contacts.size()), 0.9 * kCustomers, 0.02 * kCustomers);
}

TEST(ShopTest, EveryRowLeadsToThoseItNames) {
  const Shop shop = make_shop(past(30));
  const auto customers = by_id(shop, "customers.csv"), orders = by_id(shop, "orders.csv"),
             lines = by_id(shop, "order_lines.csv"), tickets = by_id(shop, "tickets.csv");
  for (const auto& [id, row] : orders) EXPECT_TRUE(customers.contains(row[1])) << id;
  std::map<std::string, double> totals;
  for (const auto& [id, row] : lines) {
    ASSERT_TRUE(orders.contains(row[1])) << id;
    totals[row[1]] += std::stod(row[4]);
  }
  for (const auto& [id, row] : orders) EXPECT_NEAR(totals[id], std::stod(row[3]), 0.001) << id;
  for (const auto& [id, row] : tickets) EXPECT_TRUE(customers.contains(row[1])) << id;
  std::set<std::string> emails;
  for (const auto& [id, row] : customers) EXPECT_TRUE(emails.insert(row[1]).second) << row[1];
}

TEST(ShopTest, ADayAddsToWhatWas) {
  const Shop before = make_shop(past(0)), after = make_shop(past(1));
  auto was = by_id(before, "customers.csv"), is = by_id(after, "customers.csv");
  int left = 0, moved = 0, answered = 0;
  for (const auto& [id, row] : was) {
    if (!is.contains(id)) {
      ++left;
      continue;
    }
    const auto& now = is[id];
    moved += now[4] != row[4];
    answered += now[8] != row[8];
    for (const size_t same : {1, 2, 3, 6, 7}) EXPECT_EQ(now[same], row[same]) << id;
  }
  EXPECT_GT(left, 0);
  EXPECT_LE(left, kLeavers);
  EXPECT_GT(moved, 0);
  EXPECT_GT(answered, 0);
  EXPECT_EQ(is.size(), was.size() - static_cast<size_t>(left) + kNewcomers);
  // Orders that were are what they were, and the new ones bear the day's date.
  const auto old_orders = by_id(before, "orders.csv");
  int ordered = 0;
  for (const auto& [id, row] : by_id(after, "orders.csv")) {
    if (const auto old = old_orders.find(id); old != old_orders.end()) {
      EXPECT_EQ(row, old->second);
    } else {
      EXPECT_EQ(row[2], "2026-11-30");
      ++ordered;
    }
  }
  EXPECT_GT(ordered, 30);
  EXPECT_GT(rows_of(after, "tickets.csv").size(), rows_of(before, "tickets.csv").size());
  // A day that comes after changes nothing of what the days before drew.
  EXPECT_EQ(text_of(make_shop(past(1)), "orders.csv"), text_of(after, "orders.csv"));
}

TEST(ShopTest, NothingHappensBeforeItsTime) {
  const Shop shop = make_shop(past(3));
  const auto customers = by_id(shop, "customers.csv");
  for (const auto& row : rows_of(shop, "orders.csv")) {
    EXPECT_GE(row[2], customers.at(row[1])[7]) << "before they signed up";
    EXPECT_LE(row[2], "2026-12-02");
  }
  for (const auto& row : rows_of(shop, "tickets.csv"))
    EXPECT_TRUE(row[4].empty() || row[4] >= row[3]) << row[0];
}

TEST(ShopTest, SomeBecomeContactsLater) {
  const Shop before = make_shop(past(4)), after = make_shop(past(5));
  EXPECT_EQ(contacts_since(after, 0).size(),
            contacts_since(before, 0).size() + contacts_since(after, 5).size());
  EXPECT_EQ(contacts_since(before, 5), "");
  // Newcomers, and some who were customers before.
  const auto customers = by_id(before, "customers.csv");
  int older = 0, newer = 0;
  for (const Contact& one : after.contacts) {
    if (one.since != 5) continue;
    const std::string id = one.line.substr(one.line.find("\"userId\":\"") + 10, 6);
    customers.contains(id) ? ++older : ++newer;
  }
  EXPECT_GT(older, 0);
  EXPECT_GT(newer, kNewcomers / 2);
  EXPECT_THAT(after.contacts.front().line, HasSubstr("@example.com\""));
  EXPECT_THAT(after.contacts.front().line, Not(HasSubstr("\n{")));
}

}  // namespace
}  // namespace rollcall::demo
