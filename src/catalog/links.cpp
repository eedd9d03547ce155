#include "catalog/links.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace rollcall::catalog {
namespace {

template <class T>
std::vector<std::string> names_of(const std::vector<T>& objects) {
  std::vector<std::string> names;
  for (const T& one : objects) names.push_back(one.name);
  return names;
}

std::vector<std::string> names_of(const Catalog& all, Kind kind) {
  switch (kind) {
    case Kind::source:
      return names_of(all.sources);
    case Kind::model:
      return names_of(all.models);
    case Kind::segment:
      return names_of(all.segments);
    case Kind::destination:
      return names_of(all.destinations);
    case Kind::activation:
      return names_of(all.activations);
  }
  return {};
}

// The nearest right spelling, unless looking for it would take long: among many names, or when
// there are more problems than anybody is told.
std::string hint(const std::string& name, const std::vector<std::string>& known, size_t problems) {
  constexpr size_t kNamesMax = 500;
  return known.size() > kNamesMax || problems > 2 * kProblemsMax ? "" : did_you_mean(name, known);
}

std::string leads_nowhere(Kind kind, const std::string& name, const std::vector<std::string>& known,
                          size_t problems) {
  if (known.empty())
    return fmt::format("there is no {} {}: none is defined", to_string(kind), excerpt(name));
  return fmt::format("there is no {} {}{}", to_string(kind), excerpt(name),
                     hint(name, known, problems));
}

std::string code_of(Kind kind) { return std::string(word(kind)) + "_unknown"; }

// Calls `visit(rule, model)` for the rule and all within it; `model` is the one whose fields it
// speaks of, null where a relation leads nowhere.
using RuleVisit = std::function<void(const Rule&, const Model*)>;

const Relation* relation_of(const Model* model, const std::string& name) {
  if (!model) return nullptr;
  for (const Relation& relation : model->relations)
    if (relation.name == name) return &relation;
  return nullptr;
}

const Model* related_model(const Catalog& all, const Model* model, const std::string& relation) {
  const Relation* found = relation_of(model, relation);
  return found ? all.model(found->model) : nullptr;
}

void walk(const Catalog& all, const Rule& rule, const Model* model, const RuleVisit& visit) {
  visit(rule, model);
  const auto each = [&](const std::vector<Rule>& rules) {
    for (const Rule& one : rules) walk(all, one, model, visit);
  };
  if (const auto* test = std::get_if<AllOf>(&rule.test)) each(test->rules);
  if (const auto* test = std::get_if<AnyOf>(&rule.test)) each(test->rules);
  if (const auto* test = std::get_if<NoneOf>(&rule.test)) each(test->rules);
  if (const auto* test = std::get_if<RelatedTest>(&rule.test); test && test->where)
    walk(all, *test->where, related_model(all, model, test->relation), visit);
}

// The rules of one computed field, each with the model it speaks of.
void walk(const Catalog& all, const ComputedField& field, const Model& model,
          const RuleVisit& visit) {
  if (const auto* aggregated = std::get_if<ComputedField::Aggregated>(&field.how);
      aggregated && aggregated->where)
    walk(all, *aggregated->where, related_model(all, &model, aggregated->relation), visit);
  if (const auto* cases = std::get_if<ComputedField::Cases>(&field.how))
    for (const auto& one : cases->cases)
      if (one.when) walk(all, *one.when, &model, visit);
}

// For messages about an object that is not in the file; empty when it is.
template <class T>
std::string owner_text(const T& object, Kind kind) {
  if (object.place.line > 0) return "";
  return fmt::format("the stored {} `{}`", to_string(kind), object.name);
}

std::string said_by(const std::string& owner) {
  return owner.empty() ? "" : ", which " + owner + " needs";
}

}  // namespace

std::vector<NameUse> names_used(const Catalog& all) {
  std::vector<NameUse> uses;
  const auto add = [&](const auto& object, Kind owner, Kind kind, const std::string& name) {
    uses.push_back({object.place, kind, name, owner_text(object, owner)});
  };
  for (const Model& model : all.models) {
    add(model, Kind::model, Kind::source, model.source);
    for (const Relation& relation : model.relations) {
      add(model, Kind::model, Kind::model, relation.model);
      add(model, Kind::model, Kind::model, relation.through);
    }
  }
  for (const Segment& segment : all.segments)
    add(segment, Kind::segment, Kind::model, segment.model);
  for (const Destination& destination : all.destinations) {
    if (destination.defaults && destination.defaults->model)
      add(destination, Kind::destination, Kind::model, *destination.defaults->model);
    for (const std::string& segment : destination.exclusions)
      add(destination, Kind::destination, Kind::segment, segment);
  }
  for (const Activation& activation : all.activations) {
    add(activation, Kind::activation, Kind::segment, activation.segment);
    add(activation, Kind::activation, Kind::destination, activation.destination);
  }
  return uses;
}

