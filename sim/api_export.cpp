#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <numeric>

#include "sim/answers.hpp"
#include "sim/api.hpp"

namespace sim {
namespace {

constexpr size_t kSlotsPerChunk = 2000;
constexpr int64_t kDayMs = 86'400'000;

// Source: the API's description, dataTypeName of export/start.
constexpr std::array<std::string_view, 53> kDataTypes = {"emailSend",
                                                         "emailOpen",
                                                         "emailClick",
                                                         "hostedUnsubscribeClick",
                                                         "emailComplaint",
                                                         "emailBounce",
                                                         "emailSendSkip",
                                                         "pushSend",
                                                         "pushOpen",
                                                         "pushUninstall",
                                                         "pushBounce",
                                                         "pushSendSkip",
                                                         "inAppSend",
                                                         "inAppOpen",
                                                         "inAppClick",
                                                         "inAppClose",
                                                         "inAppDelete",
                                                         "inAppDelivery",
                                                         "inAppSendSkip",
                                                         "inAppRecall",
                                                         "inboxSession",
                                                         "inboxMessageImpression",
                                                         "smsSend",
                                                         "smsBounce",
                                                         "smsClick",
                                                         "smsReceived",
                                                         "smsSendSkip",
                                                         "webPushSend",
                                                         "webPushClick",
                                                         "webPushSendSkip",
                                                         "rcsSend",
                                                         "rcsSendSkip",
                                                         "emailSubscribe",
                                                         "emailUnSubscribe",
                                                         "purchase",
                                                         "customEvent",
                                                         "user",
                                                         "smsUsageInfo",
                                                         "embeddedSend",
                                                         "embeddedSendSkip",
                                                         "embeddedClick",
                                                         "embeddedReceived",
                                                         "embeddedImpression",
                                                         "embeddedSession",
                                                         "unknownSession",
                                                         "journeyExit",
                                                         "whatsAppBounce",
                                                         "whatsAppClick",
                                                         "whatsAppReceived",
                                                         "whatsAppSeen",
                                                         "whatsAppSend",
                                                         "whatsAppSendSkip",
                                                         "whatsAppUsageInfo"};

bool is_data_type(std::string_view name) {
  return std::find(kDataTypes.begin(), kDataTypes.end(), name) != kDataTypes.end();
}

std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    size_t end = std::min(text.find(','), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// "yyyy-MM-dd HH:mm:ss [ZZ]" and nothing else.
std::optional<int64_t> parse_export_time(std::string_view text) {
  if (text.size() < 19 || text[10] != ' ') return std::nullopt;
  return parse_date(text);
}

// Prints the users of an export, a chunk at a time, in whatever state they are by then.
class UserRows {
 public:
  // Under the lock.
  UserRows(Project& project, ExportJob job)
      : project_(project), job_(std::move(job)), slots_(project.world.slot_count()) {
    // Only events have rows of other types, and nothing here sends any.
    if (job_.data_type != "user") slots_ = 0;
    if (slots_ > 2 && project.switches.get_users_order == 0) {
      // A walk that visits every slot once: any step that shares no divisor with the number.
      start_ = project.random() % slots_;
      step_ = project.random() % slots_ | 1;
      while (std::gcd(step_, slots_) != 1) step_ += 2;
    }
    if (!job_.csv) return;
    if (job_.only_fields.empty()) {
      for (const auto& [name, type] : project.world.fields().all()) {
        if (name.find('.') == std::string::npos && is_wanted(name)) columns_.push_back(name);
      }
    } else {
      columns_ = job_.only_fields;
    }
  }

  // False at the end. Takes the lock.
  bool next(std::string& chunk) {
    chunk.clear();
    if (job_.csv && !header_done_) {
      header_done_ = true;
      chunk = "createdAt";
      for (const auto& name : columns_) chunk += job_.delimiter + name;
      chunk += '\n';
    }
    while (visited_ < slots_ && chunk.empty()) add_some(chunk);
    return !chunk.empty();
  }

 private:
  [[nodiscard]] bool is_wanted(const std::string& name) const {
    const auto& only = job_.only_fields;
    const auto& omit = job_.omit_fields;
    return (only.empty() || std::find(only.begin(), only.end(), name) != only.end()) &&
           std::find(omit.begin(), omit.end(), name) == omit.end();
  }

  void add_some(std::string& chunk) {
    std::lock_guard lock(project_.mutex);
    const World& world = project_.world;
    int64_t now_ms = project_.clock.now_ms();
    int64_t lag_ms = project_.export_lag_ms();
    std::vector<std::pair<int64_t, std::vector<uint64_t>>> lists;
    bool wants_lists = is_wanted("emailListIds") || is_wanted("userListIds");
    for (const auto& [id, list] : world.lists()) {
      if (wants_lists && list.type == "Standard" && list.count + list.history.size() > 0) {
        lists.emplace_back(id, world.seen_members(list, now_ms, lag_ms));
      }
    }
    std::vector<int64_t> ids;
    for (size_t i = 0; i < kSlotsPerChunk && visited_ < slots_; ++i, ++visited_) {
      auto slot = static_cast<Slot>((start_ + visited_ * step_) % slots_);
      const Contact* contact = world.seen(slot, now_ms, lag_ms);
      if (contact == nullptr || contact->updated_ms < job_.start_ms ||
          contact->updated_ms >= job_.end_ms) {
        continue;
      }
      ids.clear();
      for (const auto& [id, bits] : lists) {
        if (slot / 64 < bits.size() && (bits[slot / 64] >> (slot % 64) & 1) != 0) {
          ids.push_back(id);
        }
      }
      Json row = shown_fields(project_, *contact, ids, now_ms);
      if (job_.csv) {
        add_csv(chunk, *contact, row);
      } else {
        if (!job_.only_fields.empty() || !job_.omit_fields.empty()) {
          for (auto it = row.begin(); it != row.end();) {
            it = is_wanted(it.key()) ? std::next(it) : row.erase(it);
          }
        }
        chunk += print(row);
        chunk += '\n';
      }
    }
  }

  static std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
      if (c == '"') out.push_back('"');
      out.push_back(c);
    }
    return out + "\"";
  }

