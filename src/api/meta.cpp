// What there is to choose from, whether all is well, and numbers for Prometheus.
#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <sstream>

#include "api/routes.hpp"
#include "core/operators.hpp"
#include "core/source_kinds.hpp"
#include "core/step.hpp"
#include "core/words.hpp"

// The contract, as it lies in docs/.
asm(R"(
  .section .rodata
  .global rollcall_openapi_begin
  .global rollcall_openapi_end
rollcall_openapi_begin:
  .incbin ")" ROLLCALL_OPENAPI R"("
rollcall_openapi_end:
  .previous
)");
extern "C" const char rollcall_openapi_begin[], rollcall_openapi_end[];

namespace rollcall::api {
namespace {

std::string_view word_of(SourceOption::Kind kind) {
  switch (kind) {
    case SourceOption::Kind::text:
      return "text";
    case SourceOption::Kind::path:
      return "path";
    case SourceOption::Kind::url:
      return "url";
    case SourceOption::Kind::flag:
      return "flag";
    case SourceOption::Kind::port:
      return "port";
    case SourceOption::Kind::lines:
      return "lines";
    case SourceOption::Kind::sample:
      return "sample";
    case SourceOption::Kind::span:
      return "span";
    case SourceOption::Kind::secret:
      return "secret";
  }
  return "text";
}

json source_kinds_json() {
  json out = json::array();
  for (const SourceKind& kind : source_kinds()) {
    json keys = json::array();
    for (const SourceOption& one : kind.options)
      keys.push_back({{"key", one.key},
                      {"kind", word_of(one.kind)},
                      {"required", one.required},
                      {"words", one.words}});
    out.push_back({{"kind", kind.name}, {"keys", std::move(keys)}, {"of_files", kind.of_files}});
  }
  return out;
}

json operators_json() {
  json all = json::array();
  for (const Operator& one : operators())
    all.push_back({{"op", word(one.op)},
                   {"takes", word(one.takes)},
                   {"ignores_case", one.ignores_case},
                   {"phrase", one.phrase}});
  json by_type = json::object();
  for (const auto& [text, type] : Words<FieldType>::all) {
    json ops = json::array();
    for (const Op op : operators_of(type)) ops.push_back(word(op));
    by_type[std::string(text)] = std::move(ops);
  }
  json counts = json::array();
  for (const Op op : operators_of_counts()) counts.push_back(word(op));
  return {{"all", std::move(all)}, {"by_type", std::move(by_type)}, {"of_counts", counts}};
}

json steps_json() {
  json out = json::array();
  for (const StepName& one : kSteps)
    out.push_back({{"step", one.name}, {"in_words", one.in_words}});
  return out;
}

}  // namespace

Result<Response> get_meta(const Ask& ask) {
  return answer({{"version", ask.shared.settings.version},
                 {"source_kinds", source_kinds_json()},
                 {"operators", operators_json()},
                 {"words",
                  {{"project_type", words<ProjectType>()},
                   {"match_key_type", words<KeyType>()},
                   {"attribute_type", words<AttributeType>()},
                   {"run_status", words<RunStatus>()},
                   {"trigger", words<Trigger>()},
                   {"role", words<Role>()},
                   {"duration_unit", words<Duration::Unit>()},
                   {"aggregate", words<Aggregate>()},
                   {"relation_kind", words<RelationKind>()},
                   {"model_type", words<ModelType>()},
                   {"reject_kind", operations::kRejectKinds}}},
                 {"steps", steps_json()}});
}

Result<Response> get_health(const Ask&) { return answer({{"status", "ok"}}); }

Result<Response> get_readiness(const Ask& ask) {
  if (!ask.shared.service.alive())
    return problem(503, "not_ready", "the service does not go round",
                   "Look at its log; its store may be out of reach.");
  TRY(ask.world().store.revision());
  return answer({{"status", "ready"}, {"schedules", ask.shared.service.schedules()}});
}

Result<Response> get_metrics(const Ask& ask) {
  prometheus::Registry registry;
  const auto gauge = [&](const char* name, const char* help, double value,
                         const prometheus::Labels& labels = {}) {
    prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels).Set(value);
  };
  const service::Numbers numbers = ask.shared.service.numbers();
  gauge("rollcall_runs_running", "Runs and audits under way", static_cast<double>(numbers.running));
  gauge("rollcall_runs_waiting", "Runs and audits that are due and have not begun",
        static_cast<double>(numbers.waiting));
  gauge("rollcall_schedule_lag_seconds", "How long the first of them has been due",
        static_cast<double>(numbers.lag.count()) / 1000);
  gauge("rollcall_activations_resting", "Activations that rest because something is broken",
        static_cast<double>(numbers.resting));
  gauge("rollcall_schedules", "1 where this server starts what is due; of several one does",
        ask.shared.service.schedules() ? 1 : 0);
  for (const auto& [status, count] : numbers.ended)
    prometheus::BuildCounter()
        .Name("rollcall_runs_ended_total")
        .Help("Runs that ended since the service began, by status")
        .Register(registry)
        .Add({{"status", status}})
        .Increment(static_cast<double>(count));
  prometheus::BuildCounter()
      .Name("rollcall_jobs_crashed_total")
      .Help("Processes that ended without a word since the service began")
      .Register(registry)
      .Add({})
      .Increment(static_cast<double>(numbers.crashed));
  const auto stored = TRY(ask.shared.stored());
  for (const operations::ActivationStatus& one : TRY(operations::status(ask.world(), *stored))) {
    const prometheus::Labels labels = {{"activation", one.activation.name},
                                       {"destination", one.activation.destination}};
    const StandingCounts& s = one.record.standing;
    gauge("rollcall_activation_members", "People in the segment at the last run",
          static_cast<double>(one.members()), labels);
    gauge("rollcall_activation_on_list", "People on the list after the last run",
          static_cast<double>(s.on_list), labels);
    gauge("rollcall_activation_rejected", "People whom Iterable rejected",
          static_cast<double>(s.rejected), labels);
    gauge("rollcall_activation_unknown", "People of whom it is not known",
          static_cast<double>(s.unknown + s.not_sent), labels);
    if (one.last && one.last->finished_at)
      gauge("rollcall_activation_last_run_timestamp_seconds", "When its last run ended",
            static_cast<double>(one.last->finished_at->time_since_epoch().count()) / 1000, labels);
  }
  if (const http_server::Server* server = ask.shared.server) {
    const auto load = server->load();
    gauge("rollcall_http_connections", "Open connections", static_cast<double>(load.connections));
    gauge("rollcall_http_handlers_busy", "Requests being answered",
          static_cast<double>(load.handlers_busy));
    gauge("rollcall_http_waiting", "Requests that wait for a handler",
          static_cast<double>(load.waiting));
  }
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, registry.Collect());
  return Response{.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
                  .body = text.str()};
}

Result<Response> get_openapi(const Ask&) {
  return Response{.headers = {{"Content-Type", "application/yaml"}},
                  .body = std::string(rollcall_openapi_begin, rollcall_openapi_end)};
}

}  // namespace rollcall::api
