// The demo shop's data, made up: a shop for coffee, tea and what goes with it, its customers and what
// they did. No person in it exists; addresses end in example.com, which nobody has.
//
// All of it follows from a seed and the days that have passed. What happens on a day is drawn for
// that day alone, so that another day adds to what was and changes none of it: somebody orders, signs
// up, says no to the newsletter, moves, asks something, leaves.
//
// Threads: pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::demo {

// At the beginning. A day brings kNewcomers and takes up to kLeavers.
inline constexpr int kCustomers = 5000;
inline constexpr int kNewcomers = 24;
inline constexpr int kLeavers = 4;

struct Past {
  uint64_t seed = 0;
  // The date of each day, rising: the first is that on which the shop was made, and what came before
  // counts back from it. What is drawn for a day bears its date. At least one.
  std::vector<std::chrono::sys_days> dates = {};
};

struct Table {
  std::string_view file;  // "customers.csv"
  std::string text = {};  // with a header, LF at the end of each line
};

// Somebody whom Iterable knows.
struct Contact {
  int since = 0;          // the day
  std::string line = {};  // {"email", "userId", "dataFields"} and LF
};
struct Shop {
  std::vector<Table> tables = {};      // customers, products, orders, order lines, tickets
  std::vector<Contact> contacts = {};  // nine in ten customers, and a few more with every day
};

Shop make_shop(const Past& past);
// The lines of those who became contacts on this day or later.
std::string contacts_since(const Shop& shop, int day);

}  // namespace rollcall::demo