  // Text is always quoted, numbers never, as recorded; createdAt always comes first.
  void add_csv(std::string& chunk, const Contact& contact, const Json& row) const {
    chunk += quoted(format_date(contact.created_ms));
    for (const auto& name : columns_) {
      chunk += job_.delimiter;
      auto found = row.find(name);
      if (found == row.end()) continue;
      if (found->is_string()) {
        chunk += quoted(found->get_ref<const std::string&>());
      } else if (found->is_structured()) {
        chunk += quoted(print(*found));
      } else {
        chunk += print(*found);
      }
    }
    chunk += '\n';
  }

  Project& project_;
  const ExportJob job_;
  size_t slots_;
  size_t start_ = 0;
  size_t step_ = 1;
  size_t visited_ = 0;
  std::vector<std::string> columns_;
  bool header_done_ = false;
};

// What data.json and data.csv were asked for.
std::optional<Response> read_export_query(const Call& call, int64_t now_ms, ExportJob& job) {
  const Query& query = call.query;
  auto type = query.get("dataTypeName");
  if (!type) return answer_bad_params("Missing parameter: dataTypeName");
  if (!is_data_type(*type)) return answer_bad_params("Invalid value for parameter dataTypeName");
  job.data_type = *type;
  for (const auto& text : query.all("onlyFields")) {
    for (auto& name : split_commas(text)) job.only_fields.push_back(std::move(name));
  }
  job.omit_fields = split_commas(query.get("omitFields").value_or(""));
  if (auto id = query.get("campaignId"); id && !parse_int(*id)) {
    return answer_bad_params("Invalid value for parameter campaignId");
  }
  auto range = query.get("range");
  auto start = query.get("startDateTime");
  auto end = query.get("endDateTime");
  if (range) {
    int64_t today_ms = now_ms - (now_ms % kDayMs);
    if (*range == "Today") {
      job.start_ms = today_ms;
    } else if (*range == "Yesterday") {
      job.start_ms = today_ms - kDayMs;
      job.end_ms = today_ms;
    } else if (*range == "BeforeToday") {
      job.end_ms = today_ms;
    } else if (*range != "All") {
      return answer_bad_params("Invalid value for parameter range");
    }
    return std::nullopt;
  }
  if (!start || !end) {
    return answer_bad_params("Either range or startDateTime and endDateTime must be set");
  }
  auto start_ms = parse_export_time(*start);
  auto end_ms = parse_export_time(*end);
  if (!start_ms || !end_ms) return answer_bad_params("Dates must be yyyy-MM-dd HH:mm:ss [ZZ]");
  job.start_ms = *start_ms;
  job.end_ms = *end_ms;
  return std::nullopt;
}

Response answer_rows(Project& project, Call& call, bool csv) {
  ExportJob job;
  job.csv = csv;
  int64_t now_ms = project.clock.now_ms();
  if (auto refusal = read_export_query(call, now_ms, job)) return *refusal;
  Response response;
  response.content_type = csv ? "text/csv" : "application/x-json-stream";
  if (!csv && call.switches.shape == Switches::shape_2017) response.content_type = "text/plain";
  if (csv) {
    job.delimiter = call.query.get("delimiter").value_or(",");
    std::string stamp = format_date(now_ms);
    std::erase_if(stamp, [](char c) { return c < '0' || c > '9'; });
    response.headers.emplace_back(
        "Content-Disposition",
        fmt::format("attachment; filename=\"{}_{}.csv\"", job.data_type, stamp.substr(0, 14)));
  }
  std::lock_guard lock(project.mutex);
  auto rows = std::make_shared<UserRows>(project, std::move(job));
  response.next_chunk = [rows](std::string& chunk) { return rows->next(chunk); };
  return response;
}

// Writes a finished job's files. Called without the lock; the job cannot vanish.
void write_files(Project& project, ExportJob& job) {
  int64_t file_bytes_max, total_bytes_max;
  std::unique_ptr<UserRows> rows;
  {
    std::lock_guard lock(project.mutex);
    file_bytes_max = std::max<int64_t>(1, project.switches.export_file_bytes);
    total_bytes_max = project.switches.export_total_bytes_max;
    rows = std::make_unique<UserRows>(project, job);
  }
  std::vector<ExportFile> files;
  std::ofstream out;
  std::string header;
  bool first_chunk = true;
  int64_t total = 0;
  bool truncated = false;
  auto open_next = [&] {
    ExportFile file;
    file.name = fmt::format("file-{}.{}", job.started_ms + static_cast<int64_t>(files.size()),
                            job.csv ? "csv" : "json");
    {
      std::lock_guard lock(project.mutex);
      file.path = project.exports.new_path(job.id, files.size());
    }
    out = std::ofstream(file.path, std::ios::binary | std::ios::trunc);
    if (!files.empty()) out << header;  // every CSV file stands alone
    file.bytes = files.empty() ? 0 : static_cast<int64_t>(header.size());
    files.push_back(std::move(file));
  };
  std::string chunk;
  while (!truncated && rows->next(chunk)) {
    if (files.empty()) open_next();
    if (first_chunk && job.csv) header = chunk.substr(0, chunk.find('\n') + 1);
    first_chunk = false;
    std::string_view rest = chunk;
    while (!rest.empty()) {
      size_t end = rest.find('\n') + 1;
      auto size = static_cast<int64_t>(end);
      if (total + size > total_bytes_max) {
        truncated = true;
        break;
      }
      if (files.back().bytes > 0 && files.back().bytes + size > file_bytes_max) open_next();
      out.write(rest.data(), size);
      files.back().bytes += size;
      total += size;
      rest.remove_prefix(end);
    }
  }
  out.close();
  std::lock_guard lock(project.mutex);
  job.files = std::move(files);
  job.bytes = total;
  job.truncated = truncated;
  job.written = true;
}

// Lets time pass for the jobs, and writes what has become due.
void step_jobs(Project& project) {
  std::lock_guard writing(project.exports.writing());
  std::vector<ExportJob*> due;
  {
    std::lock_guard lock(project.mutex);
    project.exports.step(project.clock.now_ms(), project.switches.export_job_ms);
    for (auto& [id, job] : project.exports.jobs()) {
      if (job.is_due()) due.push_back(&job);
    }
  }
  for (ExportJob* job : due) write_files(project, *job);
}

std::string signature_of(const Project& project, std::string_view path, int64_t expires_ms) {
  return hashed_identifier(fmt::format("{} {} {}", project.config.seed, path, expires_ms));
}

// The description declares the times of jobs as date-time, unlike those of profiles.
std::string format_job_time(int64_t ms) {
  std::string text = format_date(ms);  // "yyyy-MM-dd HH:mm:ss +00:00"
  text[10] = 'T';
  return text.substr(0, 19) + fmt::format(".{:03}Z", ms % 1000);
}

OrderedJson shown_job(const ExportJob& job, int64_t now_ms) {
  OrderedJson out = {{"id", job.id},
                     {"dataTypeName", job.data_type},
                     {"jobState", job.state(now_ms)},
                     {"scheduledStartTime", format_job_time(job.scheduled_ms)}};
  if (job.written) {
    out["endTime"] = format_job_time(job.end_time_ms);
    out["bytesExported"] = job.bytes;
  }
  return out;
}

}  // namespace

