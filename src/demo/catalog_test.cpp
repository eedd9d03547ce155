// The demo's catalog is sound, and says no more of its files than is in them.
#include "demo/catalog.hpp"

#include <gtest/gtest.h>

#include <set>

#include "catalog/catalog.hpp"
#include "demo/shop.hpp"

namespace rollcall::demo {
namespace {

Catalog read() {
  catalog::ReadResult out =
      catalog::read(catalog_text(), {},
                    {.environment = [](const std::string& name) -> std::optional<std::string> {
                       return name == "PORT" ? std::optional<std::string>("20001") : std::nullopt;
                     },
                     .folder = "/var/demo"});
  for (const catalog::Problem& one : out.problems)
    ADD_FAILURE() << catalog::to_text(one, "catalog.yaml");
  return std::move(out.catalog);
}

TEST(DemoCatalogTest, HasWhatThereIsToExplore) {
  const Catalog all = read();
  ASSERT_EQ(all.sources.size(), 1U);
  EXPECT_EQ(all.sources[0].options.at("path"), "/var/demo/shop");
  ASSERT_EQ(all.destinations.size(), 1U);
  EXPECT_EQ(all.destinations[0].base_url, "http://127.0.0.1:20001");
  EXPECT_GE(all.segments.size(), 4U);
  for (const Segment& one : all.segments) EXPECT_FALSE(one.description.empty()) << one.name;
  EXPECT_GE(all.activations.size(), 2U);
  for (const Activation& one : all.activations) {
    EXPECT_FALSE(one.description.empty()) << one.name;
    EXPECT_NE(one.schedule.kind, Schedule::Kind::manual) << one.name;
  }
}

TEST(DemoCatalogTest, NamesColumnsThatAreThere) {
  const Shop shop = make_shop({.seed = 1, .dates = {std::chrono::sys_days{}}});
  const Catalog all = read();
  for (const Model& model : all.models) {
    std::set<std::string> columns;
    for (const Table& table : shop.tables) {
      if (table.file != model.table + ".csv") continue;
      std::string word;
      for (const char c : table.text.substr(0, table.text.find('\n') + 1)) {
        if (c != ',' && c != '\n') {
          word += c;
          continue;
        }
        columns.insert(word);
        word.clear();
      }
    }
    EXPECT_FALSE(columns.empty()) << model.table;
    for (const Field& field : model.fields) EXPECT_TRUE(columns.contains(field.name)) << field.name;
    EXPECT_EQ(columns.size(), model.fields.size()) << model.name;
  }
}

}  // namespace
}  // namespace rollcall::demo
