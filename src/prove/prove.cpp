#include "prove/prove.hpp"

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/words.hpp"

template <>
struct rollcall::Words<rollcall::prove::Trial::Grade> {
  using enum prove::Trial::Grade;
  static constexpr auto all = std::to_array<Word<prove::Trial::Grade>>(
      {{"untried", untried}, {"passed", passed}, {"failed", failed}});
};

namespace rollcall::prove {

namespace {
// So many may each be one about whom Iterable fails, while others get an answer: of those who are
// looked up together, and one after another while nobody gets one. More is an outage.
constexpr size_t kPeoplePerUnanswered = 10;
constexpr size_t kUnansweredInVainMax = 3;
}  // namespace

Result<std::vector<iterable::Seen>> look_up_all(Workers& workers, const iterable::Reader& reader,
                                                KeyType type, const std::vector<std::string>& keys,
                                                const std::stop_token& stop) {
  std::vector<iterable::Seen> out(keys.size());
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::optional<Error> failure;  // protected by mutex
  size_t unanswered = 0;         // likewise
  std::atomic<size_t> in_vain{0};
  const size_t unanswered_max = std::max(kUnansweredInVainMax, keys.size() / kPeoplePerUnanswered);
  std::atomic<size_t> answered{0};
  std::stop_source ours;
  const std::stop_callback pass_on(stop, [&ours] { ours.request_stop(); });
  const auto work = [&] {
    while (!ours.stop_requested()) {
      const size_t i = next.fetch_add(1);
      if (i >= keys.size()) return;
      const size_t answered_then = answered.load();
      auto seen = reader.look_up(type, keys[i], ours.get_token());
      if (!seen.ok()) {
        const std::lock_guard lock(mutex);
        in_vain = answered.load() > answered_then ? 0 : in_vain + 1;
        if (seen.error().kind == ErrorKind::unavailable && ++unanswered <= unanswered_max &&
            in_vain <= kUnansweredInVainMax) {
          out[i].failed = seen.error();
          continue;
        }
        if (!failure) failure = seen.error();
        ours.request_stop();
        return;
      }
      out[i] = std::move(*seen);
      ++answered;
      in_vain = 0;
    }
  };
  workers.run(std::min(iterable::kLookUpsAtOnce, keys.size()), work);
  // It is an outage, too, where nobody got an answer.
  if (!failure && unanswered > 0 && unanswered == keys.size()) failure = out[0].failed;
  if (failure) return std::move(*failure).in("looking people up");
  if (stop.stop_requested()) return Error{ErrorKind::cancelled, "stopped while looking people up"};
  return out;
}

std::string to_json(const Trial& trial) {
  return nlohmann::json{{"standing", word(trial.grade)},
                        {"absent_tested", trial.absent_tested},
                        {"note", trial.note},
                        {"about", trial.about}}
      .dump();
}

Trial trial_from_json(const std::string& text) {
  const nlohmann::json in = read_json<nlohmann::json>(text);
  Trial out;
  if (!in.is_object()) return out;
  out.grade =
      from_word<Trial::Grade>(in.value("standing", "untried")).value_or(Trial::Grade::untried);
  out.absent_tested = in.value("absent_tested", false);
  out.note = in.value("note", "");
  out.about = in.value("about", "");
  return out;
}

By Trust::by() const {
  if (type_ == ProjectType::email) return By::lookup;
  const std::lock_guard lock(mutex_);
  return trial_.grade == Trial::Grade::passed ? By::answer : By::lookup;
}

Trial Trust::trial() const {
  const std::lock_guard lock(mutex_);
  return trial_;
}

void Trust::set(Trial trial) {
  const std::lock_guard lock(mutex_);
  trial_ = std::move(trial);
}

Result<bool> Trust::check_named(const iterable::Reader& reader, KeyType key_type,
                                const std::string& key, const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);  // held through the look-up: nothing else is sent meanwhile
  if (trial_.absent_tested || trial_.grade != Trial::Grade::passed) return false;
  const auto seen = TRY(reader.look_up(key_type, key, stop));
  if (seen.of_another) return false;  // that says nothing of them
  if (!seen.profile) {
    trial_.absent_tested = true;
    return false;
  }
  trial_.grade = Trial::Grade::failed;
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
