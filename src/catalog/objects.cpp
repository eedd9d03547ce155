#include "catalog/objects.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "calendar/calendar.hpp"
#include "catalog/time_words.hpp"
#include "core/reserved_fields.hpp"
#include "core/source_kinds.hpp"

namespace rollcall::catalog {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds kEveryMin = minutes(5);
constexpr seconds kEveryMax = hours(24 * 366);
constexpr seconds kAuditMin = hours(1);
constexpr std::chrono::milliseconds kSettleMax = hours(1);
// A call takes some seconds; so long does an export prove.
constexpr std::chrono::milliseconds kProofAgeMin = seconds(1), kProofAgeMax = minutes(15);
constexpr int64_t kSampleMax = 999'999'999;  // rows of a file
constexpr int64_t kSkipMax = 1'000'000;      // lines before a header

// How long a query may take; the longest is what PostgreSQL can count.
constexpr std::chrono::milliseconds kSpanMin{1'000}, kSpanMax{24 * 86'400'000};

// --- Sources ---

using OptionKind = SourceOption::Kind;

// What is wrong with an address; empty when nothing is.
std::string url_problem(std::string_view url, std::initializer_list<std::string_view> schemes) {
  std::vector<std::string> starts;
  for (const std::string_view scheme : schemes) starts.push_back(std::string(scheme) + "://");
  std::string_view rest;
  for (const std::string& start : starts)
    if (url.starts_with(start)) rest = url.substr(start.size());
  const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  if (host.empty() || host.front() == ':')
    return "must be an address that starts with " + join(starts, " or ");
  for (const char c : url)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f)
      return "must not hold spaces or line breaks";
  if (const size_t at = host.find('@'); at != std::string_view::npos) {
    if (host.substr(0, at).find(':') != std::string_view::npos)
      return "must not hold a password: it would be shown; write it under its own key";
  }
  return "";
}

void take_option(In& in, const SourceOption& option, Source& source) {
  const std::string& key = option.key;
  const auto known = [&]() -> std::optional<std::pair<Secret, std::string>> {
    const Catalog* stored = in.reading().stored;
    if (!stored) return std::nullopt;
    for (const Source& one : stored->sources) {
      const bool same = source.id && one.id ? *source.id == *one.id : source.name == one.name;
      const auto secret = one.secrets.find(key);
      const auto reference = one.secret_references.find(key);
      if (same && secret != one.secrets.end())
        return std::pair(secret->second,
                         reference == one.secret_references.end() ? "" : reference->second);
    }
    return std::nullopt;
  };
  std::string text;
  bool there = false;
  switch (option.kind) {
    case OptionKind::secret: {
      Secret secret;
      std::string reference;
      there = in.secret(key, secret, reference, known);
      if (!secret.empty()) source.secrets[key] = std::move(secret);
      if (!reference.empty()) source.secret_references[key] = std::move(reference);
      break;
    }
    case OptionKind::flag: {
      bool flag = false;
      there = in.optional(key, flag);
      text = flag ? "true" : "false";
      break;
    }
    case OptionKind::port: {
      int64_t port = 0;
      there = in.optional(key, port);
      in.check(!in.good(key) || (port >= 1 && port <= 65535), key,
               "`" + key + "` must be from 1 to 65535");
      text = std::to_string(port);
      break;
    }
    case OptionKind::lines: {
      int64_t lines = 0;
      there = in.optional(key, lines);
      in.check(!in.good(key) || (lines >= 0 && lines <= kSkipMax), key,
               fmt::format("`{}` must be from 0 to {} lines", key, kSkipMax));
      text = std::to_string(lines);
      break;
    }
    case OptionKind::sample: {
      const Node* node = in.node(key);
      if (!node) break;
      there = true;
      int64_t rows = 0;
      if (node->kind == Node::Kind::scalar && node->text == "all") {
        text = "all";
      } else if (take(*node, in.reading(), key, rows)) {
        in.check(rows >= 1 && rows <= kSampleMax, key,
                 fmt::format("`{}` must be `all` or from 1 to {} rows", key, kSampleMax));
        text = std::to_string(rows);
      }
      break;
    }
    case OptionKind::path: {
      there = in.optional(key, text);
      in.filled(key);
      const References* references = in.reading().references;
      const bool is_url = text.find("://") != std::string::npos;
      if (references && !references->folder.empty() && !text.empty() && !is_url)
        text = (references->folder / text).lexically_normal().string();
      break;
    }
    case OptionKind::url: {
      there = in.optional(key, text);
      const std::string problem = source.kind == "postgres"
                                      ? url_problem(text, {"postgres", "postgresql"})
                                      : url_problem(text, {"http", "https"});
      in.check(!in.good(key) || problem.empty(), key, "`" + key + "` " + problem);
      break;
    }
    case OptionKind::span: {
      there = in.optional(key, text);
      const auto span = parse_span(text);
      in.check(
          !in.good(key) || (span && *span >= kSpanMin && *span <= kSpanMax), key,
          fmt::format("`{}` must be from {} to {}", key, span_text(kSpanMin), span_text(kSpanMax)));
      break;
    }
    case OptionKind::text:
      there = in.optional(key, text);
      if (!option.words.empty()) in.one_of(key, text, option.words);
      break;
  }
  if (there && option.kind != OptionKind::secret) source.options[key] = std::move(text);
  if (!there && option.required) in.missing(key);
}

void give_option(Out& out, const SourceOption& option, Source& source) {
  const std::string& key = option.key;
  if (option.kind == OptionKind::secret) {
    const auto secret = source.secrets.find(key);
    const auto reference = source.secret_references.find(key);
    if (secret != source.secrets.end() || reference != source.secret_references.end())
      out.secret(key, secret == source.secrets.end() ? Secret() : secret->second,
                 reference == source.secret_references.end() ? "" : reference->second, nullptr);
    return;
  }
  const auto value = source.options.find(key);
  if (value == source.options.end()) return;
  const bool plain = option.kind == OptionKind::flag || option.kind == OptionKind::port ||
                     option.kind == OptionKind::lines ||
                     (option.kind == OptionKind::sample && value->second != "all");
  out.add(key, Node::scalar(value->second, !plain));
}

// Where snapshots are kept and compared: with Rollcall, or in the warehouse where there is one.
void take_state(In& in, Source& source) {
  std::string state = "local", schema;
  in.optional("state", state);
  in.one_of("state", state, {"local", "warehouse"});
  const bool schema_there = in.optional("state_schema", schema);
  const bool is_warehouse = source_kind(source.kind).keeps_state;
  if (state == "warehouse") {
    in.check(is_warehouse, "state",
             fmt::format("a {} source cannot keep snapshots: leave `state` out, or write `local`",
                         source.kind));
    source.options["state"] = state;  // local is what is meant by nothing
    if (schema_there) source.options["state_schema"] = schema;
  } else {
    in.check(!schema_there, "state_schema", "`state_schema` goes with `state: warehouse`");
  }
}

const std::vector<SourceOption>& state_options() {
  static const std::vector<SourceOption> all = {{"state", OptionKind::text},
                                                {"state_schema", OptionKind::text}};
  return all;
}

}  // namespace