void check_names(const std::vector<NameUse>& uses, const Catalog& all,
                 std::vector<Problem>& problems) {
  std::map<Kind, std::vector<std::string>> names;
  std::map<Kind, std::set<std::string, std::less<>>> sets;
  for (const Kind kind : {Kind::source, Kind::model, Kind::segment, Kind::destination}) {
    names[kind] = names_of(all, kind);
    sets[kind] = {names[kind].begin(), names[kind].end()};
  }
  for (const NameUse& use : uses)
    if (problems.size() < kProblemsKept && !use.name.empty() && !sets[use.kind].contains(use.name))
      problems.push_back(
          {use.place,
           leads_nowhere(use.kind, use.name, names[use.kind], problems.size()) + said_by(use.owner),
           code_of(use.kind)});
}

void check_rules(const Catalog& all, const std::function<bool(Place)>& wanted,
                 std::vector<Problem>& problems) {
  std::string owner;
  const RuleVisit check = [&](const Rule& rule, const Model* model) {
    if (problems.size() >= kProblemsKept) return;
    const Place place = owner.empty() ? rule.place : Place{};
    if (const auto* test = std::get_if<RelatedTest>(&rule.test);
        test && model && !test->relation.empty() && !relation_of(model, test->relation) &&
        !all.unsound_one("model", model->name)) {
      const auto names = names_of(model->relations);
      problems.push_back(
          {place,
           fmt::format("the model `{}` has no relation {}{}{}", model->name,
                       excerpt(test->relation),
                       names.empty() ? ": it has none" : did_you_mean(test->relation, names),
                       said_by(owner)),
           "relation_unknown"});
    }
    if (const auto* test = std::get_if<SegmentTest>(&rule.test); test && !test->segment.empty()) {
      const Segment* segment = all.segment(test->segment);
      if (!segment)
        problems.push_back(
            {place,
             leads_nowhere(Kind::segment, test->segment, names_of(all.segments), problems.size()) +
                 said_by(owner),
             code_of(Kind::segment)});
      else if (model && !segment->model.empty() && segment->model != model->name)
        problems.push_back(
            {place,
             fmt::format("the segment `{}` is of the model `{}`, and this rule of `{}`{}: only "
                         "segments of one model can be compared",
                         segment->name, segment->model, model->name, said_by(owner)),
             "segment_of_another_model"});
    }
  };
  for (const Model& model : all.models) {
    if (!wanted(model.place)) continue;
    owner = owner_text(model, Kind::model);
    for (const ComputedField& field : model.computed) walk(all, field, model, check);
  }
  for (const Segment& segment : all.segments) {
    if (!wanted(segment.place)) continue;
    owner = owner_text(segment, Kind::segment);
    walk(all, segment.where, all.model(segment.model), check);
  }
  for (const Activation& activation : all.activations) {
    const Segment* segment = all.segment(activation.segment);
    const Model* model = segment ? all.model(segment->model) : nullptr;
    if (wanted(activation.place) && model && model->type != ModelType::users)
      problems.push_back(
          {activation.place,
           fmt::format("the segment `{}` is of the model `{}`, which is of type {}{}: only "
                       "people can be put on a list, so its model must be of type users",
                       segment->name, model->name, word(model->type),
                       said_by(owner_text(activation, Kind::activation))),
           "segment_not_of_people"});
    const Destination* destination = all.destination(activation.destination);
    if (!model || !destination || !(wanted(activation.place) || wanted(destination->place)))
      continue;
    for (const std::string& name : destination->exclusions)
      if (const Segment* excluded = all.segment(name);
          excluded && !excluded->model.empty() && excluded->model != model->name)
        problems.push_back(
            {wanted(destination->place) ? destination->place : activation.place,
             fmt::format("the exclusion `{}` of `{}` is of the model `{}`, and the activation `{}` "
                         "of `{}`: whom it excludes there cannot be told",
                         name, destination->name, excluded->model, activation.name, model->name),
             "segment_of_another_model"});
  }
}

namespace {

// What is defined by way of what: segments by segments and by computed fields, these by both.
class Cycles {
 public:
  Cycles(const Catalog& all, std::vector<Problem>& problems) : all_(all), problems_(problems) {}

  void check() {
    for (const Segment& segment : all_.segments) visit(segment);
    for (const Model& model : all_.models)
      for (const ComputedField& field : model.computed) visit(model, field);
  }

 private:
  struct Step {
    const void* what;
    std::string name;
    Place place;
  };

  void visit(const Segment& segment) {
    enter({&segment, "segment `" + segment.name + "`", segment.place}, [&] {
      walk(all_, segment.where, all_.model(segment.model),
           [&](const Rule& rule, const Model* model) { follow(rule, model); });
    });
  }

