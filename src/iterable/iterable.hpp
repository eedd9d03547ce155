// Iterable, typed: the calls Rollcall makes and what their answers mean. Its spellings (listId,
// notFoundEmails, updateExistingUsersOnly…) stay inside this room.
//
// Reads are tried again here. A write of people is one attempt: it takes a Proof that nobody is
// created by it, and whoever tries again proves again.
//
// The room contains no call that deletes, forgets or merges a person, and no way to unsubscribe
// from a channel.
//
// Threads: a Reader or Client may be used from any number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/base.hpp"
#include "base/disk.hpp"
#include "base/lease.hpp"
#include "core/activation.hpp"
#include "core/observer.hpp"
#include "core/report.hpp"
#include "http/http.hpp"

namespace rollcall::iterable {

// Source: docs/facts/iterable.md, batch size.
constexpr size_t kPeoplePerCallMax = 1000;
constexpr size_t kBodyBytesMax = 4'000'000;

// Tries of one call, the first included, and the pause between them: it doubles from the first to
// the longest, and a random half of it is taken so that callers do not march in step.
constexpr int kTries = 8;
class Backoff {
 public:
  Millis next(Random& random);

 private:
  Millis pause_{250};
};
// What Retry-After asks for is waited for up to this; where it is more, the call has failed.
constexpr Millis kLongestRetryAfter{10 * 60'000};

// People who are looked up together are looked up so many at a time: as many as the published limit
// takes while a look-up takes a fifth of a second.
constexpr size_t kLookUpsAtOnce = 20;

struct Project {
  std::string base_url;  // "https://api.iterable.com"
  Secret api_key;
  ProjectType type = ProjectType::hybrid;
};
// The project behind a destination: its base_url, or its region's host.
Project project_of(const Destination& destination);

struct ListInfo {
  int64_t id = 0;
  std::string name;
  std::string type;  // Standard | Dynamic | Suppression | Internal
  int64_t created_at_ms = 0;
};

struct Profile {
  std::string email;    // empty: none
  std::string user_id;  // empty: none
  std::vector<int64_t> email_list_ids;
  std::vector<int64_t> user_list_ids;
  std::string data_fields_json;
  std::optional<Time> updated_at = std::nullopt;  // Iterable's clock; nothing: it does not say
};

// What one look-up told.
struct Seen {
  std::optional<Profile> profile = std::nullopt;  // nothing: not a contact, unless `of_another`
  bool of_another = false;  // what came was the profile of somebody who was not asked for
  // The server answered that it failed, at every try, while it answered about others.
  std::optional<Error> failed = std::nullopt;
  Millis asked_at{0};  // monotonic, before the answer was made
};

// Contacts whose last update lies within, by Iterable's clock: `from` inclusive, `to` exclusive.
struct Updated {
  Time from, to;
};

// One person of a batch: the normalised match key, and the JSON text of the dataFields object (""
// to send none). Views must outlive the call.
struct Person {
  std::string_view key;
  std::string_view data_fields = {};
};

// What an answer says about one person.
struct Verdict {
  enum class Kind { confirmed, not_found, rejected };
  Kind kind = Kind::confirmed;
  // Rejected: invalid_email, invalid_user_id, conflict, forgotten, invalid_data, …
  std::string reason = {};
  bool final = false;  // no later try can succeed with the same data
  bool operator==(const Verdict&) const = default;
};

struct BatchAnswer {
  enum class Kind {
    answered,   // verdicts holds one entry per person, in the order sent
    doubtful,   // answered, but its counts and names do not agree: send it again in halves
    refused,    // the whole batch, for somebody's data: halve until the bad one stands alone
    too_large,  // halve
    failed,     // no answer that says anything about people: see error
    too_late,   // it was not sent: the proof would have been too old, or a pause is due first
  };
  Kind kind = Kind::failed;
  std::vector<Verdict> verdicts = {};
  std::vector<std::string> created_fields = {};
  std::vector<std::string> filtered_out_fields = {};
  // Refused: Iterable's code in our words; for one person alone, the verdict.
  std::string reason = {};
  bool final = false;                                // refused: as in Verdict
  std::optional<Error> error = std::nullopt;         // failed
  bool may_have_arrived = true;                      // failed: whether it may have taken effect
  bool worth_another_try = false;                    // failed
  bool of_server = false;                            // failed: it answered that it did
  bool list_is_not_known = false;                    // failed: a list just made may yet be
  std::optional<Millis> retry_after = std::nullopt;  // failed
};

enum class BatchCall { subscribe, unsubscribe, bulk_update };

struct Batch {
  BatchCall call = BatchCall::subscribe;
  int64_t list_id = 0;
  KeyType key_type = KeyType::email;
  std::span<const Person> people = {};
  bool create_new_fields = false;  // bulk_update
  bool merge_objects = false;      // objects are merged into what is stored instead of replacing it
};

// Why a write creates nobody. Either everybody in it was seen to be a contact, so long ago at the
// most as the proof lives; or Iterable itself leaves alone whom it does not know, as it does with
// subscribe and unsubscribe where users have ids. It is spent by one attempt of one call.
class Proof {
 public:
  static Proof by_answer();
  Proof() = default;
  Proof(Proof&&) = default;
  Proof& operator=(Proof&&) = default;
  Proof(const Proof&) = delete;
  Proof& operator=(const Proof&) = delete;

  // `key` was a contact at `read_at` (monotonic), and that is relied on until `life` later.
  void add(std::string_view key, Millis read_at, Millis life);
  [[nodiscard]] bool is_by_answer() const { return by_answer_; }
  [[nodiscard]] bool covers(std::span<const Person> people) const;
  // Of the oldest; the farthest future where the answer is the proof.
  [[nodiscard]] Millis read_at() const { return read_at_; }
  // How long a call that begins now may take. Nothing: too little for any call, the proof is too
  // old.
  [[nodiscard]] std::optional<Millis> time_left(Millis now) const;

 private:
  bool by_answer_ = false;
  std::unordered_set<std::string> keys_;
  Millis read_at_ = Millis::max();
  Millis ends_at_ = Millis::max();
  Millis life_ = Millis::max();
};

// The body a batch would be sent as; what pieces up batches counts its bytes by this.
std::string encode(const Batch& batch);
// Reads an answer with status 200, or one that refuses. Pure; this is where answers become
// verdicts.
BatchAnswer read_answer(const Batch& batch, int status, std::string_view body);

// Counts of calls made, by endpoint. Threads: any.
class CallCounter {
 public:
  void made(std::string_view endpoint, bool again, bool throttled);
  // A write ended so long after its oldest proof was read.
  void relied_on_proof(Millis age);
  // What another process had made and relied on for the same run.
  void add(const CallCounts& before, Millis oldest_proof);
  [[nodiscard]] CallCounts counts() const;
  [[nodiscard]] Millis oldest_proof() const;  // of all writes

 private:
  mutable std::mutex mutex_;
  CallCounts counts_;       // protected by mutex_
  Millis oldest_proof_{0};  // protected by mutex_
};

class PaceBoard;

// Keeps calls under the limits of one project: published ones from the start, unpublished ones
// found by what Iterable says (halved on 429, slowly up again). With a file, all processes that
// name it share what it says. Threads: any; every caller gets the next free moment, so that
// activations that run side by side advance alike.
class Pace {
 public:
  explicit Pace(Clock& clock);
  // Where the file cannot be used this process paces alone.
  Pace(Clock& clock, Disk& disk, const std::filesystem::path& file);
  ~Pace();
  // Waits for a place; false when stopped.
  bool wait(std::string_view endpoint, const std::stop_token& stop);
  void throttled(std::string_view endpoint, std::optional<Millis> retry_after);
  void answered(std::string_view endpoint);
  // Calls a second that this endpoint may make now; nothing: no limit known.
  [[nodiscard]] std::optional<double> rate(std::string_view endpoint) const;
  // How long a call would wait for its place now.
  [[nodiscard]] Millis wait_of(std::string_view endpoint) const;
  // How long a 429 keeps everybody's calls of this endpoint off from now on.
  [[nodiscard]] Millis pause_of(std::string_view endpoint) const;

 private:
  Clock& clock_;
  std::unique_ptr<PaceBoard> board_;
};

struct CreateListAnswer {
  Result<int64_t> id;
  // When there is no id: whether a list may have been made all the same.
  bool may_have_arrived = false;
};

// What reads, and cannot write: for the dry run, the audit and the checks.
class Reader {
 public:
  // All must outlive the reader. Long waits are told to `observer`, if there is one.
  Reader(Project project, http::Transport& transport, Clock& clock, Random& random, Pace& pace,
         CallCounter& counter, Observer* observer = nullptr);

  [[nodiscard]] const Project& project() const { return project_; }
  // The rate at which many look-ups are made now: as the pace allows, and as long as a read takes.
  [[nodiscard]] double look_ups_per_second() const;
  // What a short read takes; of those that were made by this client, the quickest.
  [[nodiscard]] Millis read_takes() const;
  // Until an export may begin: there are only a few a minute.
  [[nodiscard]] double seconds_to_export() const;

  [[nodiscard]] Result<std::vector<ListInfo>> lists(const std::stop_token& stop) const;
  // Every member of a list by the identifier Iterable tells for it, streamed. In hybrid projects
  // user ids are asked for when the key is one.
  Status list_members(int64_t list_id, KeyType prefer,
                      const std::function<void(std::string_view)>& on_member,
                      const std::stop_token& stop) const;
  [[nodiscard]] Result<Seen> look_up(KeyType type, std::string_view key,
                                     const std::stop_token& stop) const;
  // Contacts of the project by the `user` export, streamed: all, or those updated lately; either
  // identifier may be empty. The contacts of an export of the updated are no proof: the deleted are
  // not in it. Returns Iterable's clock as it began to answer, where it tells it. Fails with
  // unavailable when the stream broke, after contacts may have been told: the caller starts over
  // with a clean slate.
  Result<std::optional<Time>> contacts(
      const std::optional<Updated>& updated,
      const std::function<void(std::string_view email, std::string_view user_id)>& on_contact,
      const std::stop_token& stop) const;
  // Iterable's field names and types; nested ones dotted.
  [[nodiscard]] Result<std::map<std::string, std::string>> fields(
      const std::stop_token& stop) const;

 protected:
  struct Call;
  struct Performed;
  [[nodiscard]] Performed perform(const Call& call, const std::stop_token& stop) const;
  [[nodiscard]] http::Answer once(const Call& call, bool again, const std::stop_token& stop) const;
  [[nodiscard]] Status await_turn(std::string_view endpoint, const std::stop_token& stop) const;
  [[nodiscard]] bool wait(Millis how_long, std::string_view endpoint,
                          const std::stop_token& stop) const;
  [[nodiscard]] Error error_of(std::string_view endpoint, const http::Response& response) const;

  Project project_;
  http::Transport& transport_;
  Clock& clock_;
  Random& random_;
  Pace& pace_;
  CallCounter& counter_;
  Observer* observer_;

 private:
  mutable std::mutex mutex_;
  mutable Millis told_until_{0};                 // protected by mutex_: waits up to here were told
  mutable std::optional<Millis> quickest_read_;  // likewise
};

// What writes, too. Every write leaves by one place, which first asks the permit whether it is
// still ours to make, for as long as the call may take; where it is not, nothing leaves (busy).
class Client : public Reader {
 public:
  Client(Project project, http::Transport& transport, Clock& clock, Random& random, Pace& pace,
         CallCounter& counter, const Permit& permit, Observer* observer = nullptr)
      : Reader(std::move(project), transport, clock, random, pace, counter, observer),
        permit_(permit) {}

  // Sent once; never repeated here, because a lost answer may hide a list.
  [[nodiscard]] CreateListAnswer create_list(const std::string& name,
                                             const std::string& description,
                                             const std::stop_token& stop) const;
  // A write of people. First waits until its turn comes, also for another process's 429; errors:
  // cancelled, throttled.
  [[nodiscard]] Status await_turn(BatchCall call, const std::stop_token& stop) const;
  // A pause before another attempt; told if it is long. False when stopped.
  [[nodiscard]] bool wait(Millis how_long, BatchCall call, const std::stop_token& stop) const;
  // Then it is tried once, with a proof made since that ends before the proof is too old. `again`:
  // an earlier attempt was made.
  [[nodiscard]] BatchAnswer attempt(const Batch& batch, Proof proof, bool again,
                                    const std::stop_token& stop) const;

 private:
  [[nodiscard]] http::Answer write(const Call& call, bool again, const std::stop_token& stop) const;

  const Permit& permit_;
};

// The JSON text of a string; the one way text gets into a body.
void append_json_string(std::string& out, std::string_view text);

}  // namespace rollcall::iterable
