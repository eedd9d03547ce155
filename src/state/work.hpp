// One run's snapshot, plan and answers, compared with the activation's ledger where both are.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "attributes/attributes.hpp"
#include "base/base.hpp"
#include "core/change.hpp"
#include "core/observer.hpp"
#include "core/report.hpp"
#include "plan/plan.hpp"
#include "source/source.hpp"
#include "state/journal.hpp"

namespace rollcall::state {

// --- The snapshot: the segment's rows read once, keys normalised, one row a person, attributes in
// wire form with a fingerprint each.

struct SnapshotSpec {
  KeyType key_type = KeyType::email;
  std::vector<attributes::Target> targets;
  bool keys_as_written = false;  // the source has texts alone: numbers among them are no texts
  // Whoever is on the list and confirmed as they are may be left to the ledger, which stays the last
  // one until the run is promoted: the plan will not be a full one.
  bool changed_alone = false;
};

struct Snapshot {
  SegmentCounts counts;
  // By attribute: how many values Iterable cannot hold were taken as null.
  std::map<std::string, int64_t> unholdable;
};

// --- The plan's changes.

// Some of them. What is not given narrows nothing.
struct Which {
  std::vector<ChangeKind> kinds = {};
  std::optional<bool> waiting = {};  // for an opposite write of the same key to settle
  std::optional<bool> parked = {};   // to be looked up before anything is sent
  std::optional<size_t> first = {};  // so many, in their order
};
Which writes();  // additions and updates
Which removals();
Which entrants();  // whom the list does not have, as far as is known: entered, or tried again
// A delivery's parts in their order: additions before removals; those whose last write has not
// settled yet, at the end.
std::array<Which, 4> parts();

// The changes in the plan's order, so that the same plan makes the same batches: who entered or
// changed, by key; who is retried, by key, so that those who fail each time hold up nobody; of the
// writes those that wait, by how long and key; who left, by the same. (Change::not_before_ms: 0 for
// whoever need not wait.) In a first plan of more than 50,000 people they come as the snapshot had
// them.
class Changes {
 public:
  virtual ~Changes() = default;
  // Fills `out` with at most `limit` changes; empty at the end.
  virtual Status next(std::vector<Change>& out, size_t limit) = 0;
};

using OnKey = std::function<void(std::string_view key)>;

// --- The real list, as it was read.

// Tells one row after another. What goes wrong with a row shows where all have been told.
using Row = std::function<void(std::string_view, std::string_view)>;
using Tell = std::function<Status(const Row&)>;

struct Listed {
  std::vector<attributes::Target> targets = {};
  bool remove_foreign = false;
  // People removed lately who are on it again are removed once more.
  bool remove_again = false;
  Time now = {};
  Millis settle{0};  // so long an addition may not show
};

// Where the list differs from the ledger.
//   missing  confirmed on the list, and not on it
//   extra    on it, and no longer in the segment: removed by us, or about to be
//   foreign  on it without our doing
struct DriftCounts {
  int64_t listed = 0;    // members of the real list
  int64_t expected = 0;  // members the ledger has on it
  int64_t missing = 0, extra = 0, foreign = 0;
};
struct Drift {
  std::string kind, key;
  bool in_segment = false;
  bool on_list = false;  // as the ledger has it: surely or perhaps
  int64_t wrote_ms = 0;  // our last write; 0: none
};

// --- People with values, and how a run ends.

struct Holder {
  std::string key;
  std::vector<std::optional<std::string>> values;  // by target, as JSON
};

// What an outcome makes of the ledger's row:
//
//   added, updated   on the list; the attributes that were sent are confirmed
//   removed          off it; remembered for 30 days, with values of ours as perhaps ours
//   not_a_contact    off it, parked: no attribute is confirmed
//   rejected         as before, with Iterable's reason, whether it is final, and what was tried
//   unknown          perhaps on the list, or still on it; what was sent is perhaps ours
//   not sent         as before, and the reason is not_sent; who was parked stays parked, since when
//                    and with what: nothing was learned of them, and reads alone may touch them
//
// added, updated and removed leave no reason; any other outcome is it. Where attributes are
// confirmed, one that is null and was never written is a confirmed null, and those that are pending
// or that Iterable dropped (Answers::filtered_fields) are as before.
//
// Whoever left without ever having been put on the list is forgotten; so are spellings that the
// plan spared (plan/plan.hpp).
//
// StandingCounts go by reason, whatever the row says of the list: who is on it and was not sent an
// update counts as not_sent. on_list are those in the segment without a reason who are surely on
// it, leavers_on_list those out of the segment who are, or may be. Whom others took off the list is
// in no count until the next promotion.
struct Promotion {
  std::vector<attributes::Target> targets;
  std::vector<bool> pending;
  Answers answers;
  Time now = {};
  bool of_nothing =
      false;  // the plan was empty (Plan::empty): the ledger stays the one that counts
};

// Keys here are normalised. Two that differ in the case of letters beyond ASCII are one person's:
// snapshot and real list are held against the ledger, and each other, by the folded key
// (core/match_key.hpp), snapshot and ledger in a plan by the key as it is written. What is ASCII
// alone is its own folded form: user ids, in which the case counts, are among it.
//
// What makes the next ledger leaves its number and standing in the writer's record; `reconcile` and
// `rebuild` write the record, too, as it is in the writer's hands, and touch nothing else of it.
//
// Where no order is named, there is none.
//
// Threads: one at a time.
class Work {
 public:
  virtual ~Work() = default;