  void visit(const Model& model, const ComputedField& field) {
    enter({&field, "computed field `" + field.name + "` of `" + model.name + "`", field.place},
          [&] {
            walk(all_, field, model, [&](const Rule& rule, const Model* of) { follow(rule, of); });
            if (const auto* aggregated = std::get_if<ComputedField::Aggregated>(&field.how))
              follow(related_model(all_, &model, aggregated->relation), aggregated->field);
            if (const auto* related = std::get_if<ComputedField::Related>(&field.how))
              follow(related_model(all_, &model, related->relation), related->field);
          });
  }

  void follow(const Rule& rule, const Model* model) {
    if (const auto* test = std::get_if<SegmentTest>(&rule.test))
      if (const Segment* segment = all_.segment(test->segment)) visit(*segment);
    if (const auto* test = std::get_if<FieldTest>(&rule.test)) follow(model, test->field);
  }

  void follow(const Model* model, const std::string& field) {
    if (!model || field.empty()) return;
    for (const ComputedField& computed : model->computed)
      if (computed.name == field) return visit(*model, computed);
  }

  template <class Body>
  void enter(Step step, Body body) {
    if (done_.contains(step.what)) return;
    const auto open = std::find_if(path_.begin(), path_.end(),
                                   [&](const Step& one) { return one.what == step.what; });
    if (open != path_.end()) return report(open);
    // A chain of definitions as long as this cannot be followed safely, nor compiled.
    if (path_.size() >= kChainMax) return too_long(step);
    path_.push_back(std::move(step));
    body();
    done_.insert(path_.back().what);
    path_.pop_back();
  }

  void report(std::vector<Step>::const_iterator from) {
    Place place = from->place;
    std::vector<std::string> names;
    for (auto step = from; step != path_.end(); ++step) {
      names.push_back(step->name);
      if (place.line == 0) place = step->place;
    }
    names.push_back(from->name);
    problems_.push_back(
        {place, "defined by way of itself: " + join(names, " → "), "made_of_itself"});
  }

  void too_long(const Step& step) {
    if (reported_long_) return;
    reported_long_ = true;
    problems_.push_back(
        {step.place,
         fmt::format("a chain of more than {} definitions ends at {}", kChainMax, step.name),
         "made_of_too_many"});
  }

  static constexpr size_t kChainMax = 64;
  const Catalog& all_;
  std::vector<Problem>& problems_;
  std::vector<Step> path_;
  std::set<const void*> done_;
  bool reported_long_ = false;
};

void rename_in(Rule& rule, const std::string& from, const std::string& to);

void rename_in(std::vector<Rule>& rules, const std::string& from, const std::string& to) {
  for (Rule& rule : rules) rename_in(rule, from, to);
}

void rename_in(std::shared_ptr<const Rule>& rule, const std::string& from, const std::string& to) {
  if (!rule) return;
  auto copy = std::make_shared<Rule>(*rule);
  rename_in(*copy, from, to);
  rule = std::move(copy);
}

void rename_in(Rule& rule, const std::string& from, const std::string& to) {
  if (auto* test = std::get_if<AllOf>(&rule.test)) rename_in(test->rules, from, to);
  if (auto* test = std::get_if<AnyOf>(&rule.test)) rename_in(test->rules, from, to);
  if (auto* test = std::get_if<NoneOf>(&rule.test)) rename_in(test->rules, from, to);
  if (auto* test = std::get_if<RelatedTest>(&rule.test)) rename_in(test->where, from, to);
  if (auto* test = std::get_if<SegmentTest>(&rule.test); test && test->segment == from)
    test->segment = to;
}

}  // namespace

void check_cycles(const Catalog& all, std::vector<Problem>& problems) {
  Cycles(all, problems).check();
}

void rename_uses(Catalog& catalog, Kind kind, const std::string& from, const std::string& to) {
  const auto change = [&](std::string& name) {
    if (name == from) name = to;
  };
  switch (kind) {
    case Kind::source:
      for (Model& model : catalog.models) change(model.source);
      return;
    case Kind::model:
      for (Model& model : catalog.models)
        for (Relation& relation : model.relations) change(relation.model), change(relation.through);
      for (Segment& segment : catalog.segments) change(segment.model);
      for (Destination& destination : catalog.destinations)
        if (destination.defaults && destination.defaults->model)
          change(*destination.defaults->model);
      return;
    case Kind::segment:
      for (Model& model : catalog.models)
        for (ComputedField& field : model.computed) {
          if (auto* aggregated = std::get_if<ComputedField::Aggregated>(&field.how))
            rename_in(aggregated->where, from, to);
          if (auto* cases = std::get_if<ComputedField::Cases>(&field.how))
            for (auto& one : cases->cases) rename_in(one.when, from, to);
        }
      for (Segment& segment : catalog.segments) rename_in(segment.where, from, to);
      for (Activation& activation : catalog.activations) change(activation.segment);
      for (Destination& destination : catalog.destinations)
        for (std::string& name : destination.exclusions) change(name);
      return;
    case Kind::destination:
      for (Activation& activation : catalog.activations) change(activation.destination);
      return;
    case Kind::activation:
      return;
  }
}

}  // namespace rollcall::catalog
