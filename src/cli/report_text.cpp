#include "cli/report_text.hpp"

#include <fmt/format.h>

#include "cli/text.hpp"

namespace rollcall::cli {
namespace {

// "30 added, 12 removed", leaving out what is zero.
struct Part {
  int64_t count;
  const char* what;
};
std::string listed(const std::vector<Part>& parts, const char* none) {
  std::vector<std::string> out;
  for (const Part& part : parts)
    if (part.count != 0) out.push_back(thousands(part.count) + " " + part.what);
  return out.empty() ? none : join(out, ", ");
}

}  // namespace

std::string in_words(const SegmentCounts& c) {
  std::string out = counted(c.members, "member", "members");
  if (c.rows == c.members) return out;
  return fmt::format("{} in {} ({})", out, counted(c.rows, "row", "rows"),
                     listed({{c.no_key, "without a key"},
                             {c.invalid_key, "with a malformed key"},
                             {c.duplicate_key, "with a key that came before"}},
                            ""));
}

std::string in_words(const ChangeCounts& c) {
  return listed({{c.entered, "entered"},
                 {c.left, "left"},
                 {c.changed, "changed"},
                 {c.retried, "tried again"}},
                "none");
}

std::string in_words(const ParkedUse& parked) {
  std::string out = people(parked.people) + ", ";
  if (parked.looked_up == parked.people) return out + "looked up again";
  return out + fmt::format("{} of them looked up again (at most {} a run)",
                           thousands(parked.looked_up), thousands(parked.budget));
}

std::string in_words(RunStatus status) {
  switch (status) {
    case RunStatus::running:
      return "running";
    case RunStatus::completed:
      return "completed";
    case RunStatus::completed_with_rejects:
      return "completed with rejects";
    case RunStatus::stopped:
      return "stopped by the guard";
    case RunStatus::failed:
      return "failed";
    case RunStatus::interrupted:
      return "interrupted";
  }
  return "";
}

std::string in_lines(const RunReport& r) {
  std::string out =
      fmt::format("{} → {}: {}\n", plain(r.activation), plain(r.destination), in_words(r.status));
  const auto line = [&](const char* name, const std::string& text) {
    out += fmt::format("  {:<9} {}\n", name, plain(text));
  };
  std::string when = fmt::format("{}, {}, {}", r.run_id, to_string(r.kind), date(r.started_at));
  if (r.finished_at) when += ", took " + duration(*r.finished_at - r.started_at);
  line("run", when);
  if (r.list)
    line("list", fmt::format("{} `{}`{}", r.list->id, r.list->name,
                             r.list->created ? ", created in this run" : ""));
  const bool read = r.segment.rows > 0 || r.status == RunStatus::completed ||
                    r.status == RunStatus::completed_with_rejects;
  if (read) line("segment", in_words(r.segment));
  if (read) line("changes", in_words(r.changes));
  const OutcomeCounts& o = r.outcomes;
  if (const std::string done = listed({{o.added, "added"},
                                       {o.removed, "removed"},
                                       {o.updated, "updated"},
                                       {o.not_a_contact, "not a contact"},
                                       {o.rejected, "rejected"},
                                       {o.unknown, "unknown"},
                                       {o.not_sent, "not sent"}},
                                      "");
      !done.empty())
    line("outcomes", done);
  const StandingCounts& s = r.standing;
  std::string now = thousands(s.on_list) + " on the list";
  if (const std::string rest = listed({{s.not_a_contact, "parked (not a contact)"},
                                       {s.rejected, "rejected"},
                                       {s.unknown, "unknown"},
                                       {s.not_sent, "not sent"},
                                       {s.leavers_on_list, "still to be removed"}},
                                      "");
      !rest.empty())
    now += ", " + rest;
  line("now", now);
  if (r.parked.people > 0) line("parked", in_words(r.parked));
  if (r.proof.people > 0 && r.proof.by != "answer")
    line("proof", fmt::format("{} by {}; the oldest was {} old when it was relied on",
                              people(r.proof.people),
                              r.proof.by == "export" ? "an export of all contacts" : "look-ups",
                              duration(Millis(r.proof.max_age_ms))));
  if (!r.proof.choice.why.empty()) line("because", r.proof.choice.why);
  if (!r.fields_created.empty())
    line("created", counted(static_cast<int64_t>(r.fields_created.size()), "field: ", "fields: ") +
                        join(r.fields_created, ", "));
  if (!r.fields_pending.empty())
    line("pending", counted(static_cast<int64_t>(r.fields_pending.size()), "field: ", "fields: ") +
                        join(r.fields_pending, ", "));
  if (r.calls.total > 0) {
    std::string calls = thousands(r.calls.total);
    if (const std::string more =
            listed({{r.calls.throttled, "throttled"}, {r.calls.retried, "retried"}}, "");
        !more.empty())
      calls += " (" + more + ")";
    line("calls", calls);
  }
  for (const std::string& warning : r.warnings) line("warning", warning);
  if (o.rejected + s.rejected > 0) line("see", fmt::format("rollcall rejects {}", r.run_id));
  return out;
}

}  // namespace rollcall::cli
