// The one spelling of every enumerator that leaves the program.
#include "core/activation.hpp"
#include "core/change.hpp"
#include "core/outcome.hpp"
#include "core/report.hpp"
#include "core/rows.hpp"

namespace rollcall {

std::string_view to_string(FieldType type) {
  switch (type) {
    case FieldType::boolean:
      return "boolean";
    case FieldType::integer:
      return "integer";
    case FieldType::number:
      return "number";
    case FieldType::decimal:
      return "decimal";
    case FieldType::text:
      return "text";
    case FieldType::date:
      return "date";
    case FieldType::timestamp:
      return "timestamp";
    case FieldType::list:
      return "list";
    case FieldType::object:
      return "object";
    case FieldType::json:
      return "json";
  }
  return "text";
}

std::string_view to_string(ProofRules::By by) {
  return by == ProofRules::By::look_up ? "look_up" : "fastest";
}

std::string_view to_string(ProofWay way) {
  switch (way) {
    case ProofWay::none:
      return "none";
    case ProofWay::look_ups:
      return "look_ups";
    case ProofWay::whole_export:
      return "export";
    case ProofWay::increment:
      return "increment";
  }
  return "none";
}

std::string_view to_string(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::added:
      return "added";
    case OutcomeKind::removed:
      return "removed";
    case OutcomeKind::updated:
      return "updated";
    case OutcomeKind::not_a_contact:
      return "not_a_contact";
    case OutcomeKind::rejected:
      return "rejected";
    case OutcomeKind::unknown:
      return "unknown";
    case OutcomeKind::not_sent:
      return "not_sent";
  }
  return "unknown";
}

std::string_view to_string(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::entered:
      return "entered";
    case ChangeKind::left:
      return "left";
    case ChangeKind::changed:
      return "changed";
    case ChangeKind::retried:
      return "retried";
  }
  return "entered";
}

std::string_view to_string(RunKind kind) { return kind == RunKind::full ? "full" : "delta"; }

std::string_view to_string(Trigger trigger) {
  switch (trigger) {
    case Trigger::manual:
      return "manual";
    case Trigger::schedule:
      return "schedule";
    case Trigger::api:
      return "api";
    case Trigger::activation:
      return "activation";
  }
  return "manual";
}

std::string_view to_string(RunStatus status) {
  switch (status) {
    case RunStatus::running:
      return "running";
    case RunStatus::completed:
      return "completed";
    case RunStatus::completed_with_rejects:
      return "completed_with_rejects";
    case RunStatus::stopped:
      return "stopped";
    case RunStatus::failed:
      return "failed";
    case RunStatus::interrupted:
      return "interrupted";
  }
  return "failed";
}

std::string_view to_string(KeyType type) { return type == KeyType::email ? "email" : "user_id"; }

std::string_view to_string(ProjectType type) {
  switch (type) {
    case ProjectType::email:
      return "email";
    case ProjectType::user_id:
      return "user_id";
    case ProjectType::hybrid:
      return "hybrid";
  }
  return "hybrid";
}

std::string_view to_string(AttributeType type) {
  switch (type) {
    case AttributeType::string:
      return "string";
    case AttributeType::long_:
      return "long";
    case AttributeType::double_:
      return "double";
    case AttributeType::boolean:
      return "boolean";
    case AttributeType::date:
      return "date";
    case AttributeType::object:
      return "object";
    case AttributeType::geo_location:
      return "geo_location";
  }
  return "string";
}

}  // namespace rollcall
