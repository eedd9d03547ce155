// Who is a contact: proof by look-ups or by an export of everybody, and the trial of a destination
// that decides whether Iterable's own answer may stand as proof.
//
// A proof is worth as long as it is fresh: whoever writes relies on it at once. Threads:
// look_up_all makes its own; a Trust and Contacts may be shared by several.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "core/observer.hpp"
#include "iterable/iterable.hpp"

namespace rollcall::prove {

struct Seen {
  std::optional<iterable::Profile> profile;  // nothing: not a contact
  Millis at{0};                              // monotonic
};

// Looks people up, several at a time, in the order given.
Result<std::vector<Seen>> look_up_all(const iterable::Client& client, KeyType type,
                                      const std::vector<std::string>& keys, Clock& clock,
                                      const std::stop_token& stop);

// Every contact of a project, as one export showed them: 16 bytes each, a keyed hash of the match
// key.
class Index {
 public:
  [[nodiscard]] bool holds(std::string_view key) const;
  [[nodiscard]] size_t contacts() const { return hashes_.size(); }
  [[nodiscard]] Millis read_at() const { return read_at_; }  // monotonic, before the first record

 private:
  friend class Contacts;
  using Hash = std::array<uint64_t, 2>;
  [[nodiscard]] Hash hash(std::string_view key) const;
  Hash secret_{};
  std::vector<Hash> hashes_;  // sorted
  Millis read_at_{0};
};

// The index of a run; read anew when it is older than a proof may be.
class Contacts {
 public:
  Contacts(const iterable::Client& client, KeyType type, Clock& clock, Random& random,
           Observer& observer)
      : client_(client), type_(type), clock_(clock), random_(random), observer_(observer) {}
  // Errors: those of the export.
  Result<std::shared_ptr<const Index>> fresh(const std::stop_token& stop);

 private:
  Result<std::shared_ptr<const Index>> read(const std::stop_token& stop);
  const iterable::Client& client_;
  KeyType type_;
  Clock& clock_;
  Random& random_;
  Observer& observer_;
  std::mutex mutex_;
  std::shared_ptr<const Index> index_;  // protected by mutex_
};

// What an export of everybody took when this project last made one.
struct ExportRate {
  int64_t contacts = 1'000'000;  // assumed until one was made
  double seconds = 60;
};
std::string to_json(const ExportRate& rate);
ExportRate export_rate_from_json(const std::string& json);

// How so many people are proven soonest, at the published limits.
struct Choice {
  bool by_export = false;
  double look_up_seconds = 0, export_seconds = 0;
};
Choice choose(int64_t people, double look_ups_per_second, const ExportRate& rate);

// How existence is proven in a run.
enum class By {
  answer,  // updateExistingUsersOnly holds here: the answer names who is not a contact
  lookup,  // everybody is looked up before a write
};

// What is known of a destination; kept by the store from run to run.
struct Trial {
  enum class Standing { untried, passed, failed };
  Standing standing = Standing::untried;
  bool absent_tested = false;  // somebody absent was sent with the flag, and was not created
  std::string note = {};       // why it failed
  std::string about = {};  // the project it was held in, as declared then; another one is untried
};
std::string to_json(const Trial& trial);
Trial trial_from_json(const std::string& json);

// The trial's part of the run: shared by the batches in flight.
class Trust {
 public:
  Trust(ProjectType type, Trial trial) : type_(type), trial_(std::move(trial)) {}
  [[nodiscard]] By by() const;
  [[nodiscard]] Trial trial() const;
  void set(Trial trial);
  // Called with the first person an answer names as not found, before anything else is sent: looks
  // them up, and trusts the flag from then on or no longer. Returns whether they exist after all.
  Result<bool> check_named(const iterable::Client& client, KeyType key_type, const std::string& key,
                           const std::stop_token& stop);

 private:
  ProjectType type_;
  mutable std::mutex mutex_;
  Trial trial_;  // protected by mutex_
};

// Whether the list is told in a profile the way the declared project type says. A project declared
// otherwise than it is would be written by the wrong rules.
enum class Told { not_yet, as_declared, otherwise };
Told told(const iterable::Profile& profile, int64_t list_id, ProjectType declared);

}  // namespace rollcall::prove