Response export_json(Project& project, Call& call) { return answer_rows(project, call, false); }

Response export_csv(Project& project, Call& call) { return answer_rows(project, call, true); }

Response export_user_events(Project&, Call& call) {
  if (!call.query.get("email") && !call.query.get("userId")) {
    return answer_bad_params("Either email or userId must be set");
  }
  Response response;
  response.content_type = "application/x-json-stream";
  return response;  // nobody here has events
}

Response start_export(Project& project, Call& call) {
  BodyReader reader(call.request, call.endpoint, call.switches.shape);
  Json* body = reader.object();
  if (body == nullptr) return reader.refusal();
  const std::string* type = reader.text(*body, "dataTypeName", true);
  const std::string* format = reader.text(*body, "outputFormat", true);
  const std::string* start = reader.text(*body, "startDateTime");
  const std::string* end = reader.text(*body, "endDateTime");
  const std::string* delimiter = reader.text(*body, "delimiter");
  const std::string* only = reader.text(*body, "onlyFields");
  const std::string* omit = reader.text(*body, "omitFields");
  reader.integer(*body, "campaignId");
  if (reader.failed()) return reader.refusal();
  ExportJob wanted;
  if (!is_data_type(*type)) return answer_bad_params("Invalid dataTypeName");
  if (*format != "text/csv" && *format != "application/x-json-stream") {
    return answer_bad_params("Invalid outputFormat");
  }
  auto start_ms = start != nullptr ? parse_export_time(*start) : std::optional(INT64_MIN);
  auto end_ms = end != nullptr ? parse_export_time(*end) : std::optional(INT64_MAX);
  if (!start_ms || !end_ms) return answer_bad_params("Dates must be yyyy-MM-dd HH:mm:ss [ZZ]");
  std::lock_guard lock(project.mutex);
  ExportJob& job = project.exports.add(project.clock.now_ms());
  job.data_type = *type;
  job.csv = *format == "text/csv";
  if (delimiter != nullptr) job.delimiter = *delimiter;
  job.start_ms = *start_ms;
  job.end_ms = *end_ms;
  if (only != nullptr) job.only_fields = split_commas(*only);
  if (omit != nullptr) job.omit_fields = split_commas(*omit);
  project.exports.step(project.clock.now_ms(), project.switches.export_job_ms);
  OrderedJson answer = OrderedJson::object();
  answer["jobId"] = job.id;
  return answer_json(200, answer);
}