void form(In& in, Source& source) {
  source.place = in.place();
  in.named("name", source.name);
  in.optional("id", source.id);
  const Node* kind = in.node("kind");
  if (!kind) return in.missing("kind");
  const SourceKind& known = source_kind(kind->kind == Node::Kind::scalar ? kind->text : "");
  if (known.name.empty()) {
    in.reading().expected(*kind, "kind", "one of " + join(source_kind_names(), ", "));
    if (kind->kind == Node::Kind::scalar && kind->reference.empty())
      in.reading().problems.back().message += did_you_mean(kind->text, source_kind_names());
    return in.allow_rest();  // whose keys they are nobody knows
  }
  source.kind = kind->text;
  for (const SourceOption& option : known.options) take_option(in, option, source);
  take_state(in, source);
}

void form(Out& out, Source& source) {
  out.named("name", source.name);
  out.optional("id", source.id);
  out.required("kind", source.kind);
  for (const SourceOption& option : source_kind(source.kind).options)
    give_option(out, option, source);
  for (const SourceOption& option : state_options()) give_option(out, option, source);
}

// --- Models ---

namespace {

template <class F>
void field_form(F& f, Field& field) {
  f.named("name", field.name);
  f.optional("column", field.column);
  f.optional("label", field.label);
  f.optional("type", field.type);
  f.optional("format", field.format);
  if constexpr (F::kReads)
    f.check(!f.has("format") || field.type == FieldType::date || field.type == FieldType::timestamp,
            "format",
            "`format` says how dates are written: it goes with `type: date` or "
            "`type: timestamp`");
}

template <class F>
void case_form(F& f, ComputedField::Cases::Case& one) {
  f.optional("when", one.when);
  f.required("then", one.then);
}

template <class F>
void relation_form(F& f, Relation& relation) {
  if constexpr (F::kReads) relation.place = f.place();
  f.named("name", relation.name);
  f.required("kind", relation.kind);
  if (!f.refers("model", Kind::model, relation.model)) f.missing("model");
  f.required("key", relation.key);
  f.required("foreign_key", relation.foreign_key);
  const bool through = f.refers("through", Kind::model, relation.through);
  const bool key = f.optional("through_key", relation.through_key);
  const bool foreign = f.optional("through_foreign_key", relation.through_foreign_key);
  if constexpr (F::kReads) {
    if (!f.good("kind")) return;
    if (relation.kind == RelationKind::many_to_many) {
      f.check(through && key && foreign, "kind",
              "a many_to_many relation needs `through`, `through_key` and `through_foreign_key`: "
              "the model in between "
              "and its two fields");
    } else {
      for (const char* extra : {"through", "through_key", "through_foreign_key"})
        f.check(!f.has(extra), extra, fmt::format("`{}` goes with `kind: many_to_many`", extra));
    }
  }
}

// Which of its keys makes a computed field what it is.
constexpr std::array<std::string_view, 4> kHows = {"aggregate", "formula", "cases", "related"};

template <class F>
void aggregated_form(F& f, ComputedField::Aggregated& how) {
  f.required("aggregate", how.aggregate);
  f.required("relation", how.relation);
  f.optional("field", how.field);
  f.optional("where", how.where);
  if (f.good("aggregate")) {
    if (how.aggregate == Aggregate::count)
      f.check(how.field.empty(), "field",
              "`count` counts rows and takes no `field`; for its values there is count_distinct");
    else if (!f.has("field"))
      f.missing("field");
  }
}

template <class F>
void cases_form(F& f, ComputedField::Cases& how) {
  f.required("cases", how.cases);
  f.check(!how.cases.empty(), "cases", "`cases` needs at least one case");
  if constexpr (F::kReads)
    for (size_t i = 0; i + 1 < how.cases.size(); ++i)
      f.check(how.cases[i].when != nullptr, "cases",
              "only the last case may have no `when`: what follows it is never reached");
}

template <class F>
void model_form(F& f, Model& model) {
  f.named("name", model.name);
  f.optional("id", model.id);
  f.kept("type", model.type);
  if (!f.refers("source", Kind::source, model.source)) f.missing("source");
  f.optional("table", model.table);
  f.optional("sql", model.sql);
  f.optional("primary_key", model.primary_key);
  f.optional("tz", model.tz, std::string("UTC"));
  f.optional("fields", model.fields);
  f.optional("computed", model.computed);
  f.optional("relations", model.relations);
  f.optional("types", model.types);
}

constexpr std::string_view kWithOffset = "timestamp with offset";

std::vector<std::string> type_words() {
  std::vector<std::string> out = words<FieldType>();
  out.emplace_back(kWithOffset);
  return out;
}

}  // namespace

