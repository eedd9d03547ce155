// The C API hands out most errors as text alone, each starting with its class ("Binder Error: …"),
// so the class is read from there, in one place for opening, preparing, running and fetching.
#include "duck/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>

#include "base/file.hpp"

namespace rollcall::duck {

namespace {

struct Split {
  std::string_view kind;  // "Binder", "IO", …; empty when there is none
  std::string_view rest;
};

Split split(std::string_view message) {
  constexpr std::string_view kMark = " Error: ";
  const size_t at = message.find(kMark);
  if (at == std::string_view::npos || at > 24) return {{}, message};
  return {message.substr(0, at), message.substr(at + kMark.size())};
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Without the echo of the statement ("LINE 1: select …" and a caret): it can be long, and it can
// hold the key of the person who was asked about.
std::string without_echo(std::string_view message) {
  const size_t echo = message.find("\n\nLINE ");
  std::string out(trim(message.substr(0, echo)));
  std::string flat;
  for (const char c : out) {
    if (c != '\n') {
      flat += c;
    } else if (!flat.empty() && flat.back() != ' ') {
      flat += ' ';
    }
  }
  return flat;
}

// What stands between quotes, left out. A quote that does not end takes the rest with it.
std::string without_quotes(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '"' && c != '\'') {
      out += c;
      continue;
    }
    const size_t end = text.rfind(c);  // the last one: a value may hold quotes itself
    out += "…";
    if (end == i) return out;
    i = end;
  }
  return out;
}

// The first line says what is wrong; the lines after it show the row.
std::string about_rows(std::string_view message) {
  const std::string_view first = message.substr(0, message.find('\n'));
  std::string out = without_quotes(first);
  constexpr std::string_view kColumn = "Error when converting column \"";
  if (const size_t at = message.find(kColumn); at != std::string_view::npos) {
    const size_t from = at + kColumn.size();
    const std::string_view name = message.substr(from, message.find('"', from) - from);
    if (name.find('\n') == std::string_view::npos) out += " (column `" + std::string(name) + "`)";
  }
  return out;
}

// The file that a message names in quotes; empty: none.
std::string named_file(std::string_view message) {
  for (const char quote : {'"', '\''}) {
    const size_t from = message.find(std::string(1, quote) + '/');
    if (from == std::string_view::npos) continue;
    const size_t end = message.find(quote, from + 1);
    if (end != std::string_view::npos) return std::string(message.substr(from + 1, end - from - 1));
  }
  return "";
}

// What the disk refused, whatever DuckDB was doing: it says so inside errors of other kinds.
std::optional<Error> disk_failed(std::string_view message, std::string_view path) {
  if (has(message, "max_temp_directory_size"))
    return Error{.kind = ErrorKind::unavailable,
                 .message = "no space left in the folder for temporary files",
                 .remedy = "Free space there and try again; nothing was lost."};
  for (const auto& [words, problem] :
       {std::pair("No space left on device", ENOSPC), std::pair("Disk quota exceeded", EDQUOT),
        std::pair("File too large", EFBIG), std::pair("Read-only file system", EROFS)}) {
    if (!has(message, words)) continue;
    std::string file = named_file(message);
    if (file.empty()) file = path.empty() ? "DuckDB's files" : std::string(path);
    return cannot("write", file, problem);
  }
  return std::nullopt;
}

bool tells_damage(std::string_view rest) {
  return has(rest, "Could not read enough bytes") || has(rest, "orrupt") || has(rest, "checksum");
}

// What stands behind `mark`, up to the first of `ends`; empty when there is none.
std::string_view after(std::string_view text, std::string_view mark, std::string_view end) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + mark.size());
  return rest.substr(0, rest.find(end));
}

std::string_view digits(std::string_view text) {
  return text.substr(0, text.find_first_not_of("0123456789"));
}

std::string shown(std::string_view value) {
  constexpr size_t kShown = 60;
  return "`" + std::string(value.substr(0, kShown)) + (value.size() > kShown ? "…`" : "`");
}

// What is wrong with a file of CSV. DuckDB shows the row, and advises to pass over it.
Error about_csv(std::string_view message) {
  const size_t settings = message.rfind("\n  file = ");
  const std::string_view file = settings == std::string_view::npos
                                    ? after(message, "Error when sniffing file \"", "\"")
                                    : after(message.substr(settings), "file = ", "\n");
  const std::string_view line = digits(after(message, "Error on Line: ", "\n"));
  std::string where = file.empty() ? std::string("a CSV file") : std::string(file);
  if (!line.empty()) where += ", line " + std::string(line);
  const auto error = [&](const std::string& what, std::string remedy) {
    return Error{
        .kind = ErrorKind::invalid, .message = where + ": " + what, .remedy = std::move(remedy)};
  };
  const std::string_view wanted = digits(after(message, "Expected Number of Columns: ", " "));
  const std::string_view found = digits(after(message, " Found: ", "\n"));
  if (!wanted.empty() && !found.empty())
    return error(std::string(found) + " values, where the header has " + std::string(wanted),
                 "Mend the row.");
  if (const auto column = after(message, "Error when converting column \"", "\"");
      !column.empty()) {
    const auto value = after(message, "Could not convert string \"", "\" to ");
    return error(shown(value) + " in column `" + std::string(column) + "` does not fit its type",
                 "Correct the value, or read the column as text.");
  }
  if (has(message, "unterminated quote"))
    return error("a quotation mark is not closed, or text stands behind the closing one",
                 "Double a quotation mark that is a part of a value.");
  if (has(message, "unicode"))
    return error("the text is not UTF-8", "Write the file in UTF-8, or name its `encoding`.");
  if (has(message, "Maximum line size"))
    return error("the line is longer than can be read", "Is a quotation mark never closed?");
  return error("it is not written as one table",
               "Write it with one delimiter, one kind of line end, and as many values in each row "
               "as the header has.");
}

}  // namespace