Response get_export_jobs(Project& project, Call& call) {
  step_jobs(project);
  auto wanted = call.query.get("jobState");
  OrderedJson jobs = OrderedJson::array();
  std::lock_guard lock(project.mutex);
  int64_t now_ms = project.clock.now_ms();
  for (const auto& [id, job] : project.exports.jobs()) {
    std::string state = job.state(now_ms);
    // The filter knows "queued" for what the answer calls "enqueued".
    if (wanted && !equals_ignoring_case(*wanted, state) &&
        !(*wanted == "queued" && state == "enqueued")) {
      continue;
    }
    jobs.push_back(shown_job(job, now_ms));
  }
  OrderedJson body = OrderedJson::object();
  body["jobs"] = std::move(jobs);
  return answer_json(200, body);
}

Response get_export_files(Project& project, Call& call) {
  auto id = parse_int(call.path_params[0]);
  if (!id) return answer_bad_params("Invalid value for parameter jobId");
  step_jobs(project);
  std::string start_after = call.query.get("startAfter").value_or("");
  std::string host(call.request.header("Host"));
  std::lock_guard lock(project.mutex);
  const ExportJob* job = project.exports.find(*id);
  if (job == nullptr) {
    return answer_code(404, fmt::format("Export job {} does not exist", *id), "NotFound");
  }
  int64_t now_ms = project.clock.now_ms();
  OrderedJson files = OrderedJson::array();
  for (const ExportFile& file : job->files) {
    if (file.name <= start_after) continue;
    if (static_cast<int64_t>(files.size()) >= project.switches.export_page) break;
    std::string path = fmt::format("/export-files/{}/{}", job->id, file.name);
    int64_t expires_ms = now_ms + project.switches.export_url_ms;
    std::string url = fmt::format("http://{}{}?expires={}&signature={}", host, path, expires_ms,
                                  signature_of(project, path, expires_ms));
    files.push_back({{"file", file.name}, {"url", url}});
  }
  return answer_json(200, {{"exportTruncated", job->truncated},
                           {"files", std::move(files)},
                           {"jobId", job->id},
                           {"jobState", job->state(now_ms)}});
}