bool take(const Node& node, Reading& reading, std::string_view key, TableTypes& types) {
  const auto is_map = [&](const Node& one) {
    if (one.kind == Node::Kind::map) return true;
    reading.expected(one, key, "a map like {people: {id: integer}}: of tables, each of columns");
    return false;
  };
  if (!is_map(node)) return false;
  types.clear();
  const size_t before = reading.problems.size();
  for (size_t t = 0; t < node.keys.size(); ++t) {
    const Node& table = node.items[t];
    if (!is_map(table)) continue;
    ColumnTypes& columns = types[node.keys[t].text];
    for (size_t c = 0; c < table.keys.size(); ++c) {
      const Node& said = table.items[c];
      const bool scalar = said.kind == Node::Kind::scalar;
      ColumnType& type = columns[table.keys[c].text];
      type.zoned = scalar && said.text == kWithOffset;
      if (const auto read = scalar ? from_word<FieldType>(said.text) : std::nullopt) {
        type.type = *read;
      } else if (type.zoned) {
        type.type = FieldType::timestamp;
      } else {
        reading.expected(said, table.keys[c].text, "one of " + join(type_words(), ", "));
        if (scalar) reading.problems.back().message += did_you_mean(said.text, type_words());
      }
    }
  }
  return reading.problems.size() == before;
}

