// Segments: stored ones by uid, or unsaved ones as they stand in the body (`model`, `where`).
#include "api/routes.hpp"
#include "base/json.hpp"

namespace rollcall::api {
namespace {

Result<Segment> stored_segment(const operations::Stored& stored, const std::string& uid) {
  const Segment& found =
      *TRY(operations::by_uid(stored.catalog.segments, catalog::Kind::segment, uid));
  TRY(stored.catalog.sound("segment", found.name));
  return found;
}

std::string place_of(const Segment& segment) { return "segment " + segment.name; }
template <class T>
Result<T> in_body(const Ask& ask, const Segment& segment, Result<T> result) {
  if (result.ok()) return result;
  const bool is_stored = ask.parts.contains("uid");
  return api::in_body(Error(result.error()), place_of(segment),
                      is_stored ? std::nullopt : std::optional<std::string>(""));
}

Result<Segment> segment_of(const Ask& ask, const operations::Stored& stored) {
  if (ask.parts.contains("uid")) return stored_segment(stored, ask.uid());
  (void)TRY(ask.body());
  return operations::unsaved_segment(stored, ask.request.body);
}

}  // namespace

Result<Response> count_segment(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Segment segment = TRY(segment_of(ask, *stored));
  const int64_t limit = TRY(ask.number("limit", 20, 1, 1000));
  const operations::CountRequest request{.by = ask.text("by"), .limit = limit};
  // Values of people are seen by those who may see people.
  if (!request.by.empty() && !access::may(ask.caller->role, Role::operate))
    return problem(403, "role_too_low", "a breakdown shows values, which needs the role operator");
  const Place place = TRY(Place::take(ask.shared));
  const operations::Count count = TRY(in_body(
      ask, segment, operations::count(ask.world(), stored->catalog, segment, request, ask.stop)));
  TRY(operations::keep(ask.world(), segment, count));
  return answer(operations::to_json(count));
}

Result<Response> preview_segment(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Segment segment = TRY(segment_of(ask, *stored));
  const int64_t limit = TRY(ask.number("limit", 20, 1, operations::kPreviewMax));
  const Place place = TRY(Place::take(ask.shared));
  return answer(operations::to_json(TRY(in_body(
      ask, segment, operations::preview(ask.world(), stored->catalog, segment, limit, ask.stop)))));
}

Result<Response> segment_sql(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Segment segment = TRY(segment_of(ask, *stored));
  const Place place = TRY(Place::take(ask.shared));
  return answer(operations::to_json(TRY(
      in_body(ask, segment, operations::sql(ask.world(), stored->catalog, segment, ask.stop)))));
}

Result<Response> segment_sentence(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Segment segment = TRY(segment_of(ask, *stored));
  return answer({{"segment", segment.name},
                 {"model", segment.model},
                 {"sentence", operations::in_words(segment.where)}});
}

Result<Response> segment_history(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Segment segment = TRY(stored_segment(*stored, ask.uid()));
  json out =
      operations::to_json(segment.name, TRY(operations::history(ask.world(), *stored, segment)));
  out["edits"] = operations::to_json(TRY(operations::rule_edits(ask.world(), segment)));
  return answer(out);
}

// {"first": UID or segment, "second": UID or segment}
Result<Response> overlap_segments(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const json body = TRY(ask.body());
  TRY(only_fields(body, {"first", "second"}));
  const auto is_unsaved = [&](const char* key) {
    const auto at = body.find(key);
    return at != body.end() && at->is_object();
  };
  const auto one = [&](const char* key) -> Result<Segment> {
    if (!is_unsaved(key)) return stored_segment(*stored, TRY(text_field(body, key)));
    json given = {{"name", std::string("the ") + key + " segment"}};
    given.update(body[key]);
    auto segment = operations::unsaved_segment(*stored, given.dump());
    if (segment.ok()) return segment;
    Error error = segment.error();
    if (!error.place) error.place.emplace();
    error.place->pointer.insert(0, std::string("/") + key);
    return error;
  };
  const Segment first = TRY(one("first")), second = TRY(one("second"));
  const Place place = TRY(Place::take(ask.shared));
  const auto overlap = operations::overlap(ask.world(), stored->catalog, first, second, ask.stop);
  if (overlap.ok()) return answer(operations::to_json(*overlap));
  // Of a stored and an unsaved segment of one name, the unsaved one is more likely to be wrong.
  const auto is_of = [&](const char* key, const Segment& segment) {
    return is_unsaved(key) && overlap.error().place &&
           overlap.error().place->object == place_of(segment);
  };
  const bool in_first = is_of("first", first), in_second = is_of("second", second);
  return in_body(overlap.error(), place_of(in_first ? first : second),
                 in_first == in_second
                     ? std::nullopt
                     : std::optional<std::string>(in_first ? "/first" : "/second"));
}

// {"destination": UID, "name"?: …, "run"?: true}: with the destination's defaults.
Result<Response> activate_segment(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Segment segment = TRY(stored_segment(*stored, ask.uid()));
  const json body = TRY(ask.body());
  TRY(only_fields(body, {"destination", "name", "run"}));
  const std::string to = TRY(text_field(body, "destination"));
  const std::string name = TRY(text_field(body, "name", false));
  const bool is_silent = body.contains("run") && !TRY(flag_field(body, "run"));
  const operations::Object destination =
      TRY(operations::object(*stored, catalog::Kind::destination, to));
  const operations::Activated made =
      TRY(operations::activate(ask.world(), segment.name, destination.name, name));
  const auto now = TRY(ask.shared.stored());
  const Activation* const activation =
      operations::activation_named(now->catalog, made.destination, made.name);
  if (activation == nullptr)
    return problem(409, "archived_meanwhile", "`" + made.name + "` was archived in the meantime");
  const operations::Object object =
      TRY(operations::object(*now, catalog::Kind::activation, activation->uid));
  if (made.is_new) TRY(ask.log("created", "activation", object.uid, object.name, "", object.json));
  json out = read_json<json>(object.json);
  if (!made.warnings.empty()) out["warnings"] = made.warnings;
  if (is_silent) {
    ask.shared.service.look();
  } else {
    // Before the service looks by itself: a new one that is due at once, as those with an interval
    // are, would have begun, and what is asked for would be a second run.
    const auto asked = ask.shared.service.ask(object.uid, {.trigger = Trigger::activation});
    if (!asked.ok() && asked.error().kind != ErrorKind::conflict) return Error(asked.error());
  }
  Response done = answer(out, made.is_new ? 201 : 200);
  done.headers.emplace_back("Location", "/api/v1/activations/" + object.uid);
  done.headers.emplace_back("ETag", object.etag);
  return done;
}

}  // namespace rollcall::api
