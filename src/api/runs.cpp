// What has been: runs, the people who are not on a list after one, and a run under way.
#include "api/events.hpp"
#include "api/routes.hpp"
#include "base/json.hpp"

namespace rollcall::api {
namespace {

json run_json(const store::RunRow& row) {
  json out = {{"uid", row.run_id}, {"activation_uid", row.activation_uid}};
  const json report = read_json<json>(row.report_json);
  if (report.is_object()) out.update(report);
  return out;
}

}  // namespace

// ?activation=UID, ?status=…
Result<Response> list_runs(const Ask& ask) {
  const int64_t limit = TRY(ask.number("limit", 50, 1, 1000));
  const std::string activation = ask.text("activation");
  const auto of = activation.empty() ? std::nullopt : std::optional(activation);
  std::string cursor = ask.text("cursor");
  if (!cursor.empty() && !ask.world().store.run(cursor).ok()) return cursor_unknown();
  const std::string status = TRY(ask.choice("status", words<RunStatus>()));
  json items = json::array();
  bool more = true;
  while (more && items.size() < static_cast<size_t>(limit)) {
    const auto rows = TRY(ask.world().store.runs(of, static_cast<int>(limit), cursor));
    more = rows.size() == static_cast<size_t>(limit);
    for (const store::RunRow& row : rows) {
      if (items.size() == static_cast<size_t>(limit)) {
        more = true;
        break;
      }
      cursor = row.run_id;
      if (status.empty() || row.status == status) items.push_back(run_json(row));
    }
  }
  return answer(
      {{"items", std::move(items)}, {"next_cursor", more ? json(cursor) : json(nullptr)}});
}

Result<Response> get_run(const Ask& ask) {
  return answer(run_json(TRY(ask.world().store.run(ask.uid()))));
}

// ?kind=…; as CSV where it is asked for (`Accept: text/csv` or ?format=csv).
Result<Response> run_rejects(const Ask& ask) {
  const store::RunRow row = TRY(ask.world().store.run(ask.uid()));
  const std::string given = ask.text("kind");
  const std::string kind = given.empty() ? "rejected" : given;
  const std::string format = TRY(ask.choice("format", {"json", "csv"}));
  const auto accept = ask.request.header("accept");
  const bool is_csv = format == "csv" || (format.empty() && accept &&
                                          accept->find("text/csv") != std::string_view::npos);
  const int64_t limit = TRY(ask.number("limit", 1000, 1, 1'000'000));
  if (!is_csv) {
    json items = json::array();
    bool more = false;
    TRY(operations::rejects(ask.world(), row.run_id, kind, [&](const operations::Reject& one) {
      more = items.size() == static_cast<size_t>(limit);
      if (!more) items.push_back(operations::to_json(one));
      return !more && !ask.stop.stop_requested();
    }));
    return answer({{"items", std::move(items)}, {"complete", !more}});
  }
  // An error that is known before the first line is a problem, not half a file.
  TRY(operations::rejects(ask.world(), row.run_id, kind,
                          [](const operations::Reject&) { return false; }));
  Shared& shared = ask.shared;
  return Response{
      .headers = {{"Content-Type", "text/csv; charset=utf-8"},
                  {"Content-Disposition",
                   "attachment; filename=\"rejects-" + row.run_id + ".csv\""}},
      .stream = [&shared, run_id = row.run_id, kind](http_server::Body& body,
                                                     const std::stop_token& stop) -> Status {
        std::string text = operations::csv_head_of_rejects();
        Status written = ok_status();
        constexpr size_t kPiece = 64 * 1024;
        TRY(operations::rejects(shared.world, run_id, kind, [&](const operations::Reject& one) {
          text += operations::to_csv(one);
          if (text.size() >= kPiece) {
            written = body.write(text);
            text.clear();
          }
          return written.ok() && !stop.stop_requested();
        }));
        if (written.ok() && !text.empty()) written = body.write(text);
        return written;
      }};
}

// The run as it stands, then what happens, until it ends.
Result<Response> run_events(const Ask& ask) {
  const store::RunRow row = TRY(ask.world().store.run(ask.uid()));
  // Listened to first, so that an end in between is not missed.
  Response events = events_of(ask, row.activation_uid, "", true);
  const service::Standing standing = ask.shared.service.standing(row.activation_uid);
  if (standing.live && standing.live->run_id == row.run_id) {
    events.body = event_text("status", json_of(standing).dump());
    return events;
  }
  // It has ended, or another process has it: all there is.
  return Response{.headers = {{"Content-Type", "text/event-stream"}},
                  .body = event_text("end", json{{"report", run_json(row)}}.dump())};
}

}  // namespace rollcall::api
