// Whatever does not depend on what is broken is checked all the same.
#include "operations/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "attributes/attributes.hpp"
#include "iterable/iterable.hpp"
#include "operations/data_check.hpp"
#include "operations/names.hpp"
#include "operations/words.hpp"
#include "prove/prove.hpp"
#include "segment/segment.hpp"
#include "source/source.hpp"
#include "state/state.hpp"

namespace rollcall::operations {
namespace {

// A destination's project as it answers now.
struct Project {
  std::vector<iterable::ListInfo> lists;
  std::map<std::string, std::string> fields;
};

class Checker {
 public:
  Checker(const World& world, const Stored& stored, const std::stop_token& stop)
      : world_(world), catalog_(stored.catalog), doubles_(stored.doubles), stop_(stop) {}

  // Of what is wanted. Fails only when told to stop.
  using Wanted = std::function<bool(std::string_view kind, const std::string& name,
                                    const std::string& destination)>;
  Result<std::vector<Finding>> check(const Wanted& wanted) {
    for (const store::ObjectRow& twice : doubles_)
      if (wanted(twice.kind, twice.name, twice.destination))
        about(twice.kind, twice.name, [&] { return check_double(twice); });
    for (const Source& source : catalog_.sources)
      if (wanted("source", source.name, ""))
        about("source", source.name, [&] { return check_source(source); });
    for (const Model& model : catalog_.models)
      if (wanted("model", model.name, ""))
        about("model", model.name, [&] { return check_model(model); });
    for (const Segment& segment : catalog_.segments)
      if (wanted("segment", segment.name, ""))
        about("segment", segment.name, [&] { return check_segment(segment); });
    for (const Destination& destination : catalog_.destinations)
      if (wanted("destination", destination.name, ""))
        about("destination", destination.name, [&] { return check_destination(destination); });
    for (const Activation& activation : catalog_.activations)
      if (wanted("activation", activation.name, activation.destination))
        about("activation", shown_name(catalog_, activation),
              [&] { return check_activation(activation); });
    if (stop_.stop_requested()) return Error{ErrorKind::cancelled, "the check was interrupted"};
    return std::move(findings_);
  }

 private:
  template <class Body>
  void about(const std::string& kind, const std::string& name, Body body) {
    if (stop_.stop_requested()) return;
    world_.observer.progress(fmt::format("checking {} {}", kind, name), 0, 0);
    subject_ = {.kind = kind, .name = name};
    const size_t before = findings_.size();
    if (const Status status = body(); !status.ok()) problem(status.error());
    if (findings_.size() == before) add(Finding::Level::ok, "", "");
  }

  void add(Finding::Level level, std::string message, std::string remedy) {
    Finding finding = subject_;
    finding.level = level;
    finding.message = std::move(message);
    finding.remedy = std::move(remedy);
    findings_.push_back(std::move(finding));
  }
  void fine(std::string message) { add(Finding::Level::ok, std::move(message), ""); }
  void warn(std::string message, std::string remedy) {
    add(Finding::Level::warning, std::move(message), std::move(remedy));
  }
  void problem(std::string message, std::string remedy) {
    add(Finding::Level::problem, std::move(message), std::move(remedy));
  }
  void problem(Error error) {
    std::string remedy = std::move(error.remedy);
    error.remedy.clear();
    problem(error.text(), std::move(remedy));
  }

  Status check_double(const store::ObjectRow& twice) {
    warn("is stored twice; one of the two is in use",
         std::string("`rollcall apply` of any file ") +
             (twice.kind == "activation" ? "archives" : "removes") + " the other.");
    return ok_status();
  }

  Status check_source(const Source& source) {
    TRY(catalog_.sound("source", source.name));
    TRY(source::open(source, source_options(world_, stop_)));
    fine("opens");
    if (std::string said = state_warning(source); !said.empty())
      warn(std::move(said), "The lists are as right as ever; leave `state` out to be rid of this.");
    return ok_status();
  }