Node give(const TableTypes& types) {
  Node out = Node::map();
  for (const auto& [table, columns] : types) {
    Node node = Node::map();
    for (const auto& [column, type] : columns)
      node.add(column,
               Node::string(type.zoned ? std::string(kWithOffset) : std::string(word(type.type))));
    out.add(table, std::move(node));
  }
  return out;
}

void form(In& in, Field& field) { field_form(in, field); }
void form(Out& out, Field& field) { field_form(out, field); }
void form(In& in, Relation& relation) { relation_form(in, relation); }
void form(Out& out, Relation& relation) { relation_form(out, relation); }
void form(In& in, ComputedField::Cases::Case& one) { case_form(in, one); }
void form(Out& out, ComputedField::Cases::Case& one) { case_form(out, one); }

void form(In& in, ComputedField& field) {
  field.place = in.place();
  in.named("name", field.name);
  in.optional("label", field.label);
  std::vector<std::string> present;
  // `related` and `relation` differ in a letter or two; what is said about either is said here.
  for (const std::string_view how : kHows)
    if (in.has(how)) present.emplace_back(how);
  if (present.size() != 1) {
    in.check(false, present.empty() ? "name" : present[1],
             "a computed field is one of aggregate, formula, cases, related; found " +
                 (present.empty() ? std::string("none") : join(present, " and ")));
    return in.allow_rest();
  }
  if (present[0] == "aggregate") {
    ComputedField::Aggregated how;
    aggregated_form(in, how);
    field.how = std::move(how);
  } else if (present[0] == "formula") {
    ComputedField::Formula how;
    in.required("formula", how.text);
    in.filled("formula");
    field.how = std::move(how);
  } else if (present[0] == "cases") {
    ComputedField::Cases how;
    cases_form(in, how);
    field.how = std::move(how);
  } else {
    ComputedField::Related how;
    in.required("related", how.relation);
    in.required("field", how.field);
    field.how = std::move(how);
  }
}

void form(Out& out, ComputedField& field) {
  out.named("name", field.name);
  out.optional("label", field.label);
  if (auto* aggregated = std::get_if<ComputedField::Aggregated>(&field.how))
    aggregated_form(out, *aggregated);
  if (auto* formula = std::get_if<ComputedField::Formula>(&field.how))
    out.required("formula", formula->text);
  if (auto* cases = std::get_if<ComputedField::Cases>(&field.how)) cases_form(out, *cases);
  if (auto* related = std::get_if<ComputedField::Related>(&field.how)) {
    out.required("related", related->relation);
    out.required("field", related->field);
  }
}

void form(In& in, Model& model) {
  model.place = in.place();
  model_form(in, model);
  const bool table = in.has("table"), sql = in.has("sql");
  in.check(table || sql, "", "a model needs `table` or `sql`");
  in.check(!(table && sql), "sql", "a model has `table` or `sql`, not both");
  for (const char* key : {"table", "sql", "primary_key"}) in.filled(key);
  if (model.type == ModelType::users && !in.has("primary_key")) in.missing("primary_key");
  if (const auto problem = zone_problem(model.tz)) in.check(false, "tz", *problem);
  in.distinct("fields", "name", "the field");
  in.distinct("computed", "name", "the computed field");
  in.distinct("relations", "name", "the relation");

  std::set<std::string_view> columns;
  for (const Field& field : model.fields) columns.insert(field.name);
  std::vector<std::string> relations;
  for (const Relation& relation : model.relations) relations.push_back(relation.name);
  const Node* computed = in.node("computed");
  for (size_t i = 0; i < model.computed.size(); ++i) {
    const ComputedField& field = model.computed[i];
    const Node& node = computed->items[i];
    const auto place = [&](std::string_view key) {
      const Node* value = node.find(key);
      return value ? value->place : node.place;
    };
    if (!field.name.empty() && columns.contains(field.name))
      in.reading().problem(
          place("name"),
          fmt::format("`{}` is a field already: a computed field needs a name of its own",
                      field.name));
    const auto* aggregated = std::get_if<ComputedField::Aggregated>(&field.how);
    const auto* related = std::get_if<ComputedField::Related>(&field.how);
    const std::string relation = aggregated ? aggregated->relation
                                 : related  ? related->relation
                                            : "";
    if (!relation.empty() &&
        std::find(relations.begin(), relations.end(), relation) == relations.end())
      in.reading().problem(place(aggregated ? "relation" : "related"),
                           fmt::format("the model `{}` has no relation {}{}", model.name,
                                       excerpt(relation), did_you_mean(relation, relations)));
  }
}
void form(Out& out, Model& model) { model_form(out, model); }