Error cancelled() { return {.kind = ErrorKind::cancelled, .message = "the query was stopped"}; }

Error timed_out(Millis limit) {
  return {.kind = ErrorKind::unavailable,
          .message = fmt::format("the query took longer than {} s", limit.count() / 1000.0),
          .remedy = "Where it takes that long, raise the source's `statement_timeout`."};
}

Error running_failed(std::string_view message) {
  const auto [kind, rest] = split(message);
  if (kind == "INTERRUPT") return cancelled();
  if (auto full = disk_failed(message, "")) return std::move(*full);
  if (rest.starts_with(kOurs)) {
    const std::string_view ours = rest.substr(kOurs.size());
    const size_t remedy = std::min(ours.find(kOurs), ours.size());
    return {.kind = ErrorKind::invalid,
            .message = std::string(ours.substr(0, remedy)),
            .remedy = std::string(after(ours, kOurs, "\n"))};
  }
  if (has(rest, "CSV Error on Line") || has(rest, "CSV Parser") || has(rest, "Error when sniffing"))
    return about_csv(rest);
  if (kind == "Out of Memory" || kind == "OutOfMemory")
    return {.kind = ErrorKind::unavailable,
            .message = "DuckDB needs more memory or temporary disk space than it may use",
            .remedy =
                "Free space where temporary files go, or read less: a model's `sql` can leave "
                "columns and rows out."};
  if (kind == "IO" || kind == "HTTP" || kind == "Network") {
    if (has(rest, "No files found") || has(rest, "No such file") || has(rest, "does not exist"))
      return {.kind = ErrorKind::not_found, .message = without_echo(rest)};
    if (kind == "IO" && tells_damage(rest))
      return {.kind = ErrorKind::corrupt, .message = without_echo(rest)};
    if (has(rest, "Permission denied"))
      return {.kind = ErrorKind::denied, .message = without_echo(rest)};
    return {.kind = ErrorKind::unavailable, .message = without_echo(rest)};
  }
  if (kind == "Permission")
    return {.kind = ErrorKind::denied,
            .message = without_echo(rest),
            .remedy = "Only what lies below the source's path can be read."};
  if (kind == "Catalog")
    return {.kind = has(rest, "does not exist") ? ErrorKind::not_found : ErrorKind::invalid,
            .message = without_echo(rest)};
  if (kind == "Serialization" || kind == "INTERNAL" || kind == "FATAL")
    return {.kind = ErrorKind::corrupt, .message = about_rows(rest)};
  if (kind == "TransactionContext" || kind == "Transaction" || kind == "Dependency")
    return {.kind = ErrorKind::conflict, .message = about_rows(rest)};
  // What can be told before a row is read speaks of the statement alone.
  for (const std::string_view early : {"Parser", "Syntax", "Binder", "Not implemented", "Settings"})
    if (kind == early) return {.kind = ErrorKind::invalid, .message = without_echo(rest)};
  // The extension for SQLite shows the value as well.
  if (const auto column = after(rest, "Invalid type in column \"", "\": column was declared as ");
      !column.empty()) {
    const std::string_view found = rest.substr(rest.rfind("of type \"") + 9);
    return {.kind = ErrorKind::invalid,
            .message = fmt::format("column `{}` is declared as {}, and holds a value of type {}",
                                   column, after(rest, "column was declared as ", ","),
                                   found.substr(0, found.find('"'))),
            .remedy = "Mend it in the data, or declare the column as TEXT."};
  }
  // Conversion, Invalid Input, Out of Range, Constraint, Mismatch Type…
  return {.kind = ErrorKind::invalid, .message = about_rows(rest)};
}

Error opening_failed(std::string_view message, std::string_view path) {
  const std::string file(path);
  const auto [kind, rest] = split(message);
  if (auto full = disk_failed(message, path)) return std::move(*full);
  if (has(rest, "Could not set lock on file")) {
    std::string who = "another program";
    if (const size_t pid = rest.find("(PID "); pid != std::string_view::npos)
      who += " (process " + std::string(rest.substr(pid + 5, rest.find(')', pid) - pid - 5)) + ")";
    return {.kind = ErrorKind::conflict,
            .message = who + " holds " + file + " open for writing",
            .remedy = "Close it there, or let it write a copy for others to read."};
  }
  if (has(rest, "does not exist") || has(rest, "No such file"))
    return {.kind = ErrorKind::not_found,
            .message = "there is no file " + file,
            .remedy = "Check the path."};
  if (has(rest, "Permission denied"))
    return {.kind = ErrorKind::denied,
            .message = "no permission to open " + file,
            .remedy = "Give this user access to the file and its folder."};
  if (has(rest, "version number") || has(rest, "newer version") || has(rest, "storage version"))
    return {.kind = ErrorKind::invalid,
            .message = file + " was written by another version of DuckDB: " + without_echo(rest),
            .remedy = "Export it there and import it with DuckDB 1.5."};
  if (has(rest, "not a valid DuckDB database") || kind == "Serialization" || tells_damage(rest))
    return {.kind = ErrorKind::corrupt,
            .message = file + " is not a DuckDB database, or is damaged"};
  if (kind == "Invalid Input" || kind == "Catalog" || kind == "Settings")
    return {.kind = ErrorKind::invalid,
            .message = "cannot open " + file + ": " + without_echo(rest)};
  return {.kind = ErrorKind::unavailable,
          .message = "cannot open " + file + ": " + without_echo(rest)};
}

}  // namespace rollcall::duck