  Status check_model(const Model& model) {
    TRY(catalog_.sound("model", model.name));
    Segment everyone;
    everyone.name = model.name;
    everyone.model = model.name;
    std::vector<std::string> computed;
    for (const ComputedField& field : model.computed) computed.push_back(field.name);
    segment::Reader reader =
        TRY(segment::Reader::open(catalog_, everyone, computed, source_options(world_, stop_)));
    const size_t fields = TRY(reader.fields()).size();
    for (const source::Look& table :
         TRY(segment::look(catalog_, model, source_options(world_, stop_)))) {
      if (!table.columns.empty()) fine("`" + table.table + "` holds " + types_text(table));
      for (std::string& doubt : doubts_of(table)) fine(std::move(doubt));
    }
    const segment::KeyCheck key = TRY(reader.check_key(world_.clock.now(), stop_));
    if (key.rows == 0) {
      warn("has no rows", "Is the table filled?");
      return ok_status();
    }
    if (key.good()) {
      fine(fmt::format("{}, {}; primary key `{}` is unique", counted(key.rows, "row", "rows"),
                       counted(static_cast<int64_t>(fields), "field", "fields"),
                       model.primary_key));
      return ok_status();
    }
    if (model.type != ModelType::users) {
      fine(key.text() + "; harmless, because its rows are not people");
    } else if (key.refused()) {
      problem(key.text(), segment::KeyCheck::remedy());
    } else {
      warn(key.text(), segment::KeyCheck::remedy());
    }
    return ok_status();
  }

  Status check_segment(const Segment& segment) {
    TRY(catalog_.sound("segment", segment.name));
    segment::Reader reader =
        TRY(segment::Reader::open(catalog_, segment, {}, source_options(world_, stop_)));
    TRY(reader.count(world_.clock.now(), stop_));
    return ok_status();
  }

  Result<const Project*> project(const Destination& destination) {
    if (const auto known = projects_.find(destination.name); known != projects_.end())
      return known->second.ok() ? Result<const Project*>(&*known->second)
                                : Result<const Project*>(Error(known->second.error()));
    const auto ask = [&]() -> Result<Project> {
      const run::Line line(world_, destination);
      Project out;
      out.lists = TRY(line.reader.lists(stop_));
      out.fields = TRY(line.reader.fields(stop_));
      return out;
    };
    projects_.emplace(destination.name, ask());
    return project(destination);
  }

  Status check_destination(const Destination& destination) {
    TRY(catalog_.sound("destination", destination.name));
    if (destination.api_key.empty())
      return Error{ErrorKind::invalid, "has no API key", "Set `api_key` and apply the file again."};
    auto answered = project(destination);
    if (!answered.ok()) {
      Error error = std::move(answered.error());
      if (error.kind == ErrorKind::denied && !destination.base_url)
        error.remedy += fmt::format(" This destination's region is {}; the other one is {}.",
                                    destination.region, destination.region == "us" ? "eu" : "us");
      return error;
    }
    fine(fmt::format("the key works: {}, {}",
                     counted(static_cast<int64_t>((*answered)->lists.size()), "list", "lists"),
                     counted(static_cast<int64_t>((*answered)->fields.size()), "field", "fields")));
    const prove::Trial trial = TRY(run::known_trial(world_.store, destination));
    const std::string_view type = to_string(destination.project_type);
    switch (trial.grade) {
      case prove::Trial::Grade::untried:
        fine(fmt::format("project type {}: not tried yet, the first run tries it on a few people",
                         type));
        break;
      case prove::Trial::Grade::passed:
        fine(fmt::format("project type {}: the trial of the first run confirmed it", type));
        break;
      case prove::Trial::Grade::failed:
        warn("this project did not keep the promise of updateExistingUsersOnly: " + trial.note,
             "Nothing to do: everybody is looked up before a write, which costs calls.");
        break;
    }
    return ok_status();
  }

