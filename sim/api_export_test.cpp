#include "sim/testing.hpp"

namespace sim::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string whole_body(const Response& response) {
  if (!response.next_chunk) return response.body;
  std::string out, chunk;
  while (response.next_chunk(chunk)) out += chunk;
  return out;
}

std::vector<Json> rows_of(const Response& response) {
  std::vector<Json> out;
  std::string text = whole_body(response);
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find('\n', at);
    out.push_back(Json::parse(text.substr(at, end - at)));
    at = end + 1;
  }
  return out;
}

std::set<std::string> emails_of(const Response& response) {
  std::set<std::string> out;
  for (const Json& row : rows_of(response)) out.insert(row["email"]);
  return out;
}

TEST(DataExportTest, UserRowIsFlatAndBearsItsLists) {
  TryOut sim(ProjectType::email);
  sim.add_people(R"({"email":"a@example.com","userId":"A","dataFields":{"x":1,"o":{"y":2}}})");
  int64_t list = sim.make_list();
  sim.subscribe(list, R"([{"email":"a@example.com"}])");
  Response response = sim.get("/api/export/data.json?dataTypeName=user&range=All");
  EXPECT_EQ(response.content_type, "application/x-json-stream");
  auto rows = rows_of(response);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["email"], "a@example.com");
  EXPECT_EQ(rows[0]["x"], 1);
  EXPECT_EQ(rows[0]["o"]["y"], 2);
  EXPECT_EQ(rows[0]["emailListIds"], Json::array({list}));
  EXPECT_EQ(rows[0]["profileUpdatedAt"], "2021-07-01 18:00:44 +00:00");
}

TEST(DataExportTest, WindowIsOnProfileUpdateStartInclusiveEndExclusive) {
  TryOut sim(ProjectType::email);
  sim.add_people(R"({"email":"a@example.com"})");
  sim.advance_ms(1000);
  sim.add_people(R"({"email":"b@example.com"})");
  auto get = [&](const char* start, const char* end) {
    return emails_of(sim.get("/api/export/data.json?dataTypeName=user&startDateTime=" +
                             percent_encode(start) + "&endDateTime=" + percent_encode(end)));
  };
  using Emails = std::set<std::string>;
  EXPECT_EQ(get("2021-07-01 18:00:44", "2021-07-01 18:00:45"), Emails{"a@example.com"});
  EXPECT_EQ(get("2021-07-01 18:00:45", "2021-07-02 00:00:00"), Emails{"b@example.com"});
  EXPECT_EQ(get("2021-07-01 20:00:44 +02:00", "2021-07-02 00:00:00"),
            (Emails{"a@example.com", "b@example.com"}));
}

TEST(DataExportTest, EveryOneComesOnceInAnyOrder) {
  TryOut sim(ProjectType::email);
  sim.turn("get_users_order", "shuffled");
  make_contacts(sim.service.project(), 5001);
  auto rows =
      rows_of(sim.get("/api/export/data.json?dataTypeName=user&range=All&onlyFields=email"));
  EXPECT_EQ(rows.size(), 5001U);
  EXPECT_EQ(rows[0].size(), 1U);
  EXPECT_EQ(emails_of(sim.get("/api/export/data.json?dataTypeName=user&range=All")).size(), 5001U);
}

TEST(DataExportTest, CsvAddsCreatedAtAndQuotesText) {
  TryOut sim(ProjectType::email);
  sim.add_people(R"({"email":"a@example.com","dataFields":{"n":"say \"hi\"","x":1}})");
  Response response = sim.get(
      "/api/export/data.csv?dataTypeName=user&range=All&onlyFields=email&onlyFields=n,x,userId");
  EXPECT_EQ(response.content_type, "text/csv");
  EXPECT_EQ(whole_body(response),
            "createdAt,email,n,x,userId\n"
            "\"2021-07-01 18:00:44 +00:00\",\"a@example.com\",\"say \"\"hi\"\"\",1,\n");
  bool named = false;
  for (const auto& [name, value] : response.headers) {
    named |= name == "Content-Disposition" &&
             value == "attachment; filename=\"user_20210701180044.csv\"";
  }
  EXPECT_TRUE(named);
}

TEST(DataExportTest, WrongParametersAreRefused) {
  TryOut sim(ProjectType::email);
  for (const char* query :
       {"", "dataTypeName=user", "dataTypeName=people&range=All", "dataTypeName=user&range=Ever",
        "dataTypeName=user&startDateTime=2021-01-01%2000:00:00",
        "dataTypeName=user&startDateTime=x&endDateTime=y"}) {
    EXPECT_EQ(sim.get("/api/export/data.json?" + std::string(query)).status, 400) << query;
  }
  EXPECT_EQ(whole_body(sim.get("/api/export/data.json?dataTypeName=emailSend&range=All")), "");
}

class ExportJobTest : public ::testing::Test {
 protected:
  Json start(std::string_view format = "application/x-json-stream") {
    Response response = sim_.post("/api/export/start",
                                  print(Json{{"dataTypeName", "user"}, {"outputFormat", format}}));
    EXPECT_EQ(response.status, 200) << response.body;
    return sim_.json(response)["jobId"];
  }
  Json files(const Json& job, std::string_view more = "") {
    return sim_.json(sim_.get("/api/export/" + job.dump() + "/files" + std::string(more)));
  }
  Response download(const Json& file) {
    std::string url = file["url"];
    return sim_.get(url.substr(std::string("http://").size()));
  }

