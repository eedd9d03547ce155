#include "operations/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace rollcall::operations {
namespace {

constexpr size_t kNameMax = 200;

bool is_part(std::string_view name) { return name.starts_with('.'); }

Status name_problem(const std::string& name) {
  constexpr std::string_view kForbidden = "/\\*?[]{}\"<>|:";
  const bool is_plain = std::none_of(name.begin(), name.end(), [&](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f' ||
           kForbidden.find(c) != std::string_view::npos;
  });
  if (!name.empty() && name.size() <= kNameMax && !is_part(name) && is_plain && is_utf8(name))
    return ok_status();
  return Error{
      .kind = ErrorKind::invalid,
      .message = "this is no name for a file",
      .remedy = fmt::format("Give it at most {} letters, without {} and without a dot first.",
                            kNameMax, kForbidden),
      .code = "file_name_invalid"};
}

// A model's own SQL counts where it names the table at all.
bool reads(const Model& model, const std::string& file, const std::string& stem) {
  if (model.sql.empty()) return model.table == file || model.table == stem;
  return model.sql.find(stem) != std::string::npos;
}

// Sources whose path is this file; of those over its whole folder, which have it as a table whether
// or not anybody wants it, the ones with a model that reads it.
std::vector<std::string> used_by(const Stored& stored, const std::filesystem::path& path) {
  const std::string file = path.filename();
  const std::string stem = file.substr(0, file.find('.'));
  const auto is_used = [&](const Source& source) {
    const auto of = source.options.find("path");
    if (of == source.options.end()) return false;
    std::filesystem::path there = of->second;
    if (!there.has_filename()) there = there.parent_path();  // "files/" is the folder
    if (there == path) return true;
    return there == path.parent_path() &&
           std::ranges::any_of(stored.catalog.models, [&](const Model& model) {
             return model.source == source.name && reads(model, file, stem);
           });
  };
  std::vector<std::string> out;
  for (const Source& one : stored.catalog.sources)
    if (is_used(one)) out.push_back(one.name);
  return out;
}

Error does_not_follow(const FilePiece& piece, uint64_t there) {
  return {.kind = ErrorKind::conflict,
          .message = fmt::format("of `{}` {} bytes are here, and this piece begins at {}",
                                 piece.name, there, piece.from),
          .remedy = "Begin again with the first piece; another window may bring the same file.",
          .code = "upload_elsewhere"};
}

}  // namespace

Result<std::vector<BroughtFile>> files(const World& world, const Stored& stored) {
  Disk::Names names = TRY(world.disk.list(world.home.files()));
  std::erase_if(names, is_part);
  std::sort(names.begin(), names.end());
  std::vector<BroughtFile> out;
  for (const std::string& name : names) {
    BroughtFile one{.name = name, .path = world.home.files() / name};
    const auto file = TRY(world.disk.open(one.path, Disk::Open::read));
    if (!file) continue;  // removed meanwhile
    one.bytes = TRY(file->about()).bytes;
    one.used_by = used_by(stored, one.path);
    out.push_back(std::move(one));
  }
  return out;
}

Result<BroughtFile> bring_file(const World& world, const FilePiece& piece, uint64_t bytes_max) {
  TRY(name_problem(piece.name));
  BroughtFile out{.name = piece.name, .path = world.home.files() / piece.name};
  const auto part = world.home.files() / ("." + piece.name + "." + piece.by + ".part");
  TRY(world.disk.make_folder(world.home.files()));
  {
    const auto file =
        TRY(world.disk.open(part, piece.from == 0 ? Disk::Open::anew : Disk::Open::keep));
    const uint64_t there = TRY(file->about()).bytes;
    if (there != piece.from) return does_not_follow(piece, there);
    out.bytes = there + piece.bytes.size();
    if (out.bytes > bytes_max) {
      TRY(world.disk.remove(part));
      return Error{.kind = ErrorKind::invalid,
                   .message = fmt::format("`{}` is larger than the {} bytes that a file may have",
                                          piece.name, bytes_max),
                   .remedy =
                       "Put it where the server can read it, and give its path to the source; "
                       "or raise the setting `file-max`.",
                   .code = "file_too_large"};
    }
    TRY(file->write(there, piece.bytes));
    out.complete = !piece.more;
    if (out.complete) TRY(world.disk.put_in_place(part, *file, out.path));
  }
  return out;
}

Status remove_file(const World& world, const Stored& stored, const std::string& name) {
  TRY(name_problem(name));
  const auto path = world.home.files() / name;
  if (!TRY(world.disk.open(path, Disk::Open::read)))
    return Error{ErrorKind::not_found, "there is no file `" + name + "`"};
  if (const auto users = used_by(stored, path); !users.empty())
    return Error{.kind = ErrorKind::conflict,
                 .message = "`" + name + "` is read by the source `" + users.front() + "`",
                 .remedy = "Change or remove the source first.",
                 .code = "file_in_use"};
  TRY(world.disk.remove(path));
  return world.disk.sync_folder(world.home.files());
}

nlohmann::ordered_json to_json(const BroughtFile& file) {
  return {{"name", file.name},
          {"path", file.path.string()},
          {"bytes", file.bytes},
          {"complete", file.complete},
          {"used_by", file.used_by}};
}

}  // namespace rollcall::operations
