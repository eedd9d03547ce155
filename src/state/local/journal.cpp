// The journal is lines of JSON, each followed by a space, its checksum and a line break:
//   {"run":"ID"}                            the first: whose journal this is
//   {"s":7,"q":"0-999"}                     batch 7 with these changes is about to leave (synced)
//   {"a":7,"q":"0-999","k":"added","x":[[5,"rejected","forgotten",true],…]}   answered; all are k
//   but x
//   {"w":"0-999"}                           certainly never arrived
//   {"f":["fieldName"]} {"c":["fieldName"]} fields Iterable dropped, fields made
//   {"n":{…}}                               calls so far, and the oldest proof
// Sets of changes are written as ranges, since batches are pieces of the plan in order.
//
// A checksum covers the line and the checksum before it, so that a line that was changed, lost or
// moved is noticed. An earlier version wrote neither checksums nor the first line: such lines are
// read as long as none with a checksum came before.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/json.hpp"
#include "core/words.hpp"
#include "state/local/ledger.hpp"

namespace rollcall::state::local {
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

Error damaged(const fs::path& path) {
  return {ErrorKind::corrupt, "the journal " + path.string() + " is damaged",
          "The next run of this activation reads the list and begins anew."};
}

constexpr size_t kChecksumBytes = 16;
constexpr size_t kPieceBytes = 1 << 16;

// The journal's whole lines, in order, without their checksums. A torn last line is not one.
class Lines {
 public:
  Lines(Disk& disk, const fs::path& run_folder)
      : path_(run_folder / "journal"),
        run_(run_folder.filename().string()),
        file_(disk.open(path_, Disk::Open::read)) {}

  // Nothing at the end.
  Result<std::optional<std::string>> next() {
    auto taken = TRY(take());
    if (!taken) return std::optional<std::string>();
    std::string line = std::move(*taken);
    const bool first = bytes_ == 0;
    bytes_ += line.size() + 1;
    const bool plain = line.ends_with('}');
    if (plain && !last_.empty()) return damaged(path_);
    if (plain) return std::optional(std::move(line));
    if (line.size() < kChecksumBytes + 1) return damaged(path_);
    const std::string sum = line.substr(line.size() - kChecksumBytes);
    if (line[line.size() - kChecksumBytes - 1] != ' ') return damaged(path_);
    line.resize(line.size() - kChecksumBytes - 1);
    if (checksum(line, last_) != sum) return damaged(path_);
    if (first && line != json{{"run", run_}}.dump()) return damaged(path_);
    last_ = sum;
    return std::optional(std::move(line));
  }
  [[nodiscard]] const fs::path& path() const { return path_; }
  [[nodiscard]] uintmax_t bytes() const { return bytes_; }  // of the lines read so far
  [[nodiscard]] const std::string& last_checksum() const { return last_; }

 private:
  // The next line that has its end; no file has none.
  Result<std::optional<std::string>> take() {
    if (!file_.ok()) {
      std::error_code ignored;
      const fs::file_status what = fs::symlink_status(path_, ignored);
      const bool something_else = fs::is_directory(what) || fs::is_other(what);
      return something_else ? damaged(path_) : file_.error();
    }
    if (!*file_) return std::optional<std::string>();
    size_t end = piece_.find('\n', at_);
    while (end == std::string::npos) {
      piece_.erase(0, at_);
      at_ = 0;
      const size_t held = piece_.size();
      piece_.resize(held + kPieceBytes);
      const size_t got = TRY((*file_)->read(read_, piece_.data() + held, kPieceBytes));
      piece_.resize(held + got);
      read_ += got;
      if (got == 0) return std::optional<std::string>();
      end = piece_.find('\n', held);
    }
    std::string line = piece_.substr(at_, end - at_);
    at_ = end + 1;
    return std::optional(std::move(line));
  }

  fs::path path_;
  std::string run_;
  Result<std::unique_ptr<DiskFile>> file_;
  uint64_t read_ = 0;  // of the file
  std::string piece_;
  size_t at_ = 0;  // in the piece: what was taken ends here
  uintmax_t bytes_ = 0;
  std::string last_;
};

}  // namespace

