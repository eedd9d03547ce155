// Enters iterable::read_answer with any body, for every call, key and status. Beyond not crashing:
// an answer that is believed tells of everybody once, and as many failed as it counts.
//
// Input: a body; what stands before the first empty line is skipped if it starts with "# ", so that
// the files of tests/replies are seeds.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "iterable/iterable.hpp"

using namespace rollcall;
using namespace rollcall::iterable;

namespace {

constexpr std::string_view kPeople[] = {
    "ann@example.com",
    "bob@example.com",
    "user@",
    "a@x.co",
    "b@x.co",
    "c@x.co",
    "o'neil@example.com",
    "zo\xC3\xAB@example.com",
    "\xE6\x9D\x8E@example.com",
    "\"x\"@example.com",
    "U1",
    "u1",
    "abC",
    "aBc",
    "\xff",
    "",
};

void check(const Batch& batch, int status, std::string_view body) {
  const BatchAnswer answer = read_answer(batch, status, body);
  using Kind = BatchAnswer::Kind;
  CHECK(answer.kind != Kind::failed);
  CHECK((status == 200) == (answer.kind == Kind::answered || answer.kind == Kind::doubtful));
  if (answer.kind == Kind::refused) CHECK(!answer.reason.empty());
  if (answer.kind != Kind::answered) return;
  CHECK(answer.verdicts.size() == batch.people.size());
  size_t failed = 0;
  for (const Verdict& verdict : answer.verdicts) {
    if (verdict.kind != Verdict::Kind::confirmed) ++failed;
    CHECK((verdict.kind == Verdict::Kind::rejected) == !verdict.reason.empty());
    if (verdict.final) CHECK(verdict.reason == "forgotten");
  }
  const auto parsed = nlohmann::json::parse(body);
  CHECK(parsed.at("failCount").get<size_t>() == failed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view body(reinterpret_cast<const char*>(data), size);
  if (body.starts_with("# ")) {
    const size_t head = body.find("\n\n");
    body.remove_prefix(head == std::string_view::npos ? body.size() : head + 2);
  }
  std::vector<Person> people;
  for (const std::string_view key : kPeople) people.push_back({key});
  for (const KeyType type : {KeyType::email, KeyType::user_id}) {
    for (const size_t count : {size_t{1}, size_t{2}, people.size()}) {
      const Batch batch{.list_id = 1, .key_type = type, .people = std::span(people).first(count)};
      for (const int status : {200, 400, 409, 413}) check(batch, status, body);
    }
  }
  std::string text;
  append_json_string(text, body);
  const auto back = nlohmann::json::parse(text, nullptr, false);
  CHECK(back.is_string());
  if (is_utf8(body)) CHECK(back.get<std::string>() == body);
  return 0;
}