  Status check_activation(const Activation& activation) {
    TRY(run::validate(catalog_, activation));
    const Segment segment = activated_segment(catalog_, activation);
    const Destination& destination = *catalog_.destination(activation.destination);
    const Model* model = catalog_.model(segment.model);
    std::vector<std::string> wanted = {model != nullptr ? model->primary_key : "",
                                       activation.match_key.field};
    for (const Attribute& attribute : activation.attributes) wanted.push_back(attribute.field);
    segment::Reader reader =
        TRY(segment::Reader::open(catalog_, segment, wanted, source_options(world_, stop_)));
    const std::vector<ColumnInfo> columns = TRY(reader.fields());
    check_match_key(activation, segment, columns);
    const auto targets = TRY(attributes::targets(activation.attributes, columns));
    const auto answered = project(destination);
    std::vector<int64_t> misfits(targets.size());
    TRY(read_all(reader, segment, wanted, [&](const RowBatch& batch) {
      constexpr size_t kKeys = 2;  // before the attributes
      for (size_t i = 0; i < targets.size() && answered.ok(); ++i) {
        const auto field = (*answered)->fields.find(targets[i].to);
        if (targets[i].type || field == (*answered)->fields.end()) continue;
        const Column& values = batch.columns[kKeys + i];
        for (size_t row = 0; row < batch.rows; ++row)
          if (values.valid[row] && !attributes::json_fits(values.texts[row], field->second))
            ++misfits[i];
      }
    }));
    if (!answered.ok()) {
      warn("not held against Iterable, which could not be asked",
           "See destination `" + destination.name + "`.");
      return ok_status();
    }
    const Project& iterable = **answered;
    for (size_t i = 0; i < targets.size(); ++i)
      if (misfits[i] > 0)
        problem(fmt::format("Iterable's field `{}` is of type {} for ever, and {} of `{}` "
                            "cannot be: Iterable rejects these people",
                            targets[i].to, iterable.fields.at(targets[i].to),
                            counted(misfits[i], "value", "values"), targets[i].field),
                "Map it to another field, or convert the value in the model's SQL.");
    std::vector<std::string> to_create;
    for (const attributes::Finding& finding : attributes::compare(targets, iterable.fields)) {
      switch (finding.kind) {
        case attributes::Finding::Kind::conflict:
          problem(finding.message, finding.remedy);
          break;
        case attributes::Finding::Kind::doubtful:
          warn(finding.message, finding.remedy);
          break;
        case attributes::Finding::Kind::missing:
          problem(finding.message, finding.remedy);
          break;
        case attributes::Finding::Kind::to_create:
          to_create.push_back(targets[finding.target].to);
          break;
      }
    }
    if (!to_create.empty())
      fine("new fields, created with the first value that is sent: " + join(to_create, ", "));
    return check_list(activation, iterable);
  }

  // Every row that a run would read: what is wrong in the data shows only there.
  Status read_all(segment::Reader& reader, const Segment& segment,
                  const std::vector<std::string>& fields,
                  const std::function<void(const RowBatch&)>& on_batch) {
    const SqlQuery query =
        TRY(reader.sql({.segment = segment, .fields = fields, .now = world_.clock.now()}));
    const auto rows = TRY(reader.rows(query, stop_));
    RowBatch batch;
    while (TRY(rows->next(batch))) on_batch(batch);
    return ok_status();
  }

  void check_match_key(const Activation& activation, const Segment& segment,
                       const std::vector<ColumnInfo>& columns) {
    const MatchKey& key = activation.match_key;
    const auto column = std::find_if(columns.begin(), columns.end(),
                                     [&](const ColumnInfo& one) { return one.name == key.field; });
    if (column == columns.end()) {
      std::vector<std::string> names;
      for (const ColumnInfo& one : columns) names.push_back(one.name);
      problem(fmt::format("the match key `{}` is no field of model `{}`{}", key.field,
                          segment.model, did_you_mean(key.field, names)),
              "Correct `match_key`.");
      return;
    }
    if (const Status fit = run::check_key_type(key, *column); !fit.ok())
      return problem(fit.error());
    const bool as_text = column->type == FieldType::text ||
                         (key.type == KeyType::user_id && column->type == FieldType::integer);
    if (!as_text)
      warn(fmt::format("the match key `{}` is of type {}, and is sent as text", key.field,
                       to_string(column->type)),
           "Is this the field that holds the " +
               std::string(key.type == KeyType::email ? "e-mail address?" : "user id?"));
  }

