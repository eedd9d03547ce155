#include "prove/prove.hpp"

#include <sodium.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

namespace rollcall::prove {

namespace {
constexpr size_t kLookupsAtOnce = 8;
// A proof holds so long from the moment its record was read.
constexpr Millis kProofLife{15 * 60'000};
constexpr int kExportTries = 4;  // at four a minute, and the stream may break
}  // namespace

Result<std::vector<Seen>> look_up_all(const iterable::Client& client, KeyType type,
                                      const std::vector<std::string>& keys, Clock& clock,
                                      const std::stop_token& stop) {
  std::vector<Seen> out(keys.size());
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::optional<Error> failure;  // protected by mutex
  std::stop_source ours;
  const std::stop_callback pass_on(stop, [&ours] { ours.request_stop(); });
  const auto work = [&] {
    while (!ours.stop_requested()) {
      const size_t i = next.fetch_add(1);
      if (i >= keys.size()) return;
      auto profile = client.look_up(type, keys[i], ours.get_token());
      if (!profile.ok()) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = profile.error();
        ours.request_stop();
        return;
      }
      out[i] = {std::move(*profile), clock.monotonic()};
    }
  };
  {
    std::vector<std::jthread> threads;
    for (size_t i = 1; i < std::min(kLookupsAtOnce, keys.size()); ++i) threads.emplace_back(work);
    work();
  }
  if (failure) return std::move(*failure).in("looking people up");
  if (stop.stop_requested()) return Error{ErrorKind::cancelled, "stopped while looking people up"};
  return out;
}

Index::Hash Index::hash(std::string_view key) const {
  static_assert(sizeof(Hash) == crypto_shorthash_siphashx24_BYTES &&
                sizeof(Hash) == crypto_shorthash_siphashx24_KEYBYTES);
  Hash out;
  crypto_shorthash_siphashx24(reinterpret_cast<unsigned char*>(out.data()),
                              reinterpret_cast<const unsigned char*>(key.data()), key.size(),
                              reinterpret_cast<const unsigned char*>(secret_.data()));
  return out;
}

bool Index::holds(std::string_view key) const {
  return std::binary_search(hashes_.begin(), hashes_.end(), hash(key));
}

Result<std::shared_ptr<const Index>> Contacts::fresh(const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);  // held while reading: the others wait for it
  if (!index_ || clock_.monotonic() - index_->read_at() > kProofLife) index_ = TRY(read(stop));
  return index_;
}

Result<std::shared_ptr<const Index>> Contacts::read(const std::stop_token& stop) {
  auto index = std::make_shared<Index>();
  index->secret_ = {random_.next(), random_.next()};
  for (int tries = 1;; ++tries) {
    index->hashes_.clear();
    index->read_at_ = clock_.monotonic();
    std::string key;
    const Status read = client_.all_contacts(
        [&](std::string_view email, std::string_view user_id) {
          key = type_ == KeyType::email ? email : user_id;
          if (key.empty()) return;
          if (type_ == KeyType::email) ascii_lower(key);
          index->hashes_.push_back(index->hash(key));
          constexpr size_t kTellEvery = 10'000;
          if (index->hashes_.size() % kTellEvery == 0)
            observer_.progress("export", static_cast<int64_t>(index->hashes_.size()), 0);
        },
        stop);
    if (read.ok()) break;
    if (read.error().kind != ErrorKind::unavailable || tries == kExportTries ||
        stop.stop_requested())
      return Error(read.error());
  }
  std::sort(index->hashes_.begin(), index->hashes_.end());
  observer_.reached("contacts.exported");
  return std::shared_ptr<const Index>(std::move(index));
}

std::string to_json(const ExportRate& rate) {
  return nlohmann::json{{"contacts", rate.contacts}, {"seconds", rate.seconds}}.dump();
}

ExportRate export_rate_from_json(const std::string& text) {
  const nlohmann::json in = nlohmann::json::parse(text, nullptr, false);
  if (!in.is_object() || !in.contains("contacts") || !in["contacts"].is_number_integer() ||
      !in.contains("seconds") || !in["seconds"].is_number())
    return {};
  return {in["contacts"].get<int64_t>(), in["seconds"].get<double>()};
}

Choice choose(int64_t people, double look_ups_per_second, const ExportRate& rate) {
  const double look_ups = static_cast<double>(people) / look_ups_per_second;
  return {look_ups > rate.seconds, look_ups, rate.seconds};
}

std::string to_json(const Trial& trial) {
  const char* standing = trial.standing == Trial::Standing::passed   ? "passed"
                         : trial.standing == Trial::Standing::failed ? "failed"
                                                                     : "untried";
  return nlohmann::json{{"standing", standing},
                        {"absent_tested", trial.absent_tested},
                        {"note", trial.note},
                        {"about", trial.about}}
      .dump();
}

Trial trial_from_json(const std::string& text) {
  const nlohmann::json in = nlohmann::json::parse(text, nullptr, false);
  Trial out;
  if (!in.is_object()) return out;
  const std::string standing = in.value("standing", "untried");
  out.standing = standing == "passed"   ? Trial::Standing::passed
                 : standing == "failed" ? Trial::Standing::failed
                                        : Trial::Standing::untried;
  out.absent_tested = in.value("absent_tested", false);
  out.note = in.value("note", "");
  out.about = in.value("about", "");
  return out;
}

By Trust::by() const {
  if (type_ == ProjectType::email) return By::lookup;
  const std::lock_guard lock(mutex_);
  return trial_.standing == Trial::Standing::passed ? By::answer : By::lookup;
}

Trial Trust::trial() const {
  const std::lock_guard lock(mutex_);
  return trial_;
}

void Trust::set(Trial trial) {
  const std::lock_guard lock(mutex_);
  trial_ = std::move(trial);
}

Result<bool> Trust::check_named(const iterable::Client& client, KeyType key_type,
                                const std::string& key, const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);  // held through the look-up: nothing else is sent meanwhile
  if (trial_.absent_tested || trial_.standing != Trial::Standing::passed) return false;
  const auto profile = TRY(client.look_up(key_type, key, stop));
  if (!profile) {
    trial_.absent_tested = true;
    return false;
  }
  trial_.standing = Trial::Standing::failed;
  trial_.note = "somebody Iterable named as not found was found by a look-up";
  return true;
}

Told told(const iterable::Profile& profile, int64_t list_id, ProjectType declared) {
  const auto holds = [&](const std::vector<int64_t>& ids) {
    return std::find(ids.begin(), ids.end(), list_id) != ids.end();
  };
  const bool email_based = holds(profile.email_list_ids), other = holds(profile.user_list_ids);
  if (!email_based && !other) return Told::not_yet;
  return (declared == ProjectType::email ? email_based : other) ? Told::as_declared
                                                                : Told::otherwise;
}

}  // namespace rollcall::prove