// --- Segments ---

namespace {
template <class F>
void segment_form(F& f, Segment& segment) {
  f.named("name", segment.name);
  f.optional("id", segment.id);
  if (!f.refers("model", Kind::model, segment.model)) f.missing("model");
  f.optional("description", segment.description);
  f.optional("tags", segment.tags);
  f.optional("where", segment.where);
}
}  // namespace

void form(In& in, Segment& segment) {
  segment.place = in.place();
  segment_form(in, segment);
}
void form(Out& out, Segment& segment) { segment_form(out, segment); }

// --- Destinations and activations ---

bool take(const Node& node, Reading& reading, std::string_view key, Schedule& schedule) {
  static const std::vector<std::string> kKinds = {"every", "recurrences", "cron"};
  constexpr std::string_view kExpected =
      "`manual` or a map: {every: 15m}, {recurrences: [{days: [mon], at: \"09:00\", tz: "
      "Europe/Paris}]} or "
      "{cron: \"0 7 * * *\", tz: UTC}";
  if (node.kind == Node::Kind::scalar && node.text == "manual") {
    schedule = {};
    return true;
  }
  std::vector<std::string> present;
  for (const std::string& kind : kKinds)
    if (node.kind == Node::Kind::map && node.find(kind)) present.push_back(kind);
  if (present.size() != 1) {
    reading.expected(node, key, kExpected);
    if (present.empty() && node.kind == Node::Kind::map && !node.keys.empty())
      reading.problems.back().message +=
          " with " + excerpt(node.keys[0].text) + did_you_mean(node.keys[0].text, kKinds);
    if (present.size() > 1) reading.problems.back().message += " with " + join(present, " and ");
    return false;
  }
  const size_t before = reading.problems.size();
  schedule = {};
  In in(node, reading, "a schedule with `" + present[0] + "`");
  if (present[0] == "every") {
    schedule.kind = Schedule::Kind::every;
    in.optional("every", schedule.every);
    in.check(reading.problems.size() > before ||
                 (schedule.every >= kEveryMin && schedule.every <= kEveryMax),
             "every",
             fmt::format("`every` must be at least {} and at most {}", span_text(kEveryMin),
                         span_text(kEveryMax)));
  } else if (present[0] == "recurrences") {
    schedule.kind = Schedule::Kind::recurrences;
    in.optional("recurrences", schedule.recurrences);
    in.check(reading.problems.size() > before || !schedule.recurrences.empty(), "recurrences",
             "`recurrences` needs at least one entry");
  } else {
    schedule.kind = Schedule::Kind::cron;
    if (in.optional("cron", schedule.cron) && !schedule.cron.empty())
      if (const auto cron = calendar::parse_cron(schedule.cron); !cron.ok())
        in.check(false, "cron", cron.error().message);
    in.check(reading.problems.size() > before || !schedule.cron.empty(), "cron", "`cron` is empty");
    if (in.optional("tz", schedule.tz))
      if (const auto problem = zone_problem(schedule.tz)) in.check(false, "tz", *problem);
  }
  in.done();
  return reading.problems.size() == before;
}

Node give(const Schedule& schedule) {
  Node node = Node::map();
  switch (schedule.kind) {
    case Schedule::Kind::manual:
      return Node::string("manual");
    case Schedule::Kind::every:
      node.add("every", give(schedule.every));
      break;
    case Schedule::Kind::recurrences:
      node.add("recurrences", give(schedule.recurrences));
      break;
    case Schedule::Kind::cron:
      node.add("cron", give(schedule.cron));
      if (schedule.tz != "UTC") node.add("tz", give(schedule.tz));
      break;
  }
  return node;
}

bool take(const Node& node, Reading& reading, std::string_view key, AuditForm& audit) {
  if (node.kind == Node::Kind::scalar && node.text == "never") {
    audit.every.reset();
    return true;
  }
  if (node.kind != Node::Kind::map) {
    reading.expected(node, key, "`never` or a map like {every: 7d}");
    return false;
  }
  const size_t before = reading.problems.size();
  seconds every{};
  In in(node, reading, "an audit");
  in.required("every", every);
  in.check(reading.problems.size() > before || (every >= kAuditMin && every <= kEveryMax), "every",
           fmt::format("`every` must be at least {} and at most {}", span_text(kAuditMin),
                       span_text(kEveryMax)));
  in.done();
  audit.every = every;
  return reading.problems.size() == before;
}

