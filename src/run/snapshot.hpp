// The segment as a run reads it: what of it is asked for, and the snapshot that is taken.
#pragma once

#include "run/run.hpp"
#include "segment/segment.hpp"

namespace rollcall::run {

struct SegmentInput {
  const World& world;
  const Catalog& catalog;
  const Activation& activation;
  Time now;
};

Result<segment::Reader> open_segment(const SegmentInput& input, const std::stop_token& stop);
// Primary key, match key, then what the attributes read.
std::vector<std::string> fields_read(const Catalog& catalog, const Activation& activation);
// The mapping against the model's fields, and the match key.
Result<std::vector<attributes::Target>> targets_of(const Activation& activation,
                                                   const std::vector<ColumnInfo>& columns);
state::SnapshotSpec snapshot_of(const SegmentInput& input,
                                const std::vector<attributes::Target>& targets);
// `of_everybody`: with people who are as the ledger confirms them, too.
Result<state::Snapshot> take_snapshot(const SegmentInput& input, segment::Reader& reader,
                                      const std::vector<attributes::Target>& targets,
                                      bool of_everybody, state::Work& work,
                                      const std::stop_token& stop);
// Of a segment that holds nobody.
Result<state::Snapshot> take_nobody(const SegmentInput& input, state::Work& work);

}  // namespace rollcall::run
