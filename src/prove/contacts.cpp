#include "core/match_key.hpp"
#include "prove/index.hpp"

namespace rollcall::prove {
namespace {

// An export is made anew while there is time for the calls that rely on it.
constexpr Millis kTimeForCalls{60'000};
constexpr int kExportTries = 4;  // at four a minute, and the stream may break
// An export shows a write some seconds after it was accepted, some minutes at the worst; and clocks
// differ. So an increment begins well before the export before it. Source: docs/facts/iterable.md,
// visibility.
constexpr Millis kOverlap{3600'000};
// So long an index chooses without a new whole export, which alone sheds the deleted and finds
// again whom increments may have missed.
constexpr Millis kIndexLife{7 * 24 * 3600'000};
constexpr double kMillisADay = 24 * 3600'000;

}  // namespace

// An export, as it was told.
struct Contacts::Reading {
  explicit Reading(const std::filesystem::path& folder) : emails(folder), user_ids(folder) {}
  Sorter emails, user_ids;
  int64_t contacts = 0;
  Time asked_at;
  Time complete_to;
  Millis began{0};  // monotonic
  double seconds = 0;
};

Result<std::unique_ptr<Contacts::Reading>> Contacts::read(
    const std::optional<iterable::Updated>& updated, const OnContact& on_contact,
    const std::stop_token& stop) {
  TRY(disk_.make_folder(index_file_.path.parent_path()));
  auto out = std::make_unique<Reading>(index_file_.path.parent_path());
  for (int tries = 1;; ++tries) {
    out->emails.clear();
    out->user_ids.clear();
    out->contacts = 0;
    out->asked_at = clock_.now();
    out->began = clock_.monotonic();
    const double waits = reader_.seconds_to_export();
    Status kept = ok_status();
    const auto told = reader_.contacts(
        updated,
        [&](std::string_view email, std::string_view user_id) {
          if (on_contact) on_contact(email, user_id);
          if (kept.ok() && !email.empty())
            kept = out->emails.add(hash_of(folded_key(email), index_file_.secret));
          if (kept.ok() && !user_id.empty())
            kept = out->user_ids.add(hash_of(user_id, index_file_.secret));
          constexpr int64_t kTellEvery = 10'000;
          if (++out->contacts % kTellEvery == 0) observer_.progress("export", out->contacts, 0);
        },
        stop);
    TRY(kept);
    if (told.ok()) {
      const Millis took = clock_.monotonic() - out->began;
      out->seconds = std::max(0.0, static_cast<double>(took.count()) / 1000 - waits);
      out->complete_to = std::min(out->asked_at, told->value_or(out->asked_at) - took) - kOverlap;
      return out;
    }
    // What is answered with an error was asked for again already; what breaks off was not.
    const bool broke_off = told.error().kind == ErrorKind::unavailable && out->contacts > 0;
    if (!broke_off || tries == kExportTries || on_contact || stop.stop_requested())
      return Error(told.error());
  }
}

Result<std::shared_ptr<const Index>> Contacts::write(const Moments& moments, Reading& reading,
                                                     const Index* before) {
  TRY(write_index(disk_, index_file_, moments, {reading.emails, reading.user_ids}, before,
                  observer_));
  auto index = Index::open(index_file_, type_);
  if (!index)
    return Error{ErrorKind::corrupt, "the contact index was written and cannot be read",
                 "Check the home's disk."};
  return index;
}

Status Contacts::read_whole(const OnContact& on_contact, const std::stop_token& stop) {
  const auto reading = TRY(read(std::nullopt, on_contact, stop));
  const auto writing = TRY(take_to_write(index_file_, clock_, stop));
  whole_ = {
      TRY(write({reading->asked_at, reading->complete_to, reading->asked_at}, *reading, nullptr)),
      reading->began};
  recent_ = whole_.index;
  whole_took_ = {reading->contacts, reading->seconds};
  observer_.reached("contacts.exported");
  return ok_status();
}

bool Contacts::proves() const {
  return whole_.index && whole_.read_at >= proves_from_ &&
         clock_.monotonic() - whole_.read_at <= kExportLife - kTimeForCalls;
}

bool Contacts::has_exported() const {
  const std::lock_guard lock(mutex_);
  return proves();
}

Result<Contacts::Exported> Contacts::exported(const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);  // held while reading: the others wait for it
  if (proves()) return whole_;
  if (const Millis wait = proves_from_ - clock_.monotonic(); wait > Millis(0)) {
    observer_.note(
        "waiting until contacts that were deleted before this run are in no export any more");
    if (!clock_.sleep(wait, stop))
      return Error{ErrorKind::cancelled, "stopped before the export of contacts"};
  }
  TRY(read_whole({}, stop));
  return whole_;
}

Result<std::shared_ptr<const Index>> Contacts::everybody(const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);
  if (!whole_.index) TRY(read_whole({}, stop));
  return whole_.index;
}

Millis Contacts::until_it_proves() const {
  return std::max(Millis(0), proves_from_ - clock_.monotonic());
}

Status Contacts::export_to(const OnContact& on_contact, const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);
  return read_whole(on_contact, stop);
}

std::shared_ptr<const Index> Contacts::open_young() const {
  auto index = Index::open(index_file_, type_);
  if (!index) return nullptr;
  const Moments& m = index->moments();
  const Time now = clock_.now();  // a clock that was set back says nothing of what was before
  const bool young = m.whole_at <= now && m.brought_up_at <= now && m.complete_to <= now &&
                     now - m.whole_at <= kIndexLife;
  return young ? index : nullptr;
}

std::shared_ptr<const Index> Contacts::kept() {
  const std::lock_guard lock(mutex_);
  if (recent_) return recent_;
  if (!kept_) kept_ = open_young();
  return *kept_;
}

Result<std::shared_ptr<const Index>> Contacts::up_to_date(const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);
  if (recent_) return recent_;
  const Error none{ErrorKind::not_found, "there is no contact index to bring up to date"};
  auto before = open_young();
  if (!before) return none;
  if (before->moments().brought_up_at < began_at_) {
    // The end is excluded and told in seconds.
    constexpr Millis kRoundedUp{2000};
    const iterable::Updated updated{before->moments().complete_to, clock_.now() + kRoundedUp};
    const auto reading = TRY(read(updated, {}, stop));
    increment_told_ = {reading->contacts,
                       static_cast<double>((updated.to - updated.from).count()) / kMillisADay};
    const auto writing = TRY(take_to_write(index_file_, clock_, stop));
    before = open_young();  // perhaps another by now
    if (!before) return none;
    Moments moments = before->moments();
    if (moments.complete_to >= updated.from) {  // else there is a gap between the two
      moments.complete_to = std::max(moments.complete_to, reading->complete_to);
      moments.brought_up_at = std::max(moments.brought_up_at, reading->asked_at);
    }
    before = TRY(write(moments, *reading, before.get()));
  }
  recent_ = std::move(before);
  observer_.reached("contacts.updated");
  return recent_;
}

void Contacts::forget() {
  const std::lock_guard lock(mutex_);
  (void)disk_.remove(index_file_.path);
  kept_ = recent_ = nullptr;
}

ExportRates Contacts::rates(ExportRates known) const {
  const std::lock_guard lock(mutex_);
  if (whole_took_) std::tie(known.contacts, known.seconds) = *whole_took_;
  if (increment_told_ && known.contacts > 0)
    known.updated_a_day = static_cast<double>(increment_told_->first) / increment_told_->second /
                          static_cast<double>(known.contacts);
  return known;
}

}  // namespace rollcall::prove
