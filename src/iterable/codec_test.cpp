// Answers to verdicts: one table, of the files in tests/replies. And bodies out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "iterable/iterable.hpp"

namespace rollcall::iterable {

// Found by GoogleTest, so that failures name kinds and reasons.
void PrintTo(const Verdict& verdict, std::ostream* out) {
  constexpr const char* kNames[] = {"confirmed", "not_found", "rejected"};
  *out << kNames[static_cast<int>(verdict.kind)] << " " << verdict.reason
       << (verdict.final ? " final" : "");
}

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kKinds[] = {"answered", "doubtful", "refused", "too_large", "failed"};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string> split(const std::string& text, const std::string& by) {
  std::vector<std::string> out;
  size_t from = 0;
  for (size_t at; (at = text.find(by, from)) != std::string::npos; from = at + by.size())
    out.push_back(text.substr(from, at - from));
  out.push_back(text.substr(from));
  return out;
}

// One file of tests/replies; its README gives the form.
struct Reply {
  std::string name, from, body;
  int status = 0;
  BatchCall call = BatchCall::subscribe;
  KeyType key_type = KeyType::email;
  std::string kind, reason;
  bool final = false;
  std::vector<std::string> created, filtered, keys;
  std::vector<Verdict> verdicts;
};

void PrintTo(const Reply& reply, std::ostream* out) { *out << reply.name; }

// "rejected invalid_email final"
Verdict verdict_from(const std::string& text) {
  const auto words = split(text, " ");
  Verdict out;
  CHECK(words[0] == "confirmed" || words[0] == "not_found" || words[0] == "rejected");
  if (words[0] == "not_found") out.kind = Verdict::Kind::not_found;
  if (words[0] == "rejected") out.kind = Verdict::Kind::rejected;
  if (words.size() > 1) out.reason = words[1];
  out.final = words.size() > 2 && words[2] == "final";
  return out;
}

Reply parse_reply(const fs::path& path) {
  Reply out;
  out.name = path.stem().string();
  const std::string text = read_file(path);
  const size_t head_end = text.find("\n\n");
  CHECK(head_end != std::string::npos);
  out.body = text.substr(head_end + 2);
  if (!out.body.empty() && out.body.back() == '\n') out.body.pop_back();
  for (const std::string& line : split(text.substr(0, head_end), "\n")) {
    const size_t colon = line.find(": ");
    const std::string name = line.substr(0, colon);
    const std::string value = colon == std::string::npos ? "" : line.substr(colon + 2);
    if (name == "# from") out.from = value;
    if (name == "# status") out.status = std::stoi(value);
    if (name == "# kind") out.kind = value;
    if (name == "# created") out.created = split(value, ", ");
    if (name == "# filtered") out.filtered = split(value, ", ");
    if (name == "# reason") {
      out.reason = split(value, " ")[0];
      out.final = value.ends_with(" final");
    }
    if (name == "# call") {
      if (value.starts_with("unsubscribe ")) out.call = BatchCall::unsubscribe;
      if (value.starts_with("bulk_update ")) out.call = BatchCall::bulk_update;
      if (value.ends_with(" user_id")) out.key_type = KeyType::user_id;
    }
    if (name == "# sent") {
      const size_t arrow = value.rfind(" -> ");
      out.keys.push_back(value.substr(0, arrow));
      if (arrow != std::string::npos) out.verdicts.push_back(verdict_from(value.substr(arrow + 4)));
    }
  }
  return out;
}

std::vector<Reply> all_replies() {
  std::vector<Reply> out;
  for (const auto& entry : fs::directory_iterator(REPLIES_DIR))
    if (entry.path().extension() == ".txt") out.push_back(parse_reply(entry.path()));
  std::sort(out.begin(), out.end(), [](const Reply& a, const Reply& b) { return a.name < b.name; });
  return out;
}

class ReplyTest : public testing::TestWithParam<Reply> {};

TEST_P(ReplyTest, Means) {
  const Reply& reply = GetParam();
  EXPECT_FALSE(reply.from.empty()) << "where does it come from?";
  ASSERT_FALSE(reply.keys.empty());
  std::vector<Person> people;
  for (const std::string& key : reply.keys) people.push_back({key});
  const Batch batch{.call = reply.call, .list_id = 7, .key_type = reply.key_type, .people = people};
  const BatchAnswer answer = read_answer(batch, reply.status, reply.body);
  EXPECT_EQ(kKinds[static_cast<int>(answer.kind)], reply.kind);
  if (reply.kind == "answered") {
    EXPECT_THAT(answer.verdicts, ElementsAreArray(reply.verdicts));
  }
  EXPECT_THAT(answer.created_fields, ElementsAreArray(reply.created));
  EXPECT_THAT(answer.filtered_out_fields, ElementsAreArray(reply.filtered));
  EXPECT_EQ(answer.reason, reply.reason);
  EXPECT_EQ(answer.final, reply.final);
}

INSTANTIATE_TEST_SUITE_P(Replies, ReplyTest, testing::ValuesIn(all_replies()),
                         [](const auto& one) { return one.param.name; });

// --- Recordings of the real service, where they lie beside this project.

struct Recorded {
  int status = 0;
  std::string request, answer;
};

// The first exchange of a recording: enough of YAML for strings on one line.
std::optional<Recorded> recorded(const std::string& path) {
  const fs::path file = fs::path(REPLIES_DIR) / "../../../shared/data/iterable/recorded" / path;
  if (!fs::exists(file)) return std::nullopt;
  const std::string text = read_file(file);
  const size_t response = text.find("\n  response:");
  const auto string_after = [&](size_t from) {
    const size_t at = text.find("\n      string: ", from) + 15;
    std::string value = text.substr(at, text.find('\n', at) - at);
    if (value.size() > 1 && value.front() == '\'') value = value.substr(1, value.size() - 2);
    return value;
  };
  Recorded out;
  out.request = string_after(0);
  out.answer = string_after(response);
  out.status = std::stoi(text.substr(text.find("code: ", response) + 6, 3));
  return out;
}

TEST(RecordedTest, InvalidAddressOnAList) {
  for (const char* call : {"subscribe", "unsubscribe"}) {
    const auto exchange = recorded("Iterable_Lists/" + std::string(call) +
                                   "/with_invalid_emails/responds_with_success.yml");
    if (!exchange) GTEST_SKIP() << "no recordings here";
    EXPECT_THAT(exchange->request, HasSubstr("user@"));
    const std::vector<Person> people = {{"user@"}};
    const BatchAnswer answer = read_answer({.people = people}, exchange->status, exchange->answer);
    EXPECT_EQ(answer.kind, BatchAnswer::Kind::answered);
    EXPECT_THAT(answer.verdicts, ElementsAre(Verdict{Verdict::Kind::rejected, "invalid_email"}));
  }
}

TEST(RecordedTest, OneOfTwoUpdated) {
  const auto exchange =
      recorded("Iterable_Users/bulk_update/when_successful/responds_with_success.yml");
  if (!exchange) GTEST_SKIP() << "no recordings here";
  const std::vector<Person> people = {{"user@example.com"}, {"bad@"}};
  const BatchAnswer answer = read_answer({.call = BatchCall::bulk_update, .people = people},
                                         exchange->status, exchange->answer);
  EXPECT_EQ(answer.kind, BatchAnswer::Kind::answered);
  EXPECT_THAT(answer.verdicts,
              ElementsAre(Verdict{}, Verdict{Verdict::Kind::rejected, "invalid_email"}));
}

TEST(RecordedTest, SubscribedPeopleAreConfirmed) {
  for (const char* call : {"subscribe", "unsubscribe"}) {
    const auto exchange = recorded("Iterable_Lists/" + std::string(call) +
                                   "/when_successful/responds_with_success.yml");
    if (!exchange) GTEST_SKIP() << "no recordings here";
    const json request = json::parse(exchange->request);
    std::vector<std::string> keys;
    for (const json& person : request.at("subscribers")) keys.push_back(person.at("email"));
    std::vector<Person> people;
    for (const std::string& key : keys) people.push_back({key});
    const BatchAnswer answer = read_answer({.people = people}, exchange->status, exchange->answer);
    EXPECT_EQ(answer.kind, BatchAnswer::Kind::answered) << exchange->answer;
    EXPECT_THAT(answer.verdicts, testing::Each(Verdict{}));
  }
}

TEST(RecordedTest, AnEmptyBatchIsRefused) {
  const auto exchange =
      recorded("Iterable_Users/bulk_update/without_users/responds_with_an_error_code.yml");
  if (!exchange) GTEST_SKIP() << "no recordings here";
  const std::vector<Person> people = {{"a@x.co"}};
  const BatchAnswer answer = read_answer({.call = BatchCall::bulk_update, .people = people},
                                         exchange->status, exchange->answer);
  EXPECT_EQ(answer.kind, BatchAnswer::Kind::refused);
  EXPECT_EQ(answer.reason, "invalid_email");
}

// --- What an answer can hold at most.

TEST(ReadAnswerTest, FindsAThousandNamedPeople) {
  std::vector<std::string> keys;
  json unknown = json::array();
  for (int i = 0; i < 1000; ++i) {
    keys.push_back("person" + std::to_string(i) + "@example.com");
    if (i % 3 == 0) unknown.push_back(keys.back());
  }
  std::vector<Person> people;
  for (const std::string& key : keys) people.push_back({key});
  const json body = {
      {"successCount", 666}, {"failCount", 334}, {"failedUpdates", {{"notFoundEmails", unknown}}}};
  const BatchAnswer answer = read_answer({.people = people}, 200, body.dump());
  ASSERT_EQ(answer.kind, BatchAnswer::Kind::answered);
  for (size_t i = 0; i < 1000; ++i)
    ASSERT_EQ(answer.verdicts[i].kind,
              i % 3 == 0 ? Verdict::Kind::not_found : Verdict::Kind::confirmed)
        << i;
}

TEST(ReadAnswerTest, SurvivesDeepNesting) {
  const std::vector<Person> people = {{"a@x.co"}};
  const std::string deep = std::string(50'000, '[') + std::string(50'000, ']');
  EXPECT_EQ(read_answer({.people = people}, 200, deep).kind, BatchAnswer::Kind::doubtful);
  EXPECT_EQ(read_answer({.people = people}, 400, deep).kind, BatchAnswer::Kind::refused);
}

// --- Bodies.

TEST(EncodeTest, SubscribesByTheKeyOfTheBatch) {
  const std::vector<Person> people = {{"ann@example.com", R"({"firstName":"Ann","visits":3})"},
                                      {"bob@example.com"}};
  EXPECT_EQ(
      encode({.list_id = 4711, .people = people}),
      R"({"listId":4711,"subscribers":[{"email":"ann@example.com","dataFields":{"firstName":"Ann","visits":3}},)"
      R"({"email":"bob@example.com"}],"updateExistingUsersOnly":true})");
  const std::vector<Person> by_id = {{"U1"}};
  EXPECT_EQ(encode({.list_id = 4711, .key_type = KeyType::user_id, .people = by_id}),
            R"({"listId":4711,"subscribers":[{"userId":"U1"}],"updateExistingUsersOnly":true})");
}

TEST(EncodeTest, AlwaysForbidsToCreatePeople) {
  const std::vector<Person> people = {{"U1"}};
  EXPECT_TRUE(json::parse(encode({.list_id = 1, .people = people})).at("updateExistingUsersOnly"));
}

TEST(EncodeTest, NeverUnsubscribesFromAChannelNorPrefersUserIds) {
  const std::vector<Person> people = {{"ann@example.com", R"({"a":1})"}, {"bob@example.com"}};
  for (const BatchCall call :
       {BatchCall::subscribe, BatchCall::unsubscribe, BatchCall::bulk_update}) {
    for (const KeyType type : {KeyType::email, KeyType::user_id}) {
      for (const bool flag : {false, true}) {
        const std::string text = encode({.call = call,
                                         .list_id = 1,
                                         .key_type = type,
                                         .people = people,
                                         .create_new_fields = flag,
                                         .merge_objects = flag});
        EXPECT_THAT(text, Not(HasSubstr("preferUserId")));
        const json body = json::parse(text);
        if (call == BatchCall::unsubscribe) {
          EXPECT_EQ(body.at("channelUnsubscribe"), false);
          EXPECT_THAT(text, Not(HasSubstr("dataFields")));
          EXPECT_THAT(text, Not(HasSubstr("updateExistingUsersOnly")));
        } else {
          EXPECT_THAT(text, Not(HasSubstr("nsubscribe")));
        }
      }
    }
  }
}

TEST(EncodeTest, SaysOfABulkUpdateWhetherFieldsMayBeMade) {
  const std::vector<Person> people = {{"U1", R"({"a":{"b":1}})"}};
  EXPECT_EQ(
      encode({.call = BatchCall::bulk_update, .key_type = KeyType::user_id, .people = people}),
      R"({"users":[{"userId":"U1","dataFields":{"a":{"b":1}}}],"createNewFields":false})");
  EXPECT_EQ(
      encode({.call = BatchCall::bulk_update,
              .key_type = KeyType::user_id,
              .people = people,
              .create_new_fields = true,
              .merge_objects = true}),
      R"({"users":[{"userId":"U1","dataFields":{"a":{"b":1}},"mergeNestedObjects":true}],"createNewFields":true})");
}

TEST(EncodeTest, CarriesOddNamesUnchanged) {
  const std::string kOdd[] = {
      "O'Neil",
      "Zoë",
      "李",
      "\"x\"",
      "'); DROP TABLE people; --",
      "back\\slash",
      "a/b",
      "tab\there",
      "line\nbreak",
      "\x01\x1f\x7f",
      std::string("zero\0inside", 11),
      "\xF0\x9F\x98\x80",
      "e\xCC\x81",
      "\xE2\x80\xA8",
      "<script>",
      "",
      " padded ",
      "null",
      "{}",
  };
  for (const std::string& name : kOdd) {
    const std::vector<Person> people = {{name}};
    const std::string text = encode({.list_id = 1, .key_type = KeyType::user_id, .people = people});
    const json body = json::parse(text, nullptr, false);
    ASSERT_FALSE(body.is_discarded()) << text;
    EXPECT_EQ(body.at("subscribers").at(0).at("userId").get<std::string>(), name);
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) {
      return static_cast<unsigned char>(c) >= 0x20;
    })) << text;
  }
}