Response cancel_export(Project& project, Call& call) {
  auto id = parse_int(call.path_params[0]);
  if (!id) return answer_bad_params("Invalid value for parameter jobId");
  step_jobs(project);
  std::lock_guard lock(project.mutex);
  ExportJob* job = project.exports.find(*id);
  if (job == nullptr) {
    return answer_code(404, fmt::format("Export job {} does not exist", *id), "NotFound");
  }
  if (job->written || job->cancelled_ms != 0) {
    return answer_bad_params(fmt::format("Export job {} is not running", *id));
  }
  job->cancelled_ms = project.clock.now_ms();
  return answer_success();
}

Response download_export_file(Project& project, const Request& request) {
  size_t mark = std::min(request.target.find('?'), request.target.size());
  std::string path = request.target.substr(0, mark);
  Query query(std::string_view(request.target).substr(std::min(mark + 1, request.target.size())));
  auto refuse = [](std::string_view text) {
    Response response;
    response.status = 403;
    response.content_type = "application/xml";
    response.body = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>{}"
        "</Message></Error>",
        text);
    return response;
  };
  auto expires_ms = parse_int(query.get("expires").value_or(""));
  if (request.method != "GET" || !expires_ms ||
      query.get("signature") != signature_of(project, path, *expires_ms)) {
    return refuse("Access Denied");
  }
  if (project.clock.now_ms() >= *expires_ms) return refuse("Request has expired");
  std::string on_disk;
  {
    std::lock_guard lock(project.mutex);
    for (const auto& [id, job] : project.exports.jobs()) {
      for (const ExportFile& file : job.files) {
        if (path == fmt::format("/export-files/{}/{}", id, file.name)) on_disk = file.path;
      }
    }
  }
  auto in = std::make_shared<std::ifstream>(on_disk, std::ios::binary);
  if (on_disk.empty() || !*in) return refuse("Access Denied");
  Response response;
  response.content_type = "binary/octet-stream";
  response.next_chunk = [in](std::string& chunk) {
    chunk.resize(256 * 1024);
    in->read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    chunk.resize(static_cast<size_t>(in->gcount()));
    return !chunk.empty();
  };
  return response;
}

}  // namespace sim
