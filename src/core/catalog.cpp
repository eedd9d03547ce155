#include "core/catalog.hpp"

#include "base/base.hpp"

namespace rollcall {

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
  }
  for (const std::string& excluded : destination->exclusions)
    all.rules.push_back({SegmentTest{.segment = excluded, .member = false}, {}});
  out.where.test = std::move(all);
  return out;
}

}  // namespace rollcall
