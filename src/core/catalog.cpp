#include "core/catalog.hpp"

namespace rollcall {

const Unsound* Catalog::unsound_one(std::string_view kind, std::string_view name,
                                    std::string_view destination) const {
  for (const Unsound& one : unsound)
    if (one.kind == kind && one.name == name && one.destination == destination) return &one;
  return nullptr;
}

bool Catalog::has(const Unsound& one) const {
  if (one.kind == "source") return source(one.name) != nullptr;
  if (one.kind == "model") return model(one.name) != nullptr;
  if (one.kind == "segment") return segment(one.name) != nullptr;
  if (one.kind == "destination") return destination(one.name) != nullptr;
  for (const Activation& activation : activations)
    if (activation.name == one.name && activation.destination == one.destination) return true;
  return false;
}

void Catalog::take_unsound(const Catalog& from, const Catalog& anew) {
  for (const Unsound& one : from.unsound)
    if (has(one) && !anew.has(one)) unsound.push_back(one);
}

Status Catalog::sound(std::string_view kind, std::string_view name,
                      std::string_view destination) const {
  const Unsound* one = unsound_one(kind, name, destination);
  if (one == nullptr) return ok_status();
  return Error{
      .kind = ErrorKind::invalid,
      .message = one->kind + " `" + one->name +
                 "`, as an older program stored it, is refused by this one: " + one->problem,
      .remedy = "Correct it in the catalog file and `rollcall apply` it."};
}

Segment activated_segment(const Catalog& catalog, const Activation& activation) {
  const Segment* segment = catalog.segment(activation.segment);
  CHECK(segment != nullptr);
  Segment out = *segment;
  const Destination* destination = catalog.destination(activation.destination);
  if (destination == nullptr || destination->exclusions.empty()) return out;
  AllOf all;
  if (const auto* parts = std::get_if<AllOf>(&out.where.test)) {
    all = *parts;
  } else {
    all.rules.push_back(out.where);
    out.where.added = true;
  }
  for (const std::string& excluded : destination->exclusions)
    all.rules.push_back({SegmentTest{.segment = excluded, .member = false}, {}, true});
  out.where.test = std::move(all);
  return out;
}

}  // namespace rollcall
