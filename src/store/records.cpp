#include "store/records.hpp"

#include "base/base64.hpp"

namespace rollcall::store {
namespace {

Error changed_meanwhile(const Record& record) {
  return {.kind = ErrorKind::conflict,
          .message = "this " + record.kind + " was changed in the meantime",
          .remedy = "Try again: it is then read anew."};
}

// The secrets of objects are sealed for an id and a name, which no place of a text is.
std::string of_text(std::string_view place) { return "text\n" + std::string(place); }

}  // namespace

Result<std::optional<Record>> Records::one(const std::string& kind, const std::string& key) {
  Statement rows(database_,
                 "SELECT json, revision, expires_ms FROM record WHERE kind = ? AND key = ? "
                 "AND (expires_ms IS NULL OR expires_ms > ?)");
  const Step step = rows.bind(kind).bind(key).bind(now_).step();
  if (step == Step::row)
    return std::optional(Record{kind, key, rows.text(0), rows.number(1), rows.time_if_any(2)});
  if (step != Step::done) return rows.trouble();
  return std::optional<Record>();
}

Result<std::vector<Record>> Records::all(const std::string& kind) {
  Statement rows(database_,
                 "SELECT key, json, revision, expires_ms FROM record WHERE kind = ? "
                 "AND (expires_ms IS NULL OR expires_ms > ?) ORDER BY key");
  rows.bind(kind).bind(now_);
  std::vector<Record> out;
  Step step{};
  while ((step = rows.step()) == Step::row)
    out.push_back({kind, rows.text(0), rows.text(1), rows.number(2), rows.time_if_any(3)});
  if (step != Step::done) return rows.trouble();
  return out;
}

Status Records::put(const Record& record) {
  return database_.write([&]() -> Status {
    TRY(take_revision());
    TRY(record.revision == 0 ? insert(record) : update(record));
    if (database_.changed() == 1) return ok_status();
    return changed_meanwhile(record);
  });
}

Status Records::take_revision() {
  return database_.execute("UPDATE record_revision SET last = last + 1");
}

Status Records::insert(const Record& record) {
  // One that has expired makes room.
  Statement write(database_,
                  "INSERT INTO record(kind, key, json, revision, expires_ms) "
                  "VALUES (?1, ?2, ?3, (SELECT last FROM record_revision), ?4) "
                  "ON CONFLICT(kind, key) DO UPDATE SET json = excluded.json, "
                  "revision = excluded.revision, expires_ms = excluded.expires_ms "
                  "WHERE record.expires_ms <= ?5");
  write.bind(record.kind).bind(record.key).bind(record.json).bind(record.expires_at).bind(now_);
  return write.finish();
}

Status Records::update(const Record& record) {
  Statement write(database_,
                  "UPDATE record SET json = ?, revision = (SELECT last FROM record_revision), "
                  "expires_ms = ? WHERE kind = ? AND key = ? AND revision = ? "
                  "AND (expires_ms IS NULL OR expires_ms > ?)");
  write.bind(record.json).bind(record.expires_at).bind(record.kind).bind(record.key);
  return write.bind(record.revision).bind(now_).finish();
}

Result<bool> Records::remove(const std::string& kind, const std::string& key) {
  Statement gone(database_,
                 "DELETE FROM record WHERE kind = ? AND key = ? "
                 "AND (expires_ms IS NULL OR expires_ms > ?)");
  TRY(gone.bind(kind).bind(key).bind(now_).finish());
  return database_.changed() == 1;
}

Result<int64_t> Records::remove_expired() {
  Statement gone(database_, "DELETE FROM record WHERE expires_ms <= ?");
  TRY(gone.bind(now_).finish());
  return database_.changed();
}

std::string seal_text(const Key& key, const Secret& text, std::string_view place) {
  const std::string sealed = key.seal(text.reveal(), of_text(place));
  return std::string(kSealedMark) + base64url(sealed);
}

std::optional<Secret> unseal_text(const Key& key, std::string_view sealed, std::string_view place) {
  if (!sealed.starts_with(kSealedMark)) return std::nullopt;
  sealed.remove_prefix(kSealedMark.size());
  const auto bytes = from_base64url(sealed);
  if (!bytes) return std::nullopt;
  auto text = key.unseal(*bytes, of_text(place));
  if (!text) return std::nullopt;
  return Secret(*std::move(text));
}

}  // namespace rollcall::store