TEST(EncodeTest, NeverSendsInvalidUtf8) {
  for (const std::string& bad :
       {std::string("\xff"), std::string("a\xc3"), std::string("\xed\xa0\x80"),
        std::string("\xc0\xaf"), std::string("\xf5\x80\x80\x80"), std::string("x\x80y")}) {
    const std::vector<Person> people = {{bad}, {"good"}};
    const std::string text = encode({.list_id = 1, .people = people});
    EXPECT_TRUE(is_utf8(text));
    const json body = json::parse(text, nullptr, false);
    ASSERT_FALSE(body.is_discarded()) << text;
    EXPECT_THAT(body.at("subscribers").at(0).at("email").get<std::string>(),
                HasSubstr("\xEF\xBF\xBD"));
    EXPECT_EQ(body.at("subscribers").at(1).at("email"), "good");
  }
}

TEST(EncodeTest, EscapesEveryCodePoint) {
  for (uint32_t point = 0; point < 0x3000; ++point) {
    std::string text = "<";
    if (point < 0x80) {
      text += static_cast<char>(point);
    } else if (point < 0x800) {
      text += static_cast<char>(0xC0 | (point >> 6));
      text += static_cast<char>(0x80 | (point & 63));
    } else {
      text += static_cast<char>(0xE0 | (point >> 12));
      text += static_cast<char>(0x80 | ((point >> 6) & 63));
      text += static_cast<char>(0x80 | (point & 63));
    }
    text += '>';
    std::string out;
    append_json_string(out, text);
    ASSERT_EQ(json::parse(out).get<std::string>(), text) << point;
  }
}

}  // namespace
}  // namespace rollcall::iterable
