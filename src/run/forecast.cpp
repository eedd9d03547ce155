#include "run/forecast.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "deliver/deliver.hpp"
#include "run/trial.hpp"

namespace rollcall::run {
namespace {

// What a call that writes people takes; no limit of these calls is published.
constexpr double kSecondsPerWrite = 0.5;

double seconds(Millis time) { return static_cast<double>(time.count()) / 1000; }

class Forecaster {
 public:
  explicit Forecaster(const Planned& planned)
      : planned_(planned), read_(seconds(planned.reader.read_takes())) {}

  Result<ProofForecast> run() {
    reads(1 + (planned_.activation.attributes.empty() ? 0 : 1));  // the lists, the fields
    if (!planned_.state.list) {
      reads(1);
      if (planned_.activation.adopt_list)
        reads(1);  // its members
      else
        write();
    }
    if (!planned_.fields.to_create.empty()) make_fields();
    if (planned_.trial.standing == prove::Trial::Standing::untried && planned_.plan.writes > 0)
      TRY(trial());
    exports();
    for (const auto& [kind, later] : {std::pair("kind <> 1", false), std::pair("kind = 1", false),
                                      std::pair("kind <> 1", true), std::pair("kind = 1", true)})
      TRY(deliver(kind, later));
    return out_;
  }

 private:
  // One after another.
  void reads(int64_t calls) {
    out_.calls += calls;
    out_.seconds += static_cast<double>(calls) * read_;
  }
  void write() {
    ++out_.calls;
    out_.seconds += kSecondsPerWrite;
  }
  // So many together: as fast as they may begin or come to an end, and the last takes its time.
  [[nodiscard]] double look_ups_take(int64_t people) const {
    if (people <= 0) return 0;
    const double rate = planned_.reader.look_ups_per_second();
    const double at_once = iterable::kLookUpsAtOnce;
    return std::max(static_cast<double>(people) / rate + read_ * (1 - rate * read_ / at_once),
                    read_ * std::ceil(static_cast<double>(people) / at_once));
  }
  void look_ups(int64_t people) {
    out_.calls += people;
    out_.seconds += look_ups_take(people);
  }

  // The first of those who are looked at has a value for all of them, most likely.
  void make_fields() {
    reads(1);
    look_ups(std::min<int64_t>(kFieldCandidatesAtOnce, planned_.plan.members));
    look_ups(1);
    write();
    reads(1);
  }

  Status trial() {
    if (planned_.state.standing.on_list > 0) reads(1);
    const int64_t people = std::min<int64_t>(
        kTrialLookUpsMax,
        TRY(planned_.work.scalar("SELECT count(*) FROM changes WHERE " + of_trial())));
    tried_ = std::min<int64_t>(
        kTrialWrites, TRY(planned_.work.scalar(
                          "SELECT count(*) FROM changes WHERE NOT look_up AND " + of_trial())));
    // Where the flag is tried, too, it goes on looking for somebody who is absent.
    const bool enough =
        tried_ == kTrialWrites && planned_.destination.project_type == ProjectType::email;
    look_ups(enough ? std::min<int64_t>(people, kTrialLookUpsAtOnce) : people);
    if (tried_ == 0) return ok_status();
    look_ups(tried_);
    write();
    reads(1);
    return ok_status();
  }
  static std::string of_trial() { return "kind IN (0, 3) AND not_before = 0"; }

  // An export or an increment, before anybody is looked up.
  void exports() {
    const ProofWay way = planned_.proof.way;
    if (way == ProofWay::none) return;
    const ProofForecast& chosen = planned_.proof.ways.at(way);
    looked_up_ = chosen.calls;
    if (way == ProofWay::look_ups) return;
    ++out_.calls;
    --looked_up_;
    out_.seconds +=
        chosen.seconds - static_cast<double>(looked_up_) / planned_.reader.look_ups_per_second();
  }

  // One of the four parts of a delivery.
  Status deliver(const std::string& kind, bool later) {
    const bool one_by_one = planned_.everybody && !planned_.by_export;
    const auto chunk =
        static_cast<int64_t>(one_by_one ? deliver::kProvenPerBatch : iterable::kPeoplePerCallMax);
    const auto batch = one_by_one ? static_cast<int64_t>(deliver::proven_at_once(
                                        planned_.reader, planned_.destination.proof.max_age))
                                  : chunk;
    // Whoever the trial wrote is done, and whoever is parked is read alone.
    const std::string people = fmt::format(
        "(SELECT *, row_number() OVER (ORDER BY rowid) - 1 AS n, NOT look_up AND row_number() OVER "
        "(PARTITION BY kind IN (0, 3) AND not_before = 0 AND NOT look_up ORDER BY rowid) <= {} AND "
        "{} AS tried FROM changes WHERE {} AND (not_before <> 0) = {})",
        tried_, of_trial(), kind, later);
    const int64_t asked =
        TRY(planned_.work.scalar("SELECT count(*) FROM " + people + " WHERE NOT tried AND " +
                                 (planned_.everybody ? "true" : "look_up")));
    const int64_t batches = TRY(planned_.work.scalar(fmt::format(
        "SELECT count(DISTINCT (n // {0}, (n % {0}) // {1})) FROM {2} WHERE NOT tried AND NOT "
        "look_up",
        chunk, batch, people)));
    if (asked == 0 && batches == 0) return ok_status();
    if (later) {
      const int64_t from = TRY(planned_.work.scalar("SELECT max(not_before) FROM " + people));
      out_.seconds =
          std::max(out_.seconds, seconds(Millis(from) - planned_.now.time_since_epoch()));
    }
    // An index may have left out some of them; never more are asked about than were counted.
    const int64_t looked_up = planned_.by_export ? 0 : std::min(asked, looked_up_);
    looked_up_ -= looked_up;
    out_.calls += looked_up + batches;
    const auto writes = static_cast<double>(batches) * kSecondsPerWrite;
    if (!one_by_one) {
      out_.seconds +=
          look_ups_take(looked_up) +
          std::ceil(static_cast<double>(batches) / deliver::kBatchesAtOnce) * kSecondsPerWrite;
      return ok_status();
    }
    // One batch is looked up while another is written.
    const double asking = static_cast<double>(looked_up / batch) * look_ups_take(batch) +
                          look_ups_take(looked_up % batch);
    out_.seconds += std::max(asking + (batches > 0 ? kSecondsPerWrite : 0), (asking + writes) / 2);
    return ok_status();
  }

  const Planned& planned_;
  const double read_;
  ProofForecast out_;
  int64_t tried_ = 0;      // people whom the trial writes
  int64_t looked_up_ = 0;  // people whom the chosen way of proof looks up
};

}  // namespace

Result<ProofForecast> forecast(const Planned& planned) { return Forecaster(planned).run(); }

}  // namespace rollcall::run