  Status check_list(const Activation& activation, const Project& iterable) {
    const state::Record record = TRY(world_.states.of(activation.uid)->read());
    const auto by_id = [&](int64_t id) {
      return std::find_if(iterable.lists.begin(), iterable.lists.end(),
                          [&](const auto& list) { return list.id == id; });
    };
    if (record.list) {
      const auto ours = by_id(record.list->id);
      const int64_t made = record.list->created_at_ms;
      if (ours != iterable.lists.end() && made != 0 && ours->created_at_ms != made) {
        problem(fmt::format("list {} of this project is not the one we know: it was made at "
                            "another time",
                            record.list->id),
                "The API key seems to open another project than before.");
      } else if (ours != iterable.lists.end()) {
        fine(fmt::format("list {} is there", record.list->id));
      } else {
        problem(fmt::format("list {} (`{}`) is not in this project any more", record.list->id,
                            record.list->name),
                "If it was deleted, `rollcall run --new-list` makes a new one. If the API key was "
                "changed, it is one of another project.");
      }
      return ok_status();
    }
    if (activation.adopt_list) {
      if (by_id(*activation.adopt_list) == iterable.lists.end())
        problem(fmt::format("there is no list {} to adopt", *activation.adopt_list),
                "Check the id in `list: {adopt: …}`.");
      return ok_status();
    }
    const auto same = std::find_if(iterable.lists.begin(), iterable.lists.end(),
                                   [&](const auto& list) { return list.name == activation.name; });
    if (same != iterable.lists.end() && !record.list_intent)
      problem(
          fmt::format("a list named `{}` is already in Iterable, with id {}", same->name, same->id),
          fmt::format("Take it over with `list: {{adopt: {}}}`, or choose another name.",
                      same->id));
    return ok_status();
  }

  const World& world_;
  const Catalog& catalog_;
  const std::vector<store::ObjectRow>& doubles_;
  const std::stop_token& stop_;
  Finding subject_{.kind = {}, .name = {}};
  std::vector<Finding> findings_;
  std::map<std::string, Result<Project>> projects_;
};

Status known(const Catalog& catalog, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& one : catalog.sources) names.push_back(one.name);
  for (const auto& one : catalog.models) names.push_back(one.name);
  for (const auto& one : catalog.segments) names.push_back(one.name);
  for (const auto& one : catalog.destinations) names.push_back(one.name);
  for (const auto& one : catalog.activations) {
    names.push_back(one.name);
    names.push_back(one.destination + "/" + one.name);
  }
  if (std::find(names.begin(), names.end(), name) != names.end()) return ok_status();
  return Error{ErrorKind::invalid,
               "nothing stored is named `" + name + "`" + did_you_mean(name, names)};
}

}  // namespace

Result<std::vector<Finding>> check(const World& world, const std::string& name,
                                   const std::stop_token& stop) {
  const Stored stored = TRY(operations::stored(world));
  if (!name.empty()) TRY(known(stored.catalog, name));
  return Checker(world, stored, stop)
      .check([&](std::string_view, const std::string& one, const std::string& destination) {
        return name.empty() || one == name ||
               (!destination.empty() && destination + "/" + one == name);
      });
}

Result<std::vector<Finding>> check(const World& world, const Stored& stored,
                                   const store::ObjectRow& object, const std::stop_token& stop) {
  return Checker(world, stored, stop)
      .check([&](std::string_view kind, const std::string& name, const std::string& destination) {
        return kind == object.kind && name == object.name && destination == object.destination;
      });
}

Result<std::vector<Finding>> check_made_of(const World& world, const Stored& stored,
                                           const Activation& activation,
                                           const std::stop_token& stop) {
  const Catalog part = made_of(stored.catalog, activation);
  return Checker(world, stored, stop)
      .check([&](std::string_view kind, const std::string& name, const std::string&) {
        if (kind == "source") return part.source(name) != nullptr;
        if (kind == "model") return part.model(name) != nullptr;
        if (kind == "segment") return part.segment(name) != nullptr;
        if (kind == "destination") return part.destination(name) != nullptr;
        return false;
      });
}

Result<std::map<std::string, std::string>> fields(const World& world,
                                                  const Destination& destination,
                                                  const std::stop_token& stop) {
  const run::Line line(world, destination);
  return in_context(line.reader.fields(stop), "destination " + destination.name);
}

std::string_view to_string(Finding::Level level) {
  switch (level) {
    case Finding::Level::ok:
      return "ok";
    case Finding::Level::warning:
      return "warning";
    case Finding::Level::problem:
      return "problem";
  }
  return "";
}

nlohmann::ordered_json to_json(const std::vector<Finding>& findings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  bool ok = true;
  for (const Finding& finding : findings) {
    ok = ok && finding.level != Finding::Level::problem;
    list.push_back({{"level", to_string(finding.level)},
                    {"kind", finding.kind},
                    {"name", finding.name},
                    {"message", finding.message},
                    {"remedy", finding.remedy}});
  }
  return {{"ok", ok}, {"findings", list}};
}

}  // namespace rollcall::operations