  // Takes the snapshot, in place of an earlier one. `rows` has the columns primary key, match key,
  // then one per target. Of rows with one key the one with the smallest primary key speaks: numbers
  // by size, dates and times by their order, anything else by its UTF-8 bytes. Keys as written:
  // whole numbers by size, and before the others. Errors: the source's; cancelled.
  virtual Result<Snapshot> take(source::RowStream& rows, const SnapshotSpec& spec,
                                Observer& observer, const std::stop_token& stop) = 0;
  // What it was taken for.
  [[nodiscard]] virtual const std::vector<attributes::Target>& targets() const = 0;
  // Leaves of it one person, under whatever spelling: `person` is a folded key.
  virtual Status keep_only(const std::string& person) = 0;
  // Of its rows, those that are nobody included; those that speak for a person first.
  virtual Result<std::vector<std::string>> primary_keys() = 0;

  // The members of the real list, in place of an earlier reading: what the list calls each, and
  // nothing. Their key is what the list calls them.
  virtual Status take_members(const Tell& tell) = 0;
  // Then, where lists call people by their e-mail and the key is the user id: e-mail and user id of
  // every contact. Whoever is not among them has no key.
  virtual Status take_owners(const Tell& tell) = 0;
  // The list against the ledger; afterwards `drifted` streams who differs: missing, extra, foreign,
  // each by key, until told to stop.
  virtual Result<DriftCounts> compare() = 0;
  virtual Status drifted(const std::function<bool(const Drift&)>& on_person) = 0;
  // The list into the ledger (adoption, full runs, repairs); where there is none, and nobody is to
  // be removed, nothing. Reasons, and so the parked, stay as they are.
  //   on it, perhaps on it by the ledger       surely on it
  //   on it, off it by the ledger, a member    as before: the plan adds them
  //   on it, removed by us lately              as before; by remove_foreign, remove_again a leaver
  //   on it, not in the ledger                 left alone; by remove_foreign a leaver
  //   not on it, added within `settle`         as before
  //   not on it                                off it: members enter again, leavers are forgotten
  // Makes the next ledger count.
  virtual Status reconcile(const Listed& listed) = 0;
  // Where the ledger is lost, or older than what was done, after the snapshot: who is on the list
  // and in neither the ledger nor the snapshot. Returns how many; all of them ours by
  // `remove_foreign`, or nobody.
  virtual Result<int64_t> find_strangers(const Listed& listed) = 0;
  virtual Result<std::vector<std::string>> strangers(size_t first) = 0;  // by key
  virtual Status are_ours(const std::vector<std::string>& strangers) = 0;
  // Then members of the list who are in the snapshot and not in the ledger are taken for ours, with
  // no attribute confirmed, and strangers who are ours for leavers. The ledger's rows stay as they
  // are. Makes the next ledger count. Returns how many strangers were left alone.
  virtual Result<int64_t> rebuild(const Listed& listed) = 0;

  // Makes the plan from snapshot and ledger, in place of an earlier one. Change `seq` is the
  // change's place in it: additions and updates come before removals.
  virtual Result<plan::Plan> plan(const plan::Input& input) = 0;
  virtual Result<std::unique_ptr<Changes>> changes(const Which& which, bool with_values = true) = 0;
  virtual Result<int64_t> count(const Which& which) = 0;
  // All parked people of the ledger who are in the snapshot, in the plan or not.
  virtual Status parked(const OnKey& on_key) = 0;

  // People of the snapshot with a value for a target that is neither null nor empty ("", [], {});
  // those whom the ledger has on the list first, then by key. Without a ledger, any.
  virtual Result<std::vector<Holder>> holders(size_t target, size_t first) = 0;
  // People whom the ledger surely has on the list and in the segment, by key.
  virtual Result<std::vector<std::string>> members(size_t first) = 0;

  // Snapshot and plan outlive a kill from here on.
  virtual Status keep() = 0;
  // And so does whom the plan may write, and with what, should all else of this run be lost.
  virtual Status seal() = 0;
  virtual Result<std::unique_ptr<Journal>> journal() = 0;
  // Errors: corrupt.
  virtual Result<Answers> answers() = 0;
  // The next ledger: the last one, and what was answered; and of everybody who is not on the list
  // why (State::missing_people). The writer's record names them; its write makes them count.
  // Repeatable. Errors: corrupt, when the new ledger would not hold everybody in the segment.
  virtual Status promote(const Promotion& promotion) = 0;
  // What stands when a plan was made and nothing of it was sent: the ledger's reasons, and whoever
  // else is in the snapshot and not on the list as not_sent.
  virtual Result<StandingCounts> standing_unsent() = 0;
};

}  // namespace rollcall::state
