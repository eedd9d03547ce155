// One try after another: wait, prove, send. Nothing that is waited for comes between the proof and
// the call that relies on it, and no proof is used twice.
#include "deliver/deliver.hpp"

namespace rollcall::deliver {
namespace {

using iterable::BatchAnswer;

// A list just made answered "invalidListId" for up to half a minute. Source:
// docs/facts/iterable.md, lists.
constexpr Millis kNewListPatience{45'000};
// Proofs that grew old before anything was sent: a pause that another process was asked for, a
// sleep of the machine, look-ups that took too long. Then it is for the caller to prove fewer.
constexpr int kProofsInVain = 6;

BatchAnswer failed(Error error, bool may_have_arrived) {
  return {.kind = BatchAnswer::Kind::failed,
          .error = std::move(error),
          .may_have_arrived = may_have_arrived};
}

}  // namespace

std::optional<BatchAnswer> send(const Attempts& attempts, iterable::BatchCall call,
                                bool list_is_new, const MakeReady& make_ready,
                                const std::stop_token& stop) {
  const Millis began = attempts.clock.monotonic();
  iterable::Backoff backoff;
  bool may_have_arrived = false, again = false;
  int tries = 0, in_vain = 0;
  while (true) {
    if (const Status turn = attempts.client.await_turn(call, stop); !turn.ok())
      return failed(turn.error(), may_have_arrived);
    auto ready = make_ready();
    if (!ready.ok()) return failed(std::move(ready.error()), may_have_arrived);
    if (!*ready) return std::nullopt;
    BatchAnswer answer =
        attempts.client.attempt((*ready)->batch, std::move((*ready)->proof), again, stop);
    if (answer.kind == BatchAnswer::Kind::too_late && ++in_vain < kProofsInVain) continue;
    if (answer.kind != BatchAnswer::Kind::failed) {
      answer.may_have_arrived = may_have_arrived;
      return answer;
    }
    again = true;
    ++tries;
    answer.may_have_arrived = may_have_arrived = may_have_arrived || answer.may_have_arrived;
    const bool list_may_come = list_is_new && answer.list_is_not_known &&
                               attempts.clock.monotonic() - began < kNewListPatience;
    if (list_may_come) tries = 0;  // patience is counted in seconds here
    const Millis asked_for = answer.retry_after.value_or(Millis(0));
    if (!(answer.worth_another_try || list_may_come) || tries >= attempts.tries ||
        asked_for > iterable::kLongestRetryAfter)
      return answer;
    if (!attempts.client.wait(std::max(backoff.next(attempts.random), asked_for), call, stop))
      return failed({ErrorKind::cancelled, "stopped while waiting to try again"}, may_have_arrived);
  }
}

}  // namespace rollcall::deliver
