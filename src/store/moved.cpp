#include "store/moved.hpp"

#include <fmt/format.h>

#include "base/home.hpp"
#include "store/migrations.hpp"
#include "store/postgres.hpp"
#include "store/sqlite.hpp"
#include "store/store.hpp"

namespace rollcall::store {
namespace fs = std::filesystem;

namespace {

// Nothing: it is here. An empty text: it is on its way here.
Result<std::optional<std::string>> moved_to(Database& database) {
  Statement row(database, "SELECT place FROM moved");
  const Step step = row.step();
  if (step == Step::failed) return row.trouble();
  return step == Step::row ? std::optional(row.text(0)) : std::nullopt;
}

// Within a write.
Status mark(Database& database, const std::string& place, Time now) {
  Statement row(database,
                "INSERT INTO moved(id, place, at_ms) VALUES (1, ?, ?) ON CONFLICT(id) DO UPDATE "
                "SET place = excluded.place, at_ms = excluded.at_ms");
  return row.bind(place).bind(now).finish();
}

Result<bool> is_empty(Database& database) {
  return TRY(number_of(database,
                       "SELECT (SELECT revision FROM catalog) + (SELECT count(*) FROM run) + "
                       "(SELECT count(*) FROM record) + (SELECT count(*) FROM log) + "
                       "(SELECT count(*) FROM fact)")) == 0;
}

// A file that lies on a disk of several machines is no place for shared memory. Whoever has it open
// as well does the same.
void leave(Database& file) { (void)file.execute("PRAGMA journal_mode = DELETE"); }

}  // namespace

Status refuse_moved(Database& database) {
  const auto place = TRY(moved_to(database));
  if (!place) return ok_status();
  if (place->empty())
    return Error{.kind = ErrorKind::conflict,
                 .message = "moving the catalog to " + database.place() + " was cut off",
                 .remedy = "Do the `rollcall home move` that was cut off again."};
  const bool is_server = place->starts_with("postgresql:");
  return Error{
      .kind = ErrorKind::conflict,
      .message = "the catalog of this home is in " + *place + ", not in " + database.place(),
      .remedy = is_server ? "Name it by --store or ROLLCALL_STORE, with user and password."
                          : "Leave out --store, and unset ROLLCALL_STORE."};
}

Status point_to(Database& database, Disk& disk, const fs::path& home, Time now) {
  const fs::path path = Home{home}.database();
  std::error_code ignored;
  if (fs::exists(path, ignored)) {
    const auto file = TRY(look_at_sqlite(path));
    const auto place = moved_to(*file);
    if (place.ok() && *place && !(*place)->empty()) return ok_status();
  }
  const auto file = TRY(open_sqlite(disk, path));
  TRY(file->write([&]() -> Status {
    const auto place = TRY(moved_to(*file));
    if (place && !place->empty()) return ok_status();  // by somebody else just now
    if (!TRY(is_empty(*file)))
      return Error{.kind = ErrorKind::conflict,
                   .message = "this home has a catalog of its own, in " + path.string(),
                   .remedy =
                       "Bring it there by `rollcall home move --to URL`, or choose another "
                       "home."};
    return mark(*file, database.place(), now);
  }));
  leave(*file);
  return ok_status();
}

Result<std::string> move_catalog(const fs::path& home, const Secret& server, bool to_server,
                                 Clock& clock, Disk& disk) {
  const auto file = TRY(open_sqlite(disk, Home{home}.database()));
  const auto base = TRY(open_postgres(server));
  Database& from = to_server ? *file : *base;
  Database& to = to_server ? *base : *file;
  const auto gone = TRY(moved_to(from));
  const auto there = TRY(moved_to(to));
  const bool is_on_its_way = there && there->empty();
  if (gone && (gone->empty() || !is_on_its_way))
    return Error{.kind = ErrorKind::conflict,
                 .message = "the catalog of this home is not in " + from.place(),
                 .remedy = gone->empty() ? "Do the `rollcall home move` that was cut off again."
                                         : "It is in " + *gone + "."};
  if (!gone) {
    // The source is the newer until it is marked: till then, whoever opens the copy is told.
    TRY(from.write([&]() -> Status {
      TRY(to.write([&]() -> Status {
        for (Database* one : {&from, &to})
          if (one == base.get())
            for (const char* limit : {"statement_timeout", "idle_in_transaction_session_timeout"})
              TRY(one->execute(fmt::format("SET LOCAL {} = 0", limit).c_str()));
        if (!there && !TRY(is_empty(to)))
          return Error{.kind = ErrorKind::conflict,
                       .message = to.place() + " holds a catalog already",
                       .remedy = "Name a database that is empty."};
        TRY(copy_all(from, to));
        return mark(to, "", clock.now());
      }));
      return mark(from, to.place(), clock.now());
    }));
  }
  TRY(to.execute("DELETE FROM moved"));
  if (to_server) leave(*file);
  return to.place();
}

}  // namespace rollcall::store
