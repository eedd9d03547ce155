#include "source/files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <set>

namespace rollcall::source {

namespace fs = std::filesystem;

namespace {

constexpr size_t kFilesMax = 100'000;  // of one table
constexpr size_t kLeftOutMax = 1'000;  // named

// "orders" of "orders.csv.gz" among the endings of its kind; the name itself when it has none of
// them.
std::string without_ending(const std::string& name, const std::vector<std::string>& endings) {
  for (const std::string& ending : endings)
    if (name.size() > ending.size() && name.ends_with(ending))
      return name.substr(0, name.size() - ending.size());
  return name;
}

}  // namespace

std::string path_list(const std::vector<std::string>& paths) {
  std::string out;
  for (const std::string& path : paths)
    out += (out.empty() ? "[" : ", ") + duck::literal(literal_path(path));
  return out + "]";
}

Error lacks_column(const std::string& column, const TwoFiles& files) {
  return {
      .kind = ErrorKind::invalid,
      .message = files.has + " has the column `" + column + "`, and " + files.has_not + " has not",
      .remedy =
          "Write the same columns in all files of a table, or fill with nulls by "
          "`union_by_name: true` at the source."};
}

std::vector<Look> FilesConnection::looks() const {
  std::vector<Look> out;
  for (const auto& [name, table] : tables_) out.push_back(table.look);
  return out;
}

Result<std::vector<std::string>> FilesConnection::selects_of(const std::string& table) {
  using Selects = std::vector<std::string>;
  if (const auto known = tables_.find(table); known != tables_.end())
    return Selects{known->second.select};
  Files found = TRY(files_of(table));
  if (found.files.empty()) return Selects{};
  if (found.files.size() > kFilesMax)
    return Error{.kind = ErrorKind::invalid,
                 .message = "the table `" + table + "` is of more than 100,000 files",
                 .remedy = "Write it in fewer, or name a part of them."};
  if (!place_.remote)
    for (const std::string& file : found.files) stamps_[file] = TRY(stamp_of(file));
  Table made;
  made.look.table = table;
  made.look.left_out = std::move(found.left_out);
  made.select = TRY(in_context(select_of(table, found.files, made.look), "table " + table));
  return Selects{tables_.emplace(table, std::move(made)).first->second.select};
}

Result<FilesConnection::Stamp> FilesConnection::stamp_of(const std::string& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0)
    return Error{.kind = ErrorKind::not_found, .message = "there is no file " + file + " any more"};
  return Stamp{found.st_dev, found.st_ino, found.st_size,
               found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec};
}

Status FilesConnection::unchanged() {
  for (const auto& [file, stamp] : stamps_)
    if (const auto now = stamp_of(file); !now.ok() || !(*now == stamp))
      return Error{.kind = ErrorKind::unavailable,
                   .message = file + " was written to or replaced while it was read",
                   .remedy = "Run again when it is complete."};
  return ok_status();
}

bool FilesConnection::is_ours(const std::string& name) const {
  return !name.starts_with('.') && without_ending(name, endings_) != name;
}

// Everything below a folder. A text beside tables is no table.
Result<FilesConnection::Files> FilesConnection::within(const std::string& folder) const {
  Files out;
  std::vector<std::string> texts;
  std::error_code error, ignored;
  for (fs::recursive_directory_iterator
           at(folder, fs::directory_options::follow_directory_symlink, error),
       end;
       !error && at != end && out.files.size() <= kFilesMax; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (at->is_directory(ignored)) {
      if (name.starts_with('.')) at.disable_recursion_pending();
      continue;
    }
    const std::string path = at->path().string();
    if (!is_ours(name)) {
      if (out.left_out.size() < kLeftOutMax) out.left_out.push_back(path);
    } else {
      (name.ends_with(".txt") ? texts : out.files).push_back(path);
    }
  }
  if (error)
    return Error{.kind = ErrorKind::denied,
                 .message = "the folder " + folder + " cannot be read: " + error.message(),
                 .remedy = "Give this user access to it and all below it."};
  auto& rest = out.files.empty() ? out.files : out.left_out;
  rest.insert(rest.end(), texts.begin(), texts.end());
  std::sort(out.files.begin(), out.files.end());
  std::sort(out.left_out.begin(), out.left_out.end());
  return out;
}

Result<std::vector<std::string>> FilesConnection::matching(const std::string& pattern) {
  auto found = texts("SELECT file FROM glob(" + duck::literal(pattern) + ") ORDER BY file LIMIT " +
                     std::to_string(kFilesMax + 1));
  if (!found.ok() && found.error().kind == ErrorKind::not_found) return std::vector<std::string>();
  return found;
}

Result<FilesConnection::Files> FilesConnection::files_of(const std::string& table) {
  std::error_code ignored;
  if (!place_.is_folder) {
    const std::string last = place_.last();
    if (table != last && table != without_ending(last, endings_) && table != place_.root)
      return Files{};
    if (place_.pattern.empty()) return Files{{place_.root}, {}};
    return Files{TRY(matching(place_.pattern)), {}};
  }
  const std::string path = TRY(place_.below(table));
  if (place_.remote) {
    if (has_pattern(table)) return Files{TRY(matching(path)), {}};
    return remote_files(path, without_ending(table, endings_) != table);
  }
  std::vector<std::string> named = {path};
  for (const std::string& ending : endings_) named.push_back(path + ending);
  for (const std::string& file : named)
    if (fs::is_regular_file(file, ignored)) return Files{{file}, {}};
  if (fs::is_directory(path, ignored)) return within(path);
  if (has_pattern(table)) return Files{TRY(matching(pattern_of(path))), {}};
  return Files{};
}

// Asking for a file is asking for a pattern that only it can match: it need not be there.
Result<FilesConnection::Files> FilesConnection::remote_files(const std::string& path,
                                                             bool has_ending) {
  const auto one = [&](const std::string& file) {
    return matching(file.substr(0, file.size() - 1) + "[" + file.back() + "]");
  };
  if (has_ending) return Files{TRY(one(path)), {}};
  for (const std::string& ending : endings_)
    if (auto found = TRY(one(path + ending)); !found.empty()) return Files{std::move(found), {}};
  Files out;
  for (std::string& file : TRY(matching(path + "/**/*")))
    (is_ours(fs::path(file).filename().string()) && !file.ends_with(".txt") ? out.files
                                                                            : out.left_out)
        .push_back(std::move(file));
  return out;
}

Error FilesConnection::no_table(const std::string& table) {
  const std::vector<std::string> there = names();
  return {.kind = ErrorKind::not_found,
          .message = "there is no file for the table `" + table + "`" +
                     did_you_mean(without_ending(table, endings_), there),
          .remedy = there.empty() ? "There are no such files in " + place_.root + "."
                                  : "Tables: " + some(there) + "."};
}

// What there is, as tables are named. Bounded: the folder may be a lake.
std::vector<std::string> FilesConnection::names() {
  if (!place_.is_folder) return {without_ending(place_.last(), endings_)};
  std::set<std::string> out;
  for (const auto& [name, folder] : place_.entries())
    if (folder || without_ending(name, endings_) != name)
      out.insert(without_ending(name, endings_));
  return {out.begin(), out.end()};
}

}  // namespace rollcall::source
