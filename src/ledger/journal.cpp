// The journal is lines of JSON, each ended by a line break:
//   {"s":7,"q":"0-999"}                     batch 7 with these changes is about to leave (synced)
//   {"a":7,"q":"0-999","k":"added","x":[[5,"rejected","forgotten",true],…]}   answered; all are k
//   but x
//   {"w":"0-999"}                           certainly never arrived
//   {"f":["fieldName"]} {"c":["fieldName"]} fields Iterable dropped, fields made
//   {"n":{…}}                               calls so far
// Sets of changes are written as ranges, since batches are pieces of the plan in order.
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ledger/ledger.hpp"

namespace rollcall::ledger {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

std::string ranges(const std::vector<uint32_t>& seqs) {
  std::string out;
  for (size_t i = 0; i < seqs.size();) {
    size_t end = i;
    while (end + 1 < seqs.size() && seqs[end + 1] == seqs[end] + 1) ++end;
    if (!out.empty()) out += ',';
    out += std::to_string(seqs[i]);
    if (end > i) out += '-' + std::to_string(seqs[end]);
    i = end + 1;
  }
  return out;
}

template <class F>
bool for_each_in(const std::string& text, size_t limit, F&& visit) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    uint32_t from = 0, to = 0;
    auto [next, problem] = std::from_chars(at, end, from);
    if (problem != std::errc()) return false;
    to = from;
    if (next < end && *next == '-') {
      auto [after, trouble] = std::from_chars(next + 1, end, to);
      if (trouble != std::errc()) return false;
      next = after;
    }
    if (to < from || to >= limit) return false;
    for (uint32_t seq = from; seq <= to; ++seq) visit(seq);
    if (next < end && *next != ',') return false;
    at = next + 1;
  }
  return true;
}

std::optional<OutcomeKind> outcome_kind(const std::string& name) {
  for (const OutcomeKind kind :
       {OutcomeKind::added, OutcomeKind::removed, OutcomeKind::updated, OutcomeKind::not_a_contact,
        OutcomeKind::rejected, OutcomeKind::unknown, OutcomeKind::not_sent})
    if (name == to_string(kind)) return kind;
  return std::nullopt;
}