Node give(const AuditForm& audit) {
  if (!audit.every) return Node::string("never");
  Node node = Node::map();
  node.add("every", give(*audit.every));
  return node;
}

namespace {

template <class F>
void match_key_form(F& f, MatchKey& key) {
  f.required("type", key.type);
  f.required("field", key.field);
}

std::string reserved_problem(std::string_view name) {
  const auto is_one_of = [&](const auto& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (is_one_of(kIdentifyingFields))
    return fmt::format(
        "`{}` says who a contact is and cannot be written as an attribute: the match key names "
        "people",
        name);
  if (is_one_of(kFieldsIterableKeeps))
    return fmt::format("`{}` is kept by Iterable and cannot be written as an attribute", name);
  return "";
}

template <class F>
void attribute_form(F& f, Attribute& attribute) {
  if constexpr (F::kReads) attribute.place = f.place("field");
  f.required("field", attribute.field);
  f.named("to", attribute.to);
  f.optional("type", attribute.type);
  f.optional("create", attribute.create);
  f.optional("merge", attribute.merge);
  if constexpr (F::kReads) {
    const std::string reserved = reserved_problem(attribute.to);
    f.check(reserved.empty(), "to", reserved);
    f.check(!attribute.merge || !attribute.type || attribute.type == AttributeType::object, "merge",
            "`merge` is for objects: write `type: object`, or leave it out");
    f.check(!attribute.create || attribute.type != AttributeType::geo_location ||
                attribute.to.ends_with("_geo_location"),
            "to",
            "the name of a new geo_location field must end in `_geo_location`: Iterable knows it "
            "by that");
  }
}

template <class F>
void recurrence_form(F& f, Recurrence& recurrence) {
  static const std::vector<std::string> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  f.required("days", recurrence.days);
  f.required("at", recurrence.at);
  f.optional("tz", recurrence.tz, std::string("UTC"));
  if constexpr (F::kReads) {
    if (const Node* days = f.node("days"); days && days->kind == Node::Kind::list) {
      f.check(!days->items.empty(), "days", "`days` needs at least one of " + join(kDays, ", "));
      std::set<std::string_view> seen;
      for (const Node& day : days->items) {
        if (day.kind != Node::Kind::scalar) continue;
        if (std::find(kDays.begin(), kDays.end(), day.text) == kDays.end())
          f.reading().problem(day.place, fmt::format("`days` are {}; found {}{}", join(kDays, ", "),
                                                     found(day), did_you_mean(day.text, kDays)));
        else if (!seen.insert(day.text).second)
          f.reading().problem(day.place, fmt::format("`{}` stands here twice", day.text));
      }
    }
    const Node* at = f.node("at");
    if (at && at->kind == Node::Kind::scalar && !is_time_of_day(recurrence.at))
      f.reading().expected(*at, "at", "a time of day from \"00:00\" to \"23:59\"");
    if (f.has("tz"))
      if (const auto problem = zone_problem(recurrence.tz)) f.check(false, "tz", *problem);
  }
}

template <class F>
void guard_form(F& f, GuardLimits& guard) {
  f.kept("max_removed_share", guard.max_removed_share);
  f.kept("max_removed", guard.max_removed);
  f.kept("max_added_share", guard.max_added_share);
  f.kept("max_cleared_share", guard.max_cleared_share);
  f.kept("allow_empty", guard.allow_empty);
  const auto share = [](double value) { return value >= 0 && value <= 1; };
  f.check(share(guard.max_removed_share), "max_removed_share",
          "`max_removed_share` is a share of the people on the list, from 0 to 1");
  f.check(share(guard.max_cleared_share), "max_cleared_share",
          "`max_cleared_share` is a share of the people on the list, from 0 to 1");
  f.check(guard.max_removed >= 0, "max_removed", "`max_removed` is a number of people, from 0 up");
  f.check(guard.max_added_share >= 0, "max_added_share",
          "`max_added_share` is a multiple of the people on the list, from 0 up");
}

template <class F>
void defaults_form(F& f, ActivationDefaults& defaults) {
  std::string model = defaults.model.value_or("");
  if (f.refers("model", Kind::model, model) && !model.empty()) defaults.model = model;
  f.optional("match_key", defaults.match_key);
  f.optional("attributes", defaults.attributes);
  f.optional("on_null", defaults.on_null);
  f.optional("guard", defaults.guard);
  f.optional("schedule", defaults.schedule);
  f.distinct("attributes", "to", "Iterable's field");
}

// A match key that reaches nobody in a project of this type.
std::string match_key_problem(KeyType key, ProjectType project) {
  if (key == KeyType::email && project == ProjectType::user_id)
    return "in a project of type user_id an e-mail address identifies nobody: match by `type: "
           "user_id`";
  return "";
}

template <class F>
void destination_form(F& f, Destination& destination) {
  f.named("name", destination.name);
  f.optional("id", destination.id);
  f.kept("platform", destination.platform);
  f.kept("service", destination.service);
  f.kept("region", destination.region);
  f.optional("base_url", destination.base_url);
  f.kept("project_type", destination.project_type);
}

}  // namespace

void form(In& in, MatchKey& key) { match_key_form(in, key); }
void form(Out& out, MatchKey& key) { match_key_form(out, key); }
void form(In& in, Attribute& attribute) { attribute_form(in, attribute); }
void form(Out& out, Attribute& attribute) { attribute_form(out, attribute); }
void form(In& in, Recurrence& recurrence) { recurrence_form(in, recurrence); }
void form(Out& out, Recurrence& recurrence) { recurrence_form(out, recurrence); }
void form(In& in, GuardLimits& guard) { guard_form(in, guard); }
void form(Out& out, GuardLimits& guard) { guard_form(out, guard); }
void form(In& in, ActivationDefaults& defaults) { defaults_form(in, defaults); }
void form(Out& out, ActivationDefaults& defaults) { defaults_form(out, defaults); }

void form(In& in, ProofRules& proof) {
  in.optional("by", proof.by);
  in.optional("max_age", proof.max_age);
  in.check(proof.max_age >= kProofAgeMin && proof.max_age <= kProofAgeMax, "max_age",
           "`max_age` must be at least " + span_text(kProofAgeMin) + " and at most " +
               span_text(kProofAgeMax));
}
void form(Out& out, ProofRules& proof) {
  out.optional("by", proof.by, ProofRules{}.by);
  out.optional("max_age", proof.max_age, ProofRules{}.max_age);
}

void form(In& in, ListForm& list) {
  int64_t adopt = 0;
  in.required("adopt", adopt);
  in.check(!in.has("adopt") || adopt > 0, "adopt",
           "`adopt` is the id of a list in Iterable, a whole number above 0");
  list.adopt = adopt;
}
void form(Out& out, ListForm& list) { out.optional("adopt", list.adopt); }

void form(In& in, Destination& destination) {
  destination.place = in.place();
  destination_form(in, destination);
  in.one_of("platform", destination.platform, {"iterable"});
  in.one_of("service", destination.service, {"contact_lists"});
  in.one_of("region", destination.region, {"us", "eu"});
  in.check(!(destination.region == "eu" && destination.project_type == ProjectType::email),
           "region",
           "Iterable's EU data centre has no projects of type email: use `region: us`, or correct "
           "`project_type`");
  if (destination.base_url) {
    std::string& url = *destination.base_url;
    std::string problem = url_problem(url, {"http", "https"});
    if (problem.empty() && url.find_first_of("?#@") != std::string::npos)
      problem = "must be a plain address without user, query or fragment";
    in.check(problem.empty(), "base_url", "`base_url` " + problem);
    while (url.ends_with('/')) url.pop_back();
  }
  const auto known = [&]() -> std::optional<std::pair<Secret, std::string>> {
    if (!in.reading().stored) return std::nullopt;
    for (const Destination& one : in.reading().stored->destinations) {
      const bool same =
          destination.id && one.id ? *destination.id == *one.id : destination.name == one.name;
      if (same && !one.api_key.empty()) return std::pair(one.api_key, one.api_key_reference);
    }
    return std::nullopt;
  };
  const bool key = in.secret("api_key", destination.api_key, destination.api_key_reference, known);
  if (!key && !in.reading().from_store) in.missing("api_key");
  in.optional("proof", destination.proof);
  in.optional("settle", destination.settle);
  in.check(destination.settle <= kSettleMax, "settle",
           "`settle` must be at most " + span_text(kSettleMax));
  in.optional("exclusions", destination.exclusions);
  in.optional("defaults", destination.defaults);
  if (destination.defaults && destination.defaults->match_key)
    in.check(
        match_key_problem(destination.defaults->match_key->type, destination.project_type).empty(),
        "defaults",
        match_key_problem(destination.defaults->match_key->type, destination.project_type));
}

void form(Out& out, Destination& destination) {
  destination_form(out, destination);
  out.secret("api_key", destination.api_key, destination.api_key_reference, nullptr);
  out.optional("proof", destination.proof, ProofRules{});
  out.optional("settle", destination.settle, std::chrono::milliseconds(60'000));
  out.optional("exclusions", destination.exclusions);
  out.optional("defaults", destination.defaults);
}

namespace {

// What the defaults say of the segment's fields holds for segments of their model only.
bool fields_apply(const ActivationDefaults& defaults, const std::string& model) {
  return !defaults.model || *defaults.model == model;
}

template <class F>
void activation_form(F& f, Activation& a, const ActivationDefaults* defaults,
                     const std::string& model) {
  if (!f.refers("segment", Kind::segment, a.segment)) f.missing("segment");
  if (!f.refers("destination", Kind::destination, a.destination)) f.missing("destination");
  if (!F::kReads || f.has("name"))
    f.named("name", a.name);
  else if constexpr (F::kReads) {
    (void)f.node("name");
    a.name = a.segment;  // the list bears the segment's name
  }
  f.optional("id", a.id);
  f.optional("description", a.description);

  // A key that the defaults have must be written even where it is empty or usual: left out, it
  // would be theirs again.
  const bool applies = defaults && fields_apply(*defaults, model);
  if (f.kept("match_key", a.match_key); !f.has("match_key") && !(applies && defaults->match_key)) {
    if (defaults && defaults->match_key)
      f.check(
          false, "",
          fmt::format(
              "an activation needs `match_key`: the defaults of `{}` are for the model `{}`, and "
              "the segment `{}` is of `{}`",
              a.destination, *defaults->model, a.segment, model));
    else
      f.missing("match_key");
  }
  if (applies && !defaults->attributes.empty())
    f.kept("attributes", a.attributes);
  else
    f.optional("attributes", a.attributes);
  f.distinct("attributes", "to", "Iterable's field");
  if (defaults && defaults->on_null)
    f.kept("on_null", a.on_null);
  else
    f.optional("on_null", a.on_null, OnNull::clear);

  ListForm list{a.adopt_list};
  f.optional("list", list, ListForm{});
  a.adopt_list = list.adopt;
  ForeignMembers foreign = a.remove_foreign ? ForeignMembers::remove : ForeignMembers::keep;
  f.optional("foreign_members", foreign, ForeignMembers::keep);
  a.remove_foreign = foreign == ForeignMembers::remove;

  if (defaults && defaults->guard)
    f.kept("guard", a.guard);
  else
    f.optional("guard", a.guard, GuardLimits{});
  AuditForm audit{a.audit_every};
  f.optional("audit", audit, AuditForm{Activation{}.audit_every});
  a.audit_every = audit.every;
  if (defaults && defaults->schedule)
    f.kept("schedule", a.schedule);
  else
    f.optional("schedule", a.schedule, Schedule{});
  f.optional("paused", a.paused);
}

}  // namespace

void form(In& in, Activation& activation) { form_with_defaults(in, activation, nullptr, ""); }
void form(Out& out, Activation& activation) { activation_form(out, activation, nullptr, ""); }

void form_with_defaults(In& in, Activation& activation, const ActivationDefaults* defaults,
                        const std::string& model) {
  activation.place = in.place();
  if (defaults) {
    if (fields_apply(*defaults, model)) {
      if (defaults->match_key) activation.match_key = *defaults->match_key;
      activation.attributes = defaults->attributes;
    }
    if (defaults->schedule) activation.schedule = *defaults->schedule;
    if (defaults->guard) activation.guard = *defaults->guard;
    if (defaults->on_null) activation.on_null = *defaults->on_null;
  }
  activation_form(in, activation, defaults, model);
}

void form_with_defaults(Out& out, Activation& activation, const ActivationDefaults* defaults,
                        const std::string& model) {
  activation_form(out, activation, defaults, model);
}

}  // namespace rollcall::catalog
