// The catalog: its objects one by one, and as a whole.
#include <algorithm>

#include "api/routes.hpp"
#include "base/json.hpp"

namespace rollcall::api {
namespace {

using catalog::Kind;

Kind kind_of(const Ask& ask) {
  const auto at = ask.parts.find("kind");
  const std::string_view given = at == ask.parts.end() ? "" : std::string_view(at->second);
  for (const auto& [text, kind] : Words<Kind>::all)
    if (given == std::string(text) + "s") return kind;
  return Kind::source;
}

// The whole, as a program reads it.
json json_of(const Ask& ask, const operations::Object& object) {
  json out = read_json<json>(object.json);
  if (object.kind != Kind::activation || object.archived) return out;
  const service::Standing standing = ask.shared.service.standing(object.uid);
  out["next_run_at"] = standing.next_at ? json(iso_utc(*standing.next_at)) : json(nullptr);
  return out;
}

Response answer_object(const Ask& ask, const operations::Object& object, int status = 200) {
  Response out = answer(json_of(ask, object), status);
  out.headers.emplace_back("ETag", object.etag);
  return out;
}

std::optional<std::string> if_match(const Ask& ask) {
  const auto given = ask.request.header("if-match");
  return given ? std::optional(std::string(*given)) : std::nullopt;
}

json edited_json(const Ask& ask, const operations::Edited& edited) {
  json out = json_of(ask, edited.object);
  if (!edited.warnings.empty()) out["warnings"] = edited.warnings;
  return out;
}

Result<Response> edit(const Ask& ask, Kind kind, const std::string& uid) {
  const api::Place place = TRY(api::Place::take(ask.shared));  // the data are looked at
  const bool dry_run = TRY(ask.flag("dry_run"));
  const operations::Edited edited = TRY(operations::edit(ask.world(),
                                                         {.kind = kind,
                                                          .uid = uid,
                                                          .json = ask.request.body,
                                                          .etag = if_match(ask),
                                                          .dry_run = dry_run},
                                                         ask.stop));
  if (!edited.problems.empty()) return problems(edited.problems);
  if (dry_run) return answer({{"changed", edited.changed}, {"warnings", edited.warnings}});
  const std::string what = uid.empty() ? "created" : "changed";
  if (edited.changed)
    TRY(ask.log(what, std::string(catalog::to_string(kind)), edited.object.uid, edited.object.name,
                edited.before, edited.object.json));
  ask.shared.service.look();
  Response out = answer(edited_json(ask, edited), uid.empty() ? 201 : 200);
  out.headers.emplace_back("ETag", edited.object.etag);
  if (uid.empty()) out.headers.emplace_back("Location", ask.request.path + "/" + edited.object.uid);
  return out;
}

Error archived(const operations::Object& object) {
  return {.kind = ErrorKind::conflict,
          .message = "`" + object.name + "` is archived",
          .code = "object_archived"};
}

Result<const Source*> source_of(const Ask& ask, const operations::Stored& stored) {
  return operations::by_uid(stored.catalog.sources, Kind::source, ask.uid());
}
Result<const Model*> model_of(const Ask& ask, const operations::Stored& stored) {
  return operations::by_uid(stored.catalog.models, Kind::model, ask.uid());
}

}  // namespace

Result<Response> list_objects(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  auto all = operations::objects(*stored, kind_of(ask), TRY(ask.flag("archived")));
  if (const std::string name = ask.text("name"); !name.empty())
    std::erase_if(all, [&](const operations::Object& one) { return one.name != name; });
  return page_of(
      ask, all, [](const operations::Object& one) { return one.uid; },
      [&](const operations::Object& one) { return json_of(ask, one); });
}

Result<Response> make_object(const Ask& ask) { return edit(ask, kind_of(ask), ""); }

Result<Response> get_object(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const operations::Object object = TRY(operations::object(*stored, kind_of(ask), ask.uid()));
  if (const auto known = ask.request.header("if-none-match"); known && *known == object.etag)
    return Response{.status = 304, .headers = {{"ETag", object.etag}}};
  return answer_object(ask, object);
}

Result<Response> put_object(const Ask& ask) {
  if (!if_match(ask))
    return problem(428, "if_match_missing", "a change says what it is a change of",
                   "Send the `ETag` that GET answered with as `If-Match`; `*` for any.");
  return edit(ask, kind_of(ask), ask.uid());
}

Result<Response> delete_object(const Ask& ask) {
  const Kind kind = kind_of(ask);
  const operations::Object was =
      TRY(operations::remove(ask.world(), kind, ask.uid(), if_match(ask)));
  if (!was.archived)
    TRY(ask.log(kind == Kind::activation ? "archived" : "removed",
                std::string(catalog::to_string(kind)), was.uid, was.name, was.json));
  ask.shared.service.look();
  return Response{.status = 204};
}

// A whole file, YAML or JSON: what is not named in it stays, unless ?prune=true.
Result<Response> apply_catalog(const Ask& ask) {
  const bool dry_run = TRY(ask.flag("dry_run")), prune = TRY(ask.flag("prune"));
  const api::Place place = TRY(api::Place::take(ask.shared));
  // Nothing of this machine can be referred to from afar.
  const operations::ApplyRequest request{
      .text = ask.request.body,
      .references = {
          .environment = [](const std::string&) { return std::nullopt; },
          .file = [](const std::filesystem::path&) -> Result<std::string> {
            return Error{ErrorKind::denied, "files of the server cannot be referred to from here"};
          },
          .folder = ask.world().home.files()},
      .dry_run = dry_run,
      .prune = prune};
  const operations::Applied applied = TRY(operations::apply(ask.world(), request, ask.stop));
  if (!applied.problems.empty()) {
    std::vector<catalog::Problem> all = applied.problems;
    for (catalog::Problem& one : all) one.message = catalog::to_text(one, "catalog");
    return problems(all);
  }
  const json report = operations::to_json(applied, request);
  if (!request.dry_run) TRY(ask.log("applied", "catalog", "", "", "", report["changes"].dump()));
  ask.shared.service.look();
  return answer(report);
}

Result<Response> export_catalog(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  return Response{.headers = {{"Content-Type", "application/yaml"}},
                  .body = catalog::write(stored->catalog)};
}

Result<Response> check_object(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const operations::Object object = TRY(operations::object(*stored, kind_of(ask), ask.uid()));
  if (object.archived) return archived(object);
  const api::Place place = TRY(api::Place::take(ask.shared));
  for (const store::ObjectRow& row : stored->rows)
    if (row.uid == object.uid)
      return answer(
          operations::to_json(TRY(operations::check(ask.world(), *stored, row, ask.stop))));
  return Error{ErrorKind::not_found, "`" + object.name + "` is gone"};
}

Result<Response> destination_fields(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Destination& destination =
      *TRY(operations::by_uid(stored->catalog.destinations, Kind::destination, ask.uid()));
  const api::Place place = TRY(api::Place::take(ask.shared));
  json items = json::array();
  for (const auto& [name, type] : TRY(operations::fields(ask.world(), destination, ask.stop)))
    items.push_back({{"name", name}, {"type", type}});
  return answer({{"items", std::move(items)}});
}

Result<Response> source_tables(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Source& source = *TRY(source_of(ask, *stored));
  const api::Place place = TRY(api::Place::take(ask.shared));
  const auto tables = TRY(operations::tables(ask.world(), source, ask.stop));
  return answer({{"items", tables}});
}

Result<Response> source_columns(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Source& source = *TRY(source_of(ask, *stored));
  const std::string table = ask.text("table");
  if (table.empty())
    return problem(422, "parameter_invalid", "`table` says whose columns are asked for");
  const api::Place place = TRY(api::Place::take(ask.shared));
  const auto columns = TRY(operations::columns(ask.world(), source, table, ask.stop));
  return answer({{"items", operations::to_json(columns)}});
}

Result<Response> model_fields(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Model& model = *TRY(model_of(ask, *stored));
  const api::Place place = TRY(api::Place::take(ask.shared));
  const auto fields = TRY(operations::model_fields(ask.world(), stored->catalog, model, ask.stop));
  return answer({{"items", operations::to_json(fields)}});
}

// The most frequent values of a field, for who builds a rule.
Result<Response> model_values(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  Segment everybody;
  everybody.name = everybody.model = TRY(model_of(ask, *stored))->name;
  const std::string field = ask.text("field");
  if (field.empty())
    return problem(422, "parameter_invalid", "`field` says whose values are asked for");
  const int64_t limit = TRY(ask.number("limit", 50, 1, 1000));
  const operations::CountRequest request{.by = field, .limit = limit};
  const api::Place place = TRY(api::Place::take(ask.shared));
  const operations::Count count =
      TRY(operations::count(ask.world(), stored->catalog, everybody, request, ask.stop));
  return answer(operations::to_json(count));
}

// An unsaved model: its fields, some rows, and with ?key=true what its primary key is worth.
Result<Response> preview_model(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  (void)TRY(ask.body());
  const Model model = TRY(operations::unsaved_model(*stored, ask.request.body));
  const operations::LookRequest request{.limit = TRY(ask.number("limit", 10, 1, 1000)),
                                        .check_key = TRY(ask.flag("key"))};
  const api::Place place = TRY(api::Place::take(ask.shared));
  auto look = operations::look_at(ask.world(), stored->catalog, model, request, ask.stop);
  if (look.ok()) return answer(operations::to_json(*look));
  return in_body(look.error(), "model " + model.name);
}

}  // namespace rollcall::api
