// Which models a segment needs described, before any is: by names alone.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "compile/compile.hpp"
#include "compile/formula.hpp"
#include "compile/graph.hpp"

namespace rollcall::compile {

namespace {

constexpr int kDeepest = 64;

class Reach {
 public:
  explicit Reach(const Catalog& catalog) : catalog_(catalog) {}

  Status segment(const Segment& segment, const std::vector<std::string>& fields) {
    const Model* model = TRY(this->model(segment.model, place_of(segment, "/model")));
    for (const std::string& name : fields) TRY(field(*model, name, 0));
    on_the_way_.push_back(segment.name);
    return rule(*model, segment.where, place_of(segment, "/where"), 0);
  }

  Reached out;

 private:
  Result<const Model*> model(const std::string& name, const At& at) {
    const Model* found = catalog_.model(name);
    if (!found) {
      std::vector<std::string> names;
      for (const Model& one : catalog_.models) names.push_back(one.name);
      return wrong(at, "model_unknown",
                   "there is no model `" + name + "`" + did_you_mean(name, names));
    }
    if (std::find(out.models.begin(), out.models.end(), name) == out.models.end())
      out.models.push_back(name);
    return found;
  }

  // Names that are not there are left to compile, which knows the columns and can say what was
  // meant.
  Result<const Model*> relation(const Model& of, const std::string& name, int depth) {
    for (size_t i = 0; i < of.relations.size(); ++i) {
      const Relation& one = of.relations[i];
      if (one.name != name) continue;
      const At here = place_of(of, "/relations").below(one.place, fmt::format("/{}", i));
      const Model* other = TRY(model(one.model, here));
      TRY(field(of, one.key, depth));
      TRY(field(*other, one.foreign_key, depth));
      if (one.through.empty()) return other;
      const Model* through = TRY(model(one.through, here));
      TRY(field(*through, one.through_key, depth));
      TRY(field(*through, one.through_foreign_key, depth));
      return other;
    }
    return static_cast<const Model*>(nullptr);
  }

  Status field(const Model& of, const std::string& name, int depth) {
    if (depth > kDeepest)
      return wrong(
          {}, "made_of_too_many",
          fmt::format("more than {} fields or segments are made of one another", kDeepest));
    for (size_t i = 0; i < of.computed.size(); ++i) {
      const ComputedField& one = of.computed[i];
      if (one.name != name || !seen_.insert({&of, name}).second) continue;
      const At here = place_of(of, "/computed").below(one.place, fmt::format("/{}", i));
      if (const auto* how = std::get_if<ComputedField::Aggregated>(&one.how)) {
        const Model* other = TRY(relation(of, how->relation, depth + 1));
        if (!other) return ok_status();
        if (!how->field.empty()) TRY(field(*other, how->field, depth + 1));
        if (how->where) TRY(rule(*other, *how->where, here.below({}, "/where"), depth + 1));
      } else if (const auto* formula = std::get_if<ComputedField::Formula>(&one.how)) {
        const auto names =
            in_context(fields_in_formula(formula->text), "field " + name + " of model " + of.name);
        if (!names.ok()) return Error(names.error());
        for (const std::string& used : *names) TRY(field(of, used, depth + 1));
      } else if (const auto* cases = std::get_if<ComputedField::Cases>(&one.how)) {
        for (size_t nth = 0; nth < cases->cases.size(); ++nth)
          if (const auto& when = cases->cases[nth].when)
            TRY(rule(of, *when, here.below({}, fmt::format("/cases/{}/when", nth)), depth + 1));
      } else {
        const auto& related = std::get<ComputedField::Related>(one.how);
        const Model* other = TRY(relation(of, related.relation, depth + 1));
        if (!other) return ok_status();
        TRY(field(*other, related.field, depth + 1));
        TRY(field(*other, other->primary_key, depth + 1));
      }
    }
    return ok_status();
  }

  Status rule(const Model& of, const Rule& one, const At& at, int depth) {
    const At here = at.below(one.place, "");
    if (depth > 2 * kDeepest) return wrong(here, "rule_too_deep", "the rule is nested too deeply");
    if (const Group group = group_of(one); group.parts) {
      for (size_t i = 0; i < group.parts->size(); ++i)
        TRY(rule(of, (*group.parts)[i], place_of_part(one, group, here, i), depth + 1));
      return ok_status();
    }
    if (const auto* test = std::get_if<FieldTest>(&one.test))
      return field(of, test->field, depth + 1);
    if (const auto* related = std::get_if<RelatedTest>(&one.test)) {
      const Model* other = TRY(relation(of, related->relation, depth + 1));
      if (!other) return ok_status();
      if (!related->field.empty()) TRY(field(*other, related->field, depth + 1));
      if (!related->where) return ok_status();
      return rule(*other, *related->where, here.below({}, "/where"), depth + 1);
    }
    return member(of, std::get<SegmentTest>(one.test), here, depth);
  }

  Status member(const Model& of, const SegmentTest& test, const At& at, int depth) {
    const Segment* named = catalog_.segment(test.segment);
    if (!named || named->model != of.name) return ok_status();  // compile says so
    if (std::find(on_the_way_.begin(), on_the_way_.end(), test.segment) != on_the_way_.end())
      return wrong(at, "made_of_itself",
                   "segment `" + test.segment + "` is made of itself: " + join(on_the_way_, " > ") +
                       " > " + test.segment);
    if (!seen_.insert({&of, std::string("\0", 1) + test.segment}).second) return ok_status();
    out.segments.push_back(test.segment);
    on_the_way_.push_back(test.segment);
    TRY(rule(of, named->where, place_of(*named, "/where"), depth + 1));
    on_the_way_.pop_back();
    return ok_status();
  }

  const Catalog& catalog_;
  std::set<std::pair<const Model*, std::string>> seen_;
  std::vector<std::string> on_the_way_;  // segments
};

}  // namespace

Result<Reached> reached(const Catalog& catalog, const Segment& segment,
                        const std::vector<std::string>& fields) {
  Reach reach(catalog);
  TRY(reach.segment(segment, fields));
  return std::move(reach.out);
}

}  // namespace rollcall::compile
