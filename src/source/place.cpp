#include "source/place.hpp"

#include "source/kinds.hpp"

namespace rollcall::source {

namespace fs = std::filesystem;

namespace {

const std::vector<std::string> kStoreOptions = {"region", "endpoint", "access_key_id",
                                                "secret_access_key", "session_token"};

bool is_web(std::string_view path) {
  return path.starts_with("https://") || path.starts_with("http://");
}

// The folders, with a slash at the end, before the first part that is a pattern: a part that is
// there letter by letter is none.
std::string folder_before(const std::string& path) {
  std::string out;
  for (size_t from = 0; from < path.size();) {
    const size_t slash = path.find('/', from);
    if (slash == std::string::npos) break;
    const std::string part = path.substr(from, slash - from);
    std::error_code ignored;
    if (has_pattern(part) && !fs::is_directory(out + part, ignored)) break;
    out += part + "/";
    from = slash + 1;
  }
  return out;
}

}  // namespace

bool has_pattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

std::string literal_path(const std::string& path) {
  std::string out;
  for (const char c : path) {
    const bool special = c == '*' || c == '?' || c == '[';
    out += special ? std::string("[") + c + "]" : std::string(1, c);
  }
  return out;
}

std::string pattern_of(const std::string& path) {
  const std::string before = folder_before(path);
  return literal_path(before) + path.substr(before.size());
}

std::string Place::last() const { return fs::path(root).filename().string(); }

Result<std::string> Place::below(const std::string& table) const {
  const fs::path name(table);
  bool inside = !table.empty() && name.is_relative() && table.find("://") == std::string::npos;
  for (const fs::path& part : name) inside &= part != "..";
  if (!inside)
    return Error{.kind = ErrorKind::denied,
                 .message = "the table `" + table + "` is not below the source's folder",
                 .remedy = "Name it relative to that folder, without `..`."};
  return root + "/" + table;
}

fs::path Place::fixed() const {
  if (is_folder) return root + "/";
  return pattern.empty() ? fs::path(root) : fs::path(folder_before(root));
}

std::vector<fs::path> Place::reachable() const { return {fixed(), literal_path(fixed().string())}; }

std::vector<std::pair<std::string, bool>> Place::entries() const {
  constexpr int kLooked = 10'000;
  std::vector<std::pair<std::string, bool>> out;
  std::error_code error;
  int looked = 0;
  for (fs::directory_iterator at(root, error), end;
       !remote && !error && at != end && looked < kLooked; at.increment(error), ++looked)
    out.emplace_back(at->path().filename().string(), at->is_directory(error));
  return out;
}

Result<Place> place_of(const Source& source, const std::vector<std::string>& file_endings) {
  std::string path = option(source, "path");
  if (path.empty())
    return Error{.kind = ErrorKind::invalid,
                 .message = "`path` is missing",
                 .remedy = "Name a file, a pattern or a folder."};
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (path.starts_with("s3://")) {
    bool file = has_pattern(path);
    for (const std::string& ending : file_endings) file |= path.ends_with(ending);
    return Place{
        .root = path, .pattern = has_pattern(path) ? path : "", .remote = true, .is_folder = !file};
  }
  if (is_web(path)) return Place{.root = path, .remote = true, .is_folder = false};
  if (path.find("://") != std::string::npos)
    return Error{.kind = ErrorKind::invalid,
                 .message = "`path` is an address that cannot be read",
                 .remedy =
                     "Name a file, a pattern or a folder; of this machine, or with s3:// or "
                     "https:// before it."};
  std::error_code ignored;
  const fs::path root = fs::absolute(path, ignored);
  const bool there = fs::exists(root, ignored);
  if (!there && !has_pattern(path))
    return Error{.kind = ErrorKind::not_found,
                 .message = "there is no file or folder " + root.string(),
                 .remedy = "Correct the source's `path`."};
  Place place{.root = root.string(), .is_folder = there && fs::is_directory(root, ignored)};
  if (!there) place.pattern = pattern_of(place.root);
  return place;
}

Status add_store(const Source& source, const Place& place, ViewsConnection::Needs& needs) {
  const bool store = place.root.starts_with("s3://");
  for (const std::string& name : kStoreOptions)
    if (!store && (!option(source, name).empty() || !secret_option(source, name).empty()))
      return Error{.kind = ErrorKind::invalid,
                   .message = "`" + name + "` goes with a `path` that starts with s3://",
                   .remedy = "Leave it out, or name the place in the object store."};
  if (!place.remote) return ok_status();
  needs.extensions.emplace_back("httpfs");
  if (!store) return ok_status();

  std::string secret =
      "CREATE SECRET (TYPE s3" + secret_part("REGION", option(source, "region")) +
      secret_part("KEY_ID", option(source, "access_key_id")) +
      secret_part("SECRET", secret_option(source, "secret_access_key").reveal()) +
      secret_part("SESSION_TOKEN", secret_option(source, "session_token").reveal());
  if (std::string endpoint = option(source, "endpoint"); !endpoint.empty()) {
    const bool plain = endpoint.starts_with("http://");
    if (const size_t at = endpoint.find("://"); at != std::string::npos) endpoint.erase(0, at + 3);
    while (endpoint.ends_with('/')) endpoint.pop_back();
    secret += secret_part("ENDPOINT", endpoint) + secret_part("URL_STYLE", "path");
    secret += plain ? ", USE_SSL false" : ", USE_SSL true";
  }
  needs.setup += secret + ");";
  needs.secrets.push_back(secret_option(source, "secret_access_key"));
  needs.secrets.push_back(secret_option(source, "session_token"));
  return ok_status();
}

}  // namespace rollcall::source