  TryOut sim_{ProjectType::email};
};

TEST_F(ExportJobTest, RunsThenLeavesFilesThatTogetherAreEveryone) {
  make_contacts(sim_.service.project(), 3000);
  sim_.turn("export_file_bytes", "50000");
  Json job = start();
  EXPECT_EQ(files(job)["jobState"], "running");
  EXPECT_EQ(files(job)["files"].size(), 0U);
  sim_.advance_ms(1000);
  std::set<std::string> seen;
  std::string after;
  int pages = 0;
  while (true) {
    Json page = files(job, after.empty() ? "" : "?startAfter=" + after);
    ASSERT_EQ(page["jobState"], "completed");
    EXPECT_EQ(page["exportTruncated"], false);
    EXPECT_LE(page["files"].size(), 10U);
    ++pages;
    for (const Json& file : page["files"]) {
      Response got = download(file);
      ASSERT_EQ(got.status, 200);
      std::string text = whole_body(got);
      EXPECT_LE(text.size(), 50000U);
      std::istringstream lines(text);
      for (std::string line; std::getline(lines, line);) seen.insert(Json::parse(line)["email"]);
      after = file["file"];
    }
    if (page["files"].size() < 10) break;
  }
  EXPECT_GT(pages, 1);
  EXPECT_EQ(seen.size(), 3000U);
  Json jobs = sim_.json(sim_.get("/api/export/jobs?jobState=completed"))["jobs"];
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_GT(jobs[0]["bytesExported"], 3000 * 100);
}

TEST_F(ExportJobTest, TimesOfJobsAreDateTimesAsDescribed) {
  start();
  sim_.advance_ms(1007);
  const Json job = sim_.json(sim_.get("/api/export/jobs"))["jobs"][0];
  EXPECT_EQ(job["scheduledStartTime"], "2021-07-01T18:00:44.000Z");
  EXPECT_EQ(job["endTime"].get<std::string>().substr(0, 17), "2021-07-01T18:00:");
  EXPECT_EQ(job["endTime"].get<std::string>().back(), 'Z');
}

TEST_F(ExportJobTest, AddressesExpireAndCannotBeForged) {
  make_contacts(sim_.service.project(), 1);
  Json job = start("text/csv");
  sim_.advance_ms(1000);
  Json file = files(job)["files"][0];
  EXPECT_THAT(file["file"].get<std::string>(), StartsWith("file-"));
  std::string url = file["url"];
  Json forged = {{"url", url.substr(0, url.size() - 1) + (url.back() == '0' ? '1' : '0')}};
  EXPECT_EQ(download(forged).status, 403);
  sim_.advance_ms(30 * 60'000 - 1);
  EXPECT_EQ(download(file).status, 200);
  sim_.advance_ms(1);
  Response expired = download(file);
  EXPECT_EQ(expired.status, 403);
  EXPECT_THAT(expired.body, HasSubstr("Request has expired"));
  EXPECT_EQ(download(files(job)["files"][0]).status, 200);
}

TEST_F(ExportJobTest, FourRunAtOnceAndTheRestWait) {
  std::vector<Json> jobs;
  jobs.reserve(5);
  for (int i = 0; i < 5; ++i) jobs.push_back(start());
  EXPECT_EQ(files(jobs[3])["jobState"], "running");
  EXPECT_EQ(files(jobs[4])["jobState"], "enqueued");
  sim_.advance_ms(1000);
  EXPECT_EQ(files(jobs[4])["jobState"], "running");
  EXPECT_EQ(sim_.json(sim_.get("/api/export/jobs?jobState=queued"))["jobs"].size(), 0U);
}

TEST_F(ExportJobTest, CancelStopsAJobOnce) {
  Json job = start();
  std::string path = "/api/export/" + job.dump();
  EXPECT_EQ(sim_.send("DELETE", path).status, 200);
  EXPECT_EQ(files(job)["jobState"], "cancelling");
  sim_.advance_ms(1000);
  EXPECT_EQ(files(job)["jobState"], "cancelled");
  EXPECT_EQ(sim_.send("DELETE", path).status, 400);
  EXPECT_EQ(sim_.send("DELETE", "/api/export/1").status, 404);
}

TEST_F(ExportJobTest, TooLargeAnExportIsTruncated) {
  make_contacts(sim_.service.project(), 100);
  sim_.turn("export_total_bytes_max", "5000");
  Json job = start();
  sim_.advance_ms(1000);
  EXPECT_EQ(files(job)["exportTruncated"], true);
}

TEST_F(ExportJobTest, WrongStartIsRefused) {
  for (const char* body :
       {"{}", R"({"dataTypeName":"user"})", R"({"dataTypeName":"user","outputFormat":"xml"})",
        R"({"dataTypeName":"x","outputFormat":"text/csv"})",
        R"({"dataTypeName":"user","outputFormat":"text/csv","startDateTime":"1"})"}) {
    EXPECT_EQ(sim_.post("/api/export/start", body).status, 400) << body;
  }
}

}  // namespace
}  // namespace sim::testing
