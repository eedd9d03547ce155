// Who is a contact: proof by look-ups or by an export of everybody, the contact index that chooses
// whom to look up, and the trial of a destination that decides whether Iterable's own answer may
// stand as proof.
//
// A proof is worth as long as it is fresh: whoever writes relies on it at once. Threads:
// look_up_all asks the workers for several; a Trust and Contacts may be shared by several.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "base/disk.hpp"
#include "core/observer.hpp"
#include "iterable/iterable.hpp"

namespace rollcall::prove {

// Looks people up, several at a time, in the order given.
Result<std::vector<iterable::Seen>> look_up_all(Workers& workers, const iterable::Reader& reader,
                                                KeyType type, const std::vector<std::string>& keys,
                                                const std::stop_token& stop);

// Where a destination keeps its contact index, and what opens it.
struct IndexFile {
  std::filesystem::path path;
  Secret secret;        // 32 bytes that this home alone can tell
  std::string project;  // an index of another project is not taken
};

struct Moments {
  Time whole_at;       // when the whole export that it began with was asked for
  Time complete_to;    // whoever was updated before is in it; by Iterable's clock, early enough
  Time brought_up_at;  // when the last export that it holds was asked for
};

using Hash = std::array<uint64_t, 2>;

// Who was a contact when exports told it: of every e-mail and every user id a keyed hash, 16 bytes,
// in a file of the home that all activations of a destination share. It proves nobody, because it
// never hears of the deleted: it only chooses whom to look up. The file is mapped, not read, and
// stays as it was opened while others put the next one in its place.
class Index {
 public:
  // Nothing: there is none, or it is damaged, or another home's or project's.
  static std::shared_ptr<const Index> open(const IndexFile& index_file, KeyType type);
  ~Index();
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;
  [[nodiscard]] bool holds(std::string_view key) const;
  [[nodiscard]] const Moments& moments() const { return moments_; }
  [[nodiscard]] std::span<const Hash> hashes(KeyType type) const;

 private:
  Index(Secret secret, KeyType type) : secret_(std::move(secret)), type_(type) {}
  Secret secret_;
  KeyType type_;
  void* mapped_ = nullptr;
  size_t bytes_ = 0, emails_ = 0;
  Moments moments_{};
};

// An export proves for so long from the moment it began.
constexpr Millis kExportLife{15 * 60'000};

// What the exports of a project took when they were last made.
struct ExportRates {
  int64_t contacts = 1'000'000;  // of a whole one; assumed until one was made
  double seconds = 60;
  double updated_a_day = 0.1;  // contacts, as a share of all; likewise
};
std::string to_json(const ExportRates& rates);
ExportRates export_rates_from_json(const std::string& json);

// The contacts of a project, by exports. Everything that is exported goes into the index.
class Contacts {
 public:
  // An export shows what was deleted `settle` ago, but perhaps not what was deleted since: one that
  // is to prove begins no sooner than so long after this is made, at the start of a run.
  Contacts(const iterable::Reader& reader, KeyType type, Clock& clock, Disk& disk,
           Observer& observer, IndexFile index_file, Millis settle = Millis(0))
      : reader_(reader),
        type_(type),
        clock_(clock),
        disk_(disk),
        observer_(observer),
        index_file_(std::move(index_file)),
        began_at_(clock.now()),
        proves_from_(clock.monotonic() + settle) {}

  // Everybody, by a whole export begun in this run: whom it shows is proven, until it is too old
  // for a proof; then it is made anew. Errors: those of the export and of the disk.
  struct Exported {
    std::shared_ptr<const Index> index;
    Millis read_at{0};  // monotonic, before the first record
  };
  Result<Exported> exported(const std::stop_token& stop);
  // The same, but it chooses whom to look up and proves nobody: it may begin at once.
  Result<std::shared_ptr<const Index>> everybody(const std::stop_token& stop);
  // Until an export may begin that proves.
  [[nodiscard]] Millis until_it_proves() const;
  using OnContact = std::function<void(std::string_view email, std::string_view user_id)>;
  // The same made now, for a caller who wants to hear of everybody. When the stream breaks it fails
  // with unavailable: the caller starts over with a clean slate.
  Status export_to(const OnContact& on_contact, const std::stop_token& stop);
  // Whether `exported` has one that still proves.
  [[nodiscard]] bool has_exported() const;
  // The index as it is kept, unless its whole export is too long ago. Proves nobody.
  std::shared_ptr<const Index> kept();
  // The same after an increment: the export of those updated since. Once in a run is enough, and
  // another process may have made it. Proves nobody. Errors: not_found (none is kept), and as
  // above.
  Result<std::shared_ptr<const Index>> up_to_date(const std::stop_token& stop);
  // It was found to lack people: the next run has none.
  void forget();
  // What the exports of this run took, added to what was known.
  [[nodiscard]] ExportRates rates(ExportRates known) const;

 private:
  struct Reading;
  // Also told to `on_contact`, if there is one; it is read once then, else a few times at most.
  Result<std::unique_ptr<Reading>> read(const std::optional<iterable::Updated>& updated,
                                        const OnContact& on_contact, const std::stop_token& stop);
  Status read_whole(const OnContact& on_contact, const std::stop_token& stop);
  [[nodiscard]] bool proves() const;
  [[nodiscard]] std::shared_ptr<const Index> open_young() const;
  Result<std::shared_ptr<const Index>> write(const Moments& moments, Reading& reading,
                                             const Index* before);

  const iterable::Reader& reader_;
  KeyType type_;
  Clock& clock_;
  Disk& disk_;
  Observer& observer_;
  IndexFile index_file_;
  Time began_at_;
  Millis proves_from_;  // monotonic
  mutable std::mutex mutex_;
  Exported whole_;  // protected by mutex_, and all below
  std::optional<std::shared_ptr<const Index>> kept_;
  std::shared_ptr<const Index> recent_;                       // brought up to date in this run
  std::optional<std::pair<int64_t, double>> whole_took_;      // contacts, seconds
  std::optional<std::pair<int64_t, double>> increment_told_;  // contacts, days
};

// What must be proven, and what an index saves.
struct Need {
  int64_t people = 0;
  struct ByIndex {
    int64_t look_ups = 0;     // of those whom it shows, and of those who are looked up all the same
    Time complete_to = {};    // its increment begins here
    bool up_to_date = false;  // no increment is needed any more
  };
  std::optional<ByIndex> by_index = std::nullopt;
  bool exported = false;  // everybody was, in this run
  // Where an export only chooses whom to look up: of so many it will show most likely.
  std::optional<int64_t> look_ups_after_export = std::nullopt;
  bool may_export = true;  // otherwise an export was tried, and failed
};
struct Rates {
  double look_ups_per_second = 0;
  double seconds_to_export = 0;  // until one may begin
  ExportRates exports;
  Time now;
};
// The way that takes the fewest seconds. This is the one place that chooses.
ProofChoice choose(const Need& need, const Rates& rates);

// How existence is proven in a run.
enum class By {
  answer,  // updateExistingUsersOnly holds here: the answer names who is not a contact
  lookup,  // everybody is looked up before a write
};

// What is known of a destination; kept by the store from run to run.
struct Trial {
  enum class Grade { untried, passed, failed };
  Grade grade = Grade::untried;
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
  Result<bool> check_named(const iterable::Reader& reader, KeyType key_type, const std::string& key,
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
