// The archive holds manifest.json first, with name, size and SHA-256 of every file after it, in
// their order. Nothing else is taken out of an archive than what the manifest names, and the
// manifest may name nothing else than what a backup writes.
#include "operations/backup.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/json.hpp"
#include "operations/tar.hpp"

namespace rollcall::operations {
namespace fs = std::filesystem;

namespace {

using json = nlohmann::ordered_json;

constexpr int kForm = 1;  // of the archive
constexpr const char* kManifest = "manifest.json";
constexpr size_t kManifestMax = 64'000'000;
constexpr size_t kPiece = 1 << 20;

class Sha256 {
 public:
  Sha256() { crypto_hash_sha256_init(&state_); }
  void add(std::string_view piece) {
    crypto_hash_sha256_update(&state_, reinterpret_cast<const unsigned char*>(piece.data()),
                              piece.size());
  }
  std::string hex() {
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
    crypto_hash_sha256_final(&state_, hash.data());
    std::array<char, 2 * hash.size() + 1> out{};
    return sodium_bin2hex(out.data(), out.size(), hash.data(), hash.size());
  }

 private:
  crypto_hash_sha256_state state_;
};

// A folder of ours that goes with it, unless it was put in its place.
class Aside {
 public:
  static Result<Aside> make(Disk& disk, fs::path path) {
    TRY(disk.make_folder(path));
    Aside out(disk, std::move(path));
    std::error_code ignored;
    fs::permissions(out.path_, fs::perms::owner_all, ignored);
    return out;
  }
  ~Aside() {
    if (!path_.empty()) (void)disk_->remove(path_);
  }
  Aside(Aside&& from) noexcept : disk_(from.disk_), path_(std::move(from.path_)) {
    from.path_.clear();
  }
  Aside& operator=(Aside&&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  Aside(Disk& disk, fs::path path) : disk_(&disk), path_(std::move(path)) {}
  Disk* disk_;
  fs::path path_;
};

struct Member {
  std::string name;
  uint64_t bytes = 0;
  std::string sha256;
};

// All of a file, in pieces.
Status read_through(Disk& disk, const fs::path& path,
                    const std::function<Status(std::string_view)>& on_piece) {
  const auto file = TRY(disk.open(path, Disk::Open::read));
  if (!file) return Error{.kind = ErrorKind::unavailable, .message = path.string() + " is gone"};
  std::string piece(kPiece, '\0');
  for (uint64_t at = 0;;) {
    const size_t got = TRY(file->read(at, piece.data(), piece.size()));
    TRY(on_piece(std::string_view(piece).substr(0, got)));
    if (got < piece.size()) return ok_status();
    at += got;
  }
}

Result<Member> member(Disk& disk, const fs::path& folder, const std::string& name) {
  Member out{.name = name, .bytes = 0, .sha256 = {}};
  Sha256 hash;
  TRY(read_through(disk, folder / name, [&](std::string_view piece) {
    hash.add(piece);
    out.bytes += piece.size();
    return ok_status();
  }));
  out.sha256 = hash.hex();
  return out;
}

std::string manifest(const std::vector<Member>& members, Time made_at) {
  json files = json::array();
  for (const Member& one : members)
    files.push_back({{"name", one.name}, {"bytes", one.bytes}, {"sha256", one.sha256}});
  return json{{"rollcall_backup", kForm},
              {"made_at", iso_utc(made_at)},
              {"made_ms", made_at.time_since_epoch().count()},
              {"files", std::move(files)}}
             .dump(1) +
         "\n";
}

Error not_ours(const std::string& why) {
  return {.kind = ErrorKind::corrupt, .message = "this is no backup of ours: " + why};
}

bool consists_of(std::string_view text, std::string_view letters) {
  return !text.empty() && text.find_first_not_of(letters) == std::string_view::npos;
}

// The uid of the activation whose file it is; empty: of none. Nothing: no backup writes such a
// name.
std::optional<std::string> owner_of(std::string_view name) {
  if (name == "rollcall.db" || name == "key") return "";
  constexpr std::string_view kFolder = "activations/", kLedger = "ledger-", kTail = ".parquet";
  if (!name.starts_with(kFolder)) return std::nullopt;
  name.remove_prefix(kFolder.size());
  const std::string_view uid = name.substr(0, name.find('/'));
  if (!consists_of(uid, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"))
    return std::nullopt;
  name.remove_prefix(std::min(uid.size() + 1, name.size()));
  if (name == "state.json") return std::string(uid);
  if (!name.starts_with(kLedger) || !name.ends_with(kTail) ||
      name.size() < kLedger.size() + kTail.size())
    return std::nullopt;
  name.remove_prefix(kLedger.size());
  name.remove_suffix(kTail.size());
  return consists_of(name, "0123456789") ? std::optional(std::string(uid)) : std::nullopt;
}

struct Contents {
  std::vector<Member> members;
  Backup about;
};

Result<Contents> read_manifest(TarReader& tar) {
  const auto first = TRY(tar.next());
  if (!first || first->name != kManifest || first->bytes > kManifestMax)
    return not_ours("it does not begin with its manifest");
  std::string text(first->bytes, '\0');
  (void)TRY(tar.read(text.data(), text.size()));
  const auto told = read_json<json>(text);
  Contents out;
  std::set<std::string> names, activations;
  try {
    if (told.at("rollcall_backup").get<int>() != kForm)
      return not_ours("it was written by a newer version of Rollcall");
    out.about.made_at = Time(Millis(told.at("made_ms").get<int64_t>()));
    for (const json& one : told.at("files")) {
      out.members.push_back({one.at("name"), one.at("bytes"), one.at("sha256")});
      const Member& file = out.members.back();
      const auto owner = owner_of(file.name);
      if (!owner || !names.insert(file.name).second)
        return not_ours("its manifest names what no backup holds");
      if (!owner->empty()) activations.insert(*owner);
      out.about.bytes += file.bytes;
    }
  } catch (const json::exception&) {
    return not_ours("its manifest cannot be read");
  }
  if (!names.contains("rollcall.db") || !names.contains("key"))
    return not_ours("the catalog database or its key is missing");
  out.about.activations = static_cast<int64_t>(activations.size());
  return out;
}

// Everything that the manifest names, each byte checked; `file_of` says where a file goes to, or
// nothing.
using FileOf = std::function<Result<std::unique_ptr<DiskFile>>(const std::string& name)>;
Result<Contents> read_archive(DiskFile& archive, const FileOf& file_of) {
  TarReader tar(archive);
  Contents contents = TRY(read_manifest(tar));
  std::string piece(kPiece, '\0');
  for (const Member& expected : contents.members) {
    const auto entry = TRY(tar.next());
    if (!entry || entry->name != expected.name || entry->bytes != expected.bytes)
      return not_ours("it holds something else than its manifest says");
    const auto file = TRY(file_of(expected.name));
    Sha256 hash;
    for (uint64_t at = 0;;) {
      const size_t got = TRY(tar.read(piece.data(), piece.size()));
      if (got == 0) break;
      const std::string_view bytes = std::string_view(piece).substr(0, got);
      hash.add(bytes);
      if (file) TRY(file->write(at, bytes));
      at += got;
    }
    if (hash.hex() != expected.sha256) return not_ours(expected.name + " in it is damaged");
    if (file) TRY(file->sync());
  }
  if (TRY(tar.next())) return not_ours("it holds more than its manifest says");
  return contents;
}

Status must_be_free(const fs::path& home) {
  std::error_code problem;
  const fs::file_status what = fs::symlink_status(home, problem);
  if (!fs::exists(what)) return ok_status();
  if (fs::is_directory(what) && fs::is_empty(home, problem) && !problem) return ok_status();
  return Error{
      .kind = ErrorKind::conflict,
      .message = home.string() + " is there and not empty, and nothing is restored over it",
      .remedy =
          "Restore into another folder with `--home DIR`, or move this one away "
          "first, when nothing uses it any more."};
}

}  // namespace

Result<Backup> back_up(const World& world, const fs::path& named) {
  std::error_code problem;
  const fs::path to = fs::absolute(named, problem);
  if (fs::exists(fs::symlink_status(to, problem)))
    return Error{.kind = ErrorKind::conflict,
                 .message = "there is a file " + to.string() + " already",
                 .remedy = "Name a file that is not there yet: no backup is written over."};
  Disk& disk = world.disk;
  const std::string id = new_id(world.clock, world.random);
  const Aside aside = TRY(Aside::make(disk, world.home.temp() / ("backup-" + id)));
  Backup out{.made_at = world.clock.now()};

  // The database first: what it does not name yet needs no state.
  const fs::path database = aside.path() / "rollcall.db";
  const Secret key = TRY(world.store.back_up(database));
  std::vector<Member> members;
  members.push_back(TRY(member(disk, aside.path(), "rollcall.db")));
  Sha256 hash;
  hash.add(key.reveal());
  members.push_back({"key", key.reveal().size(), hash.hex()});
  for (const store::ObjectRow& row : TRY(world.store.objects()).rows) {
    if (row.kind != "activation") continue;
    const std::string folder = "activations/" + row.uid;
    const Status kept = world.states.of(row.uid)->back_up(aside.path() / folder);
    if (!kept.ok() && kept.error().kind != ErrorKind::corrupt) return Error(kept.error());
    if (!kept.ok()) {
      out.warnings.push_back("the state of activation `" + row.name +
                             "` is left out: " + kept.error().text());
      continue;
    }
    Disk::Names names = TRY(disk.list(aside.path() / folder));
    std::ranges::sort(names);
    for (const std::string& name : names)
      members.push_back(TRY(member(disk, aside.path(), folder + "/" + name)));
    if (!names.empty()) ++out.activations;
  }

  const fs::path fresh = to.string() + ".new";
  const auto written = [&]() -> Status {
    const auto file = TRY(disk.open(fresh, Disk::Open::anew));
    TarWriter tar(*file);
    const std::string head = manifest(members, out.made_at);
    TRY(tar.begin(kManifest, head.size(), out.made_at));
    TRY(tar.write(head));
    for (const Member& one : members) {
      out.bytes += one.bytes;
      TRY(tar.begin(one.name, one.bytes, out.made_at));
      if (one.name == "key") {
        TRY(tar.write(key.reveal()));
      } else {
        TRY(read_through(disk, aside.path() / one.name,
                         [&](std::string_view piece) { return tar.write(piece); }));
      }
    }
    TRY(tar.finish());
    return disk.put_in_place(fresh, *file, to);
  }();
  if (!written.ok()) {
    (void)disk.remove(fresh);
    return Error(written.error());
  }
  return out;
}

Result<Backup> restore(Disk& disk, Clock& clock, Random& random, const fs::path& from,
                       const Home& home) {
  std::error_code problem;
  fs::path root = fs::absolute(home.root, problem).lexically_normal();
  if (!root.has_filename()) root = root.parent_path();  // "home/" is "home"
  TRY(must_be_free(root));
  const auto archive = TRY(disk.open(from, Disk::Open::read));
  if (!archive)
    return Error{.kind = ErrorKind::invalid,
                 .message = "there is no file " + from.string(),
                 .remedy = "Check the path."};
  (void)TRY(in_context(
      read_archive(*archive, [](const std::string&) { return std::unique_ptr<DiskFile>(); }),
      from.string()));

  Aside aside =
      TRY(Aside::make(disk, root.parent_path() / ("." + root.filename().string() + ".restoring-" +
                                                  new_id(clock, random))));
  std::set<fs::path> folders;
  const auto place = [&](const std::string& name) -> Result<std::unique_ptr<DiskFile>> {
    const fs::path path = aside.path() / name;
    for (fs::path at = path.parent_path(); at != aside.path(); at = at.parent_path()) {
      if (!folders.insert(at).second) break;
      TRY(disk.make_folder(at));
      std::error_code ignored;
      fs::permissions(at, fs::perms::owner_all, ignored);
    }
    return disk.open(path, Disk::Open::first);
  };
  Contents contents = TRY(in_context(read_archive(*archive, place), from.string()));
  folders.insert(aside.path());
  for (const fs::path& folder : folders) TRY(disk.sync_folder(folder));
  TRY(must_be_free(root));
  Status placed = disk.rename(aside.path(), root);
  if (!placed.ok()) {
    placed.error().remedy =
        "Where the folder is a disk of its own, restore into a new folder on it: --home " +
        (root / "rollcall").string() + ".";
    return Error(placed.error());
  }
  aside.keep();
  TRY(disk.sync_folder(root.parent_path()));
  return std::move(contents.about);
}

json to_json(const Backup& backup) {
  return {{"made_at", iso_utc(backup.made_at)},
          {"activations", backup.activations},
          {"bytes", backup.bytes},
          {"warnings", backup.warnings}};
}

}  // namespace rollcall::operations
