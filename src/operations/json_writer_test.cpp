#include "operations/json_writer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rollcall::operations {
namespace {

using json = nlohmann::ordered_json;

TEST(JsonWriterTest, WritesAnItemALineAndAllElseOnOne) {
  std::string out;
  JsonWriter writer([&](std::string_view piece) {
    out += piece;
    return ok_status();
  });
  writer.object().members({{"a\"b", 1}, {"list", {1, 2}}}).key("people").array();
  writer.value({{"key", "Zo\xc3\xab \xff"}}).value(nullptr).end();
  writer.key("none").array().end().key("repair").text(R"({"x": true})").end();
  EXPECT_EQ(out,
            "{\"a\\\"b\":1,\"list\":[1,2],\"people\":[\n"
            "  {\"key\":\"Zo\xc3\xab \xef\xbf\xbd\"},\n"
            "  null\n"
            "],\"none\":[],\"repair\":{\"x\": true}}\n");
  EXPECT_TRUE(json::accept(out));
  EXPECT_TRUE(writer.status().ok());
}

TEST(JsonWriterTest, WritesNothingMoreOnceNobodyTakesIt) {
  int pieces = 0;
  JsonWriter writer([&](std::string_view) -> Status {
    if (++pieces == 3) return Error{ErrorKind::cancelled, "nobody listens any more"};
    return ok_status();
  });
  writer.array().value(1).value(2).value(3).end();
  EXPECT_EQ(pieces, 3);
  ASSERT_FALSE(writer.status().ok());
  EXPECT_EQ(writer.status().error().kind, ErrorKind::cancelled);
}

TEST(JsonWriterTest, AnErrorTellsItsCodeAndPlace) {
  Error error{.kind = ErrorKind::invalid, .message = "there is no field `x`"};
  EXPECT_EQ(to_json(error).dump(),
            R"({"kind":"invalid","message":"there is no field `x`","remedy":"","context":[]})");
  error.code = "field_unknown";
  error.place = ErrorPlace{.line = 4, .column = 7, .pointer = "/where/all/1"};
  const json told = to_json(error);
  EXPECT_EQ(told["message"], "line 4, column 7: there is no field `x`");
  EXPECT_EQ(told["code"], "field_unknown");
  EXPECT_EQ(told["place"].dump(), R"({"line":4,"column":7,"pointer":"/where/all/1"})");
}

}  // namespace
}  // namespace rollcall::operations