Error broken(const fs::path& path) {
  return {ErrorKind::corrupt, "the journal " + path.string() + " makes no sense",
          "Keep the folder and report it; a `--full` run mends the list."};
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const fs::path& run_folder) {
  std::error_code problem;
  fs::create_directories(run_folder, problem);
  const fs::path path = run_folder / "journal";
  // A torn last line is cut off, so that the next one starts on its own.
  if (fs::exists(path, problem)) {
    std::ifstream in(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    const size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
    if (whole != text.size()) fs::resize_file(path, whole, problem);
  }
  std::FILE* file = std::fopen(path.c_str(), "ae");
  if (file == nullptr)
    return Error{ErrorKind::unavailable,
                 "cannot open " + path.string() + ": " + std::strerror(errno), "Check the disk."};
  return std::unique_ptr<Journal>(new Journal(file));
}

Journal::~Journal() { std::fclose(file_); }

Status Journal::append(const std::string& line, bool sync) {
  const bool written = std::fwrite(line.data(), 1, line.size(), file_) == line.size() &&
                       std::fputc('\n', file_) != EOF && std::fflush(file_) == 0 &&
                       (!sync || ::fdatasync(::fileno(file_)) == 0);
  if (!written)
    return Error{ErrorKind::unavailable,
                 std::string("cannot write the journal: ") + std::strerror(errno),
                 "Is the disk full?"};
  return ok_status();
}

Result<int64_t> Journal::sent(const std::vector<uint32_t>& seqs) {
  const std::lock_guard lock(mutex_);
  const int64_t batch = ++batches_;
  TRY(append(json{{"s", batch}, {"q", ranges(seqs)}}.dump(), true));
  return batch;
}

Status Journal::answered(std::optional<int64_t> batch, const std::vector<uint32_t>& seqs,
                         const std::vector<Outcome>& outcomes) {
  CHECK(seqs.size() == outcomes.size());
  if (seqs.empty()) return ok_status();
  // The commonest kind goes once, the others by name.
  std::map<OutcomeKind, size_t> tally;
  for (const Outcome& outcome : outcomes)
    if (outcome.reason.empty()) ++tally[outcome.kind];
  OutcomeKind common = outcomes[0].kind;
  size_t most = 0;
  for (const auto& [kind, count] : tally)
    if (count > most) most = count, common = kind;
  json line = {{"q", ranges(seqs)}, {"k", to_string(common)}};
  if (batch) line["a"] = *batch;
  json exceptions = json::array();
  for (size_t i = 0; i < seqs.size(); ++i)
    if (outcomes[i].kind != common || !outcomes[i].reason.empty())
      exceptions.push_back(
          {seqs[i], to_string(outcomes[i].kind), outcomes[i].reason, outcomes[i].final});
  if (!exceptions.empty()) line["x"] = std::move(exceptions);
  const std::lock_guard lock(mutex_);
  return append(line.dump(-1, ' ', false, json::error_handler_t::replace), false);
}

Status Journal::withdrawn(const std::vector<uint32_t>& seqs) {
  const std::lock_guard lock(mutex_);
  return append(json{{"w", ranges(seqs)}}.dump(), false);
}

Status Journal::filtered(const std::vector<std::string>& fields) {
  const std::lock_guard lock(mutex_);
  return append(json{{"f", fields}}.dump(-1, ' ', false, json::error_handler_t::replace), true);
}

Status Journal::created(const std::vector<std::string>& fields) {
  const std::lock_guard lock(mutex_);
  return append(json{{"c", fields}}.dump(-1, ' ', false, json::error_handler_t::replace), true);
}

Status Journal::calls(const CallCounts& counts) {
  const std::lock_guard lock(mutex_);
  return append(json{{"n",
                      {{"total", counts.total},
                       {"throttled", counts.throttled},
                       {"retried", counts.retried},
                       {"by", counts.by_endpoint}}}}
                    .dump(),
                false);
}

Result<Settled> Journal::read(const fs::path& run_folder, size_t changes) {
  Settled out;
  out.kinds.resize(changes);
  const fs::path path = run_folder / "journal";
  std::ifstream in(path, std::ios::binary);
  std::string line;
  while (std::getline(in, line)) {
    if (in.eof()) break;  // no line break: torn, and never relied on
    try {
      const json entry = json::parse(line);
      bool good = true;
      if (entry.contains("s")) {
        good = for_each_in(entry.at("q"), changes,
                           [&](uint32_t seq) { out.kinds[seq] = OutcomeKind::unknown; });
      } else if (entry.contains("w")) {
        good = for_each_in(entry.at("w"), changes,
                           [&](uint32_t seq) { out.kinds[seq] = std::nullopt; });
      } else if (entry.contains("k")) {
        const auto kind = outcome_kind(entry.at("k"));
        if (!kind) return broken(path);
        good = for_each_in(entry.at("q"), changes, [&](uint32_t seq) {
          out.kinds[seq] = *kind;
          out.rejections.erase(seq);
        });
        if (entry.contains("x")) {
          for (const json& exception : entry["x"]) {
            const uint32_t seq = exception.at(0);
            const auto special = outcome_kind(exception.at(1));
            if (!special || seq >= changes) return broken(path);
            out.kinds[seq] = *special;
            if (*special == OutcomeKind::rejected)
              out.rejections[seq] = {*special, exception.at(2), exception.at(3)};
          }
        }
      } else if (entry.contains("f")) {
        for (const json& field : entry["f"]) out.filtered_fields.push_back(field);
      } else if (entry.contains("c")) {
        for (const json& field : entry["c"]) out.fields_created.push_back(field);
      } else if (entry.contains("n")) {
        const json& n = entry["n"];
        out.calls = {n.at("total"), n.at("throttled"), n.at("retried"), n.at("by")};
      }
      if (!good) return broken(path);
    } catch (const json::exception&) {
      return broken(path);
    }
  }
  return out;
}

}  // namespace rollcall::ledger
