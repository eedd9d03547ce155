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
    if (!planned_.record.list) {
      reads(1);
      if (planned_.activation.adopt_list)
        reads(1);  // its members
      else
        write();
    }
    if (!planned_.fields.to_create.empty()) make_fields();
    if (planned_.trial.grade == prove::Trial::Grade::untried && planned_.plan.writes > 0)
      TRY(trial());
    exports();
    for (const state::Which& part : state::parts()) TRY(deliver(part));
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
    if (planned_.record.standing.on_list > 0) reads(1);
    state::Which which = state::entrants();
    which.waiting = false;
    const int64_t people = std::min<int64_t>(kTrialLookUpsMax, TRY(planned_.work.count(which)));
    which.parked = false;
    tried_ = std::min<int64_t>(kTrialWrites, TRY(planned_.work.count(which)));
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
  Status deliver(const state::Which& part) {
    const bool one_by_one = planned_.everybody && !planned_.by_export;
    const auto chunk =
        static_cast<int64_t>(one_by_one ? deliver::kProvenPerBatch : iterable::kPeoplePerCallMax);
    const auto batch = one_by_one ? static_cast<int64_t>(deliver::proven_at_once(
                                        planned_.reader, planned_.destination.proof.max_age))
                                  : chunk;
    const Load load = TRY(load_of(part, chunk, batch));
    const auto& [asked, batches, latest_ms] = load;
    if (asked == 0 && batches == 0) return ok_status();
    if (latest_ms > 0)
      out_.seconds =
          std::max(out_.seconds, seconds(Millis(latest_ms) - planned_.now.time_since_epoch()));
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

  // How many are asked about, and in how many batches the others are written.
  struct Load {
    int64_t asked = 0, batches = 0;
    int64_t latest_ms = 0;  // until when somebody waits; 0: nobody does
  };
  Result<Load> load_of(const state::Which& part, int64_t chunk, int64_t batch) {
    Load out;
    int64_t place = 0, of_trial = 0, last_batch = -1;
    const int64_t batches_per_chunk = (chunk + batch - 1) / batch;
    const auto changes = TRY(planned_.work.changes(part, false));
    std::vector<Change> some;
    while (true) {
      TRY(changes->next(some, iterable::kPeoplePerCallMax));
      if (some.empty()) return out;
      for (const Change& change : some) {
        const int64_t at = place++;
        const bool enters =
            change.kind == ChangeKind::entered || change.kind == ChangeKind::retried;
        out.latest_ms = std::max(out.latest_ms, change.not_before_ms);
        // Whoever the trial wrote is done, and whoever is parked is read alone.
        if (enters && change.not_before_ms == 0 && !change.look_up_first && of_trial++ < tried_)
          continue;
        if (planned_.everybody || change.look_up_first) ++out.asked;
        const int64_t in_batch = at / chunk * batches_per_chunk + at % chunk / batch;
        if (!change.look_up_first && in_batch != std::exchange(last_batch, in_batch)) ++out.batches;
      }
    }
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
