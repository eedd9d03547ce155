#include "store/log.hpp"

#include <algorithm>

namespace rollcall::store {

Status write_log(Database& database, const LogLine& line) {
  Statement write(database,
                  "INSERT INTO log(at_ms, who, action, kind, uid, name, before, after, address) "
                  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  write.bind(line.at).bind(line.who).bind(line.action).bind(line.kind).bind(line.uid);
  write.bind(line.name).bind(line.before).bind(line.after).bind(line.address);
  return write.finish();
}

Result<std::vector<LogLine>> read_log(Database& database, const LogQuery& query) {
  // No condition that is not asked for, so that each has its index.
  const std::pair<const char*, const std::string&> texts[] = {{" AND who = ?", query.who},
                                                              {" AND action = ?", query.action},
                                                              {" AND kind = ?", query.kind},
                                                              {" AND uid = ?", query.uid}};
  std::string sql =
      "SELECT number, at_ms, who, action, kind, uid, name, before, after, address "
      "FROM log WHERE true";
  for (const auto& [condition, text] : texts)
    if (!text.empty()) sql += condition;
  if (query.from) sql += " AND at_ms >= ?";
  if (query.to) sql += " AND at_ms < ?";
  if (query.before > 0) sql += " AND number < ?";
  sql += " ORDER BY number DESC LIMIT ?";

  Statement rows(database, sql.c_str());
  for (const auto& [condition, text] : texts)
    if (!text.empty()) rows.bind(text);
  if (query.from) rows.bind(*query.from);
  if (query.to) rows.bind(*query.to);
  if (query.before > 0) rows.bind(query.before);
  rows.bind(static_cast<int64_t>(std::max(query.limit, 0)));
  std::vector<LogLine> out;
  Step step{};
  while ((step = rows.step()) == Step::row)
    out.push_back({.number = rows.number(0),
                   .at = rows.time(1),
                   .who = rows.text(2),
                   .action = rows.text(3),
                   .kind = rows.text(4),
                   .uid = rows.text(5),
                   .name = rows.text(6),
                   .before = rows.text(7),
                   .after = rows.text(8),
                   .address = rows.text(9)});
  if (step != Step::done) return rows.trouble();
  return out;
}

}  // namespace rollcall::store
