// The snapshot: the segment's rows read once, keys normalised, one row a person, attributes in wire
// form with a fingerprint each. It is made in the run's work database and never half visible: the
// plan that is made from it is what gets sealed.
//
// Tables made: `rows(key, pk, v0…, f0…)`, one per person; v is the wire text or null, f its
// fingerprint (0 for null). `problems(kind, pk, key)` for rows that are nobody: no_key,
// invalid_key, duplicate_key.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "attributes/attributes.hpp"
#include "base/base.hpp"
#include "core/observer.hpp"
#include "core/report.hpp"
#include "duck/duck.hpp"
#include "source/source.hpp"

namespace rollcall::snapshot {

struct Spec {
  KeyType key_type = KeyType::email;
  std::vector<attributes::Target> targets;
  bool keys_as_written = false;  // the source has texts alone: numbers among them are no texts
};

struct Snapshot {
  SegmentCounts counts;
  // By attribute: how many values Iterable cannot hold were taken as null.
  std::map<std::string, int64_t> unholdable;
};

// `stream` has the columns primary key, match key, then one per target. Of rows with one key the
// one with the smallest primary key speaks: numbers by size, dates and times by their order,
// anything else by its UTF-8 bytes. Keys as written: whole numbers by size, and before the others.
Result<Snapshot> take(source::RowStream& stream, const Spec& spec, duck::Connection& work,
                      Observer& observer, const std::stop_token& stop);

}  // namespace rollcall::snapshot
