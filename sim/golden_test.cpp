// Recorded exchanges with the real service, replayed in the shape of their year: the same request
// must get the same status, content type and body. Values that belong to the recorded project (ids,
// times) are set up from the recording; what cannot be replayed is listed below with the reason.
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <iostream>
#include <map>
#include <regex>

#include "sim/testing.hpp"

namespace sim::testing {
namespace {

namespace fs = std::filesystem;

// By folder; the first that fits counts.
struct LeftOut {
  const char* folder;
  const char* reason;
};
constexpr LeftOut kLeftOut[] = {
    {"Iterable_CsvExporter/", "rows of emailSend: nothing here sends email"},
    {"Iterable_JsonExporter/export_range/", "rows of emailSend: nothing here sends email"},
    {"Iterable_Users/fields/", "names of that project's own fields"},
    {"Iterable_Users/sent_messages/when_successful/", "nothing here sends messages"},
    {"Iterable_Users/disable_device/", "devices are not simulated"},
    {"Iterable_Users/register_browser_token/when_successful/", "devices are not simulated"},
};

struct Exchange {
  std::string file;
  std::string method, target, body;
  int status = 0;
  std::string content_type;
  std::string answer;
  int year = 0;
};

std::string text_of(const YAML::Node& node) {
  if (!node || node.IsNull()) return {};
  // A binary scalar is base64, whatever the library calls its tag.
  if (node.Tag().find("binary") != std::string::npos) {
    auto bytes = node.as<YAML::Binary>();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  return node.as<std::string>();
}

std::vector<Exchange> read_exchanges(const fs::path& folder) {
  std::vector<Exchange> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".yml") continue;
    YAML::Node file = YAML::LoadFile(entry.path());
    for (const auto& one : file["http_interactions"]) {
      Exchange exchange;
      exchange.file = fs::relative(entry.path(), folder);
      exchange.method = one["request"]["method"].as<std::string>();
      for (char& c : exchange.method) c = static_cast<char>(std::toupper(c));
      std::string uri = one["request"]["uri"].as<std::string>();
      exchange.target = uri.substr(uri.find("/api/"));
      exchange.body = text_of(one["request"]["body"]["string"]);
      exchange.status = one["response"]["status"]["code"].as<int>();
      exchange.content_type = one["response"]["headers"]["Content-Type"][0].as<std::string>();
      exchange.answer = text_of(one["response"]["body"]["string"]);
      // "Sun, 01 Oct 2017 22:12:49 GMT"
      exchange.year = std::stoi(one["recorded_at"].as<std::string>().substr(12, 4));
      out.push_back(std::move(exchange));
    }
  }
  return out;
}

// What the recorded project held, as far as the answers show.
void set_up(TryOut& sim, const Exchange& exchange) {
  sim.turn("shape", std::to_string(exchange.year));
  sim.turn("non_standard_lists", "accept");  // 2017
  auto add_list = [&](int64_t id, const char* name, const char* type) {
    sim.send("POST", "/_sim/lists", print(Json{{"id", id}, {"name", name}, {"listType", type}}));
  };
  Json answer = Json::parse(exchange.answer, nullptr, false);
  bool good = exchange.status == 200;
  if (exchange.target.starts_with("/api/lists")) {
    if (good && answer.contains("lists")) {
      for (const Json& list : answer["lists"]) {
        sim.service.project().clock.freeze_at(list["createdAt"].get<int64_t>());
        add_list(list["id"], list["name"].get<std::string>().c_str(),
                 list["listType"].get<std::string>().c_str());
      }
    }
    if (good && exchange.method == "DELETE") {
      add_list(std::stoll(exchange.target.substr(exchange.target.rfind('/') + 1)), "x", "Standard");
    }
    if (exchange.target.find("scribe") != std::string::npos) add_list(58508, "users", "Dynamic");
    if (good && exchange.target.find("getUsers") != std::string::npos) {
      add_list(56545, "list", "Standard");
      std::istringstream lines(exchange.answer);
      for (std::string email; std::getline(lines, email);) {
        sim.add_people("{\"email\":\"" + email + "\"}");
        sim.subscribe(56545, "[{\"email\":\"" + email + "\"}]");
      }
    }
    return;
  }
  if (good && answer.is_object() && answer.contains("user")) {
    const Json& fields = answer["user"]["dataFields"];
    Json person = {{"email", answer["user"]["email"]}};
    sim.service.project().clock.freeze_at(*parse_date(fields["signupDate"].get<std::string>()));
    sim.add_people(print(person));
    sim.service.project().clock.freeze_at(
        *parse_date(fields["profileUpdatedAt"].get<std::string>()));
    if (answer["user"].contains("userId")) {
      person["userId"] = answer["user"]["userId"];
      sim.post("/api/users/update", print(person));
    }
  } else if (good) {
    sim.add_people(R"({"email":"sample-1507173084@example.com","userId":"1"})");
  }
  if (exchange.status == 429) {
    for (int i = 0; i < 4; ++i) sim.get("/api/export/data.json?dataTypeName=user&range=All");
  }
}

// The words that name the request's headers differ with the client; the rest must not.
std::string without_headers(const std::string& text) {
  return std::regex_replace(text, std::regex(", hdrs: ArrayBuffer\\(.*\\)\",\"code\""),
                            ", hdrs\",\"code\"");
}

TEST(GoldenTest, RecordedExchangesAreAnsweredAlike) {
  fs::path folder = fs::path(SIM_SOURCE_DIR) / "../../shared/data/iterable/recorded";
  if (!fs::exists(folder)) GTEST_SKIP() << "no recordings at " << folder;
  int replayed = 0;
  std::map<std::string, int> left_out;
  for (const Exchange& exchange : read_exchanges(folder)) {
    SCOPED_TRACE(exchange.file + ": " + exchange.method + " " + exchange.target);
    bool skipped = false;
    for (const LeftOut& one : kLeftOut) {
      if (!skipped && exchange.file.starts_with(one.folder)) {
        ++left_out[std::string(one.folder) + ": " + one.reason];
        skipped = true;
      }
    }
    // Of the streamed exports only the refusal can be compared.
    if (!skipped && exchange.file.starts_with("Iterable_JsonExporter/export/") &&
        exchange.status == 200) {
      ++left_out["Iterable_JsonExporter/export/ (200): rows of emailSend"];
      skipped = true;
    }
    if (!skipped && exchange.target.find("registerBrowserToken") != std::string::npos) {
      ++left_out["POST /api/users/registerBrowserToken: devices are not simulated"];
      skipped = true;
    }
    if (skipped) continue;
    Config config = config_of(ProjectType::email);
    config.published_limits = exchange.status == 429;
    TryOut sim(config);
    set_up(sim, exchange);
    Response response = sim.send(exchange.method, exchange.target, exchange.body);
    ++replayed;
    EXPECT_EQ(response.status, exchange.status) << response.body;
    EXPECT_EQ(response.content_type, exchange.content_type);
    if (exchange.status == 404) {
      EXPECT_THAT(response.body, ::testing::HasSubstr("<title>Action not found</title>"));
      continue;
    }
    Json expected = Json::parse(without_headers(exchange.answer), nullptr, false);
    if (expected.is_discarded()) {
      EXPECT_EQ(response.body, exchange.answer);
    } else {
      // The ids of new lists are the recorded project's.
      if (expected.contains("listId")) expected["listId"] = sim.json(response)["listId"];
      EXPECT_EQ(Json::parse(without_headers(response.body), nullptr, false), expected);
    }
  }
  for (const auto& [what, count] : left_out) {
    std::cout << "left out " << count << " of " << what << "\n";
  }
  std::cout << "replayed " << replayed << "\n";
  EXPECT_GE(replayed, 80);
}

}  // namespace
}  // namespace sim::testing
