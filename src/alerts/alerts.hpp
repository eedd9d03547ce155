// Tells people when a list stops being true, and when it is again: once per change of state, in plain
// words with cause, remedy and a link.
//
// What there is to tell of an activation are its troubles: each begins and ends, and both are told.
// A message that could not be delivered is tried again for a day; that it was not can be seen at its
// channel. Channels, troubles and messages on their way are records of the store, so that they
// survive a restart, and of several servers each message is sent by one.
//
// Threads: any number may call at once; deliver() is one.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "core/words.hpp"
#include "http/http.hpp"
#include "mail/mail.hpp"
#include "store/store.hpp"

namespace rollcall::alerts {

enum class Trouble {
  failed,   // the last run failed, or the activation rests because something is broken
  stopped,  // the guard stopped the last run, which waits for approval
  rejects,  // Iterable rejects more of the members than `rejects_share`
  size,     // the members are more or fewer than before by more than `size_share`
  late,     // due for longer than `late_after`, and not begun
  drift,    // the last audit found people missing or people who should not be there
};

struct Channel {
  enum class Kind { email, slack, webhook };
  std::string uid = {}, name;
  Kind kind = Kind::email;
  std::vector<std::string> to = {};    // e-mail addresses
  Secret url = {};                     // of Slack or the webhook: whoever knows it can write there
  Secret secret = {};                  // what a webhook's messages are signed with; may be empty
  std::vector<Trouble> troubles = {};  // empty: all
  bool enabled = true;
  // Of the last message.
  std::optional<Time> told_at = std::nullopt;
  std::string failure = {};  // why it was not delivered; empty: it was
};

struct Settings {
  std::string url = {};  // where the service is reached, for links
  double rejects_share = 0.05;
  int64_t rejects_least = 20;
  double size_share = 0.5;
  int64_t size_least = 100;
  Millis late_after{std::chrono::minutes(15)};
};

class Alerts {
 public:
  // All outlive it.
  Alerts(store::Store& store, Clock& clock, Random& random, http::Transport& transport,
         mail::Mailer& mailer, Settings settings = {});
  ~Alerts();
  Alerts(const Alerts&) = delete;
  Alerts& operator=(const Alerts&) = delete;

  // --- Channels. Errors: invalid (no address, no URL), not_found, conflict (a name that another
  // has).
  Result<std::vector<Channel>> channels();
  // A new one without a uid; else the one of it: an empty `url` or `secret` then leaves what is
  // there.
  Result<Channel> put(Channel channel);
  Status remove(const std::string& uid);
  // Sends a message that says it is a test, at once. Errors: those of the sending.
  Status test(const std::string& uid, const std::stop_token& stop);

  // --- What happens. `name` is the activation's.
  // A run's or an audit's report, as JSON (contract), or the JSON of an error.
  Status ended(const std::string& uid, const std::string& name, bool audit,
               const std::string& report_json, const std::string& error_json);
  // It rests because something is broken; empty: no longer.
  Status rests(const std::string& uid, const std::string& name, const std::string& problem,
               const std::string& remedy);
  // All activations: since when each is due and has not begun; nothing: it is not. Asked often, so
  // that it costs one look into the store where nothing changes.
  struct Waiting {
    std::string uid, name;
    std::optional<Time> due = std::nullopt;
  };
  Status wait(const std::vector<Waiting>& all);

  // Sends what is on its way and due; how long until it should be called again.
  Millis deliver(const std::stop_token& stop);

  // What is told, signed: for whoever takes it. "t=SECONDS,v1=HEX" of HMAC-SHA256 over
  // "SECONDS.BODY".
  static std::string signature(const Secret& secret, Time now, std::string_view body);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

// For store::Store::replace_key: what channels have sealed, sealed anew.
Result<std::optional<std::string>> reseal(const store::Record& record,
                                          const store::Store::Sealing& sealing);

}  // namespace rollcall::alerts

template <>
struct rollcall::Words<rollcall::alerts::Trouble> {
  using enum alerts::Trouble;
  static constexpr auto all = std::to_array<Word<alerts::Trouble>>({{"failed", failed},
                                                                    {"stopped", stopped},
                                                                    {"rejects", rejects},
                                                                    {"size", size},
                                                                    {"late", late},
                                                                    {"drift", drift}});
};
template <>
struct rollcall::Words<rollcall::alerts::Channel::Kind> {
  using enum alerts::Channel::Kind;
  static constexpr auto all = std::to_array<Word<alerts::Channel::Kind>>(
      {{"email", email}, {"slack", slack}, {"webhook", webhook}});
};