Result<std::unique_ptr<FileJournal>> FileJournal::open(Disk& disk, const fs::path& run_folder) {
  TRY(disk.make_folder(run_folder));
  // A torn last line is cut off, so that the next one starts on its own.
  Lines lines(disk, run_folder);
  while (TRY(lines.next())) continue;
  auto file = TRY(disk.open(lines.path(), Disk::Open::keep));
  TRY(file->cut(lines.bytes()));
  std::unique_ptr<FileJournal> out(
      new FileJournal(std::move(file), lines.bytes(), lines.last_checksum()));
  if (lines.bytes() == 0) {
    TRY(out->append(json{{"run", run_folder.filename().string()}}.dump(), true));
    TRY(disk.sync_folder(run_folder));
  }
  return out;
}

// After a line that could not be written whole none is written: it would not start on its own.
Status FileJournal::append(const std::string& line, bool sync) {
  if (failed_) return *failed_;
  const std::string sum = checksum(line, last_checksum_);
  const std::string text = line + ' ' + sum + '\n';
  Status written = file_->write(end_, text);
  if (written.ok() && sync) written = file_->sync();
  if (!written.ok()) {
    failed_ = written.error();
    return written;
  }
  end_ += text.size();
  last_checksum_ = sum;
  return ok_status();
}

Result<int64_t> FileJournal::sent(const std::vector<uint32_t>& seqs) {
  const std::lock_guard lock(mutex_);
  const int64_t batch = ++batches_;
  TRY(append(json{{"s", batch}, {"q", ranges(seqs)}}.dump(), true));
  return batch;
}

Status FileJournal::answered(std::optional<int64_t> batch, const std::vector<uint32_t>& seqs,
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

Status FileJournal::withdrawn(const std::vector<uint32_t>& seqs) {
  const std::lock_guard lock(mutex_);
  return append(json{{"w", ranges(seqs)}}.dump(), false);
}

Status FileJournal::filtered(const std::vector<std::string>& fields) {
  const std::lock_guard lock(mutex_);
  return append(json{{"f", fields}}.dump(-1, ' ', false, json::error_handler_t::replace), true);
}

Status FileJournal::created(const std::vector<std::string>& fields) {
  const std::lock_guard lock(mutex_);
  return append(json{{"c", fields}}.dump(-1, ' ', false, json::error_handler_t::replace), true);
}

Status FileJournal::calls(const CallCounts& counts, Millis oldest_proof) {
  const std::lock_guard lock(mutex_);
  return append(json{{"n",
                      {{"total", counts.total},
                       {"throttled", counts.throttled},
                       {"retried", counts.retried},
                       {"proof_ms", oldest_proof.count()},
                       {"by", counts.by_endpoint}}}}
                    .dump(),
                false);
}

Result<Answers> FileJournal::read(Disk& disk, const fs::path& run_folder, size_t changes) {
  Answers out;
  out.kinds.resize(changes);
  Lines lines(disk, run_folder);
  const fs::path& path = lines.path();
  while (const auto line = TRY(lines.next())) {
    out.begun = true;
    try {
      const json entry = read_json<json>(*line);
      if (!entry.is_object()) return damaged(path);
      bool good = true;
      if (entry.contains("s")) {
        good = for_each_in(entry.at("q"), changes,
                           [&](uint32_t seq) { out.kinds[seq] = OutcomeKind::unknown; });
      } else if (entry.contains("w")) {
        good = for_each_in(entry.at("w"), changes,
                           [&](uint32_t seq) { out.kinds[seq] = std::nullopt; });
      } else if (entry.contains("k")) {
        const auto kind = from_word<OutcomeKind>(entry.at("k").get<std::string>());
        if (!kind) return damaged(path);
        good = for_each_in(entry.at("q"), changes, [&](uint32_t seq) {
          out.kinds[seq] = *kind;
          out.rejections.erase(seq);
        });
        if (entry.contains("x")) {
          for (const json& exception : entry["x"]) {
            const uint32_t seq = exception.at(0);
            const auto special = from_word<OutcomeKind>(exception.at(1).get<std::string>());
            if (!special || seq >= changes) return damaged(path);
            out.kinds[seq] = *special;
            if (*special == OutcomeKind::rejected || *special == OutcomeKind::unknown)
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
        out.oldest_proof = Millis(n.value("proof_ms", int64_t{0}));
      }
      if (!good) return damaged(path);
    } catch (const json::exception&) {
      return damaged(path);
    }
  }
  return out;
}

}  // namespace rollcall::state::local
