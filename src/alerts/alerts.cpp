#include "alerts/alerts.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.hpp"

namespace rollcall::alerts {
namespace {

using json = nlohmann::ordered_json;

constexpr const char* kChannel = "alert_channel";
constexpr const char* kTroubles = "alert_troubles";  // of an activation, by its uid
constexpr const char* kMessage = "alert_message";    // one on its way to one channel
constexpr auto kTriedFor = std::chrono::hours(24);
constexpr Millis kFirstRetry{30'000};
constexpr Millis kMostRetry{3600'000};
constexpr Millis kLookEvery{5'000};
constexpr Millis kClaim{120'000};  // for so long one server has a message it is sending

// What is told.
struct Text {
  std::string title, cause, remedy;
};

std::string text_of(const json& in, const char* key) {
  const auto at = in.find(key);
  return at != in.end() && at->is_string() ? at->get<std::string>() : "";
}
int64_t count_of(const json& in, const char* part, const char* key) {
  const auto at = in.find(part);
  return at != in.end() && at->is_object() ? at->value(key, int64_t{0}) : 0;
}

std::string share(double part) { return fmt::format("{:.0f} %", part * 100); }

std::string place_of(const std::string& uid, const char* what) {
  return std::string(kChannel) + uid + what;
}

json json_of(const Channel& channel, const store::Store& store) {
  json troubles = json::array();
  for (const Trouble one : channel.troubles) troubles.push_back(word(one));
  const auto sealed = [&](const Secret& secret, const char* what) {
    if (secret.empty()) return json(nullptr);
    return json(store.seal(secret, place_of(channel.uid, what)));
  };
  return {{"name", channel.name},
          {"kind", word(channel.kind)},
          {"to", channel.to},
          {"url", sealed(channel.url, "url")},
          {"secret", sealed(channel.secret, "secret")},
          {"troubles", troubles},
          {"enabled", channel.enabled},
          {"told_at", channel.told_at ? json(iso_utc(*channel.told_at)) : json(nullptr)},
          {"failure", channel.failure}};
}

Result<Channel> channel_of(const store::Record& record, const store::Store& store) {
  const json in = read_json<json>(record.json);
  if (!in.is_object())
    return Error{ErrorKind::corrupt, "an alert channel in the store cannot be read"};
  Channel out{.uid = record.key, .name = text_of(in, "name")};
  out.kind = from_word<Channel::Kind>(text_of(in, "kind")).value_or(Channel::Kind::email);
  for (const json& one : in.value("to", json::array()))
    if (one.is_string()) out.to.push_back(one);
  for (const json& one : in.value("troubles", json::array()))
    if (one.is_string())
      if (const auto trouble = from_word<Trouble>(one.get<std::string>()))
        out.troubles.push_back(*trouble);
  out.enabled = in.value("enabled", true);
  out.told_at = parse_iso_utc(text_of(in, "told_at"));
  out.failure = text_of(in, "failure");
  const auto opened = [&](const char* what) -> Result<Secret> {
    const std::string sealed = text_of(in, what);
    if (sealed.empty()) return Secret();
    return store.unseal(sealed, place_of(record.key, what));
  };
  out.url = TRY(opened("url"));
  out.secret = TRY(opened("secret"));
  return out;
}

bool is_url(const std::string& text) {
  const bool scheme = text.starts_with("https://") || text.starts_with("http://");
  return scheme && text.size() <= 2048 && std::all_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
         });
}

Status check(const Channel& channel) {
  const auto wrong = [](const char* message, const char* pointer) {
    return Error{.kind = ErrorKind::invalid,
                 .message = message,
                 .code = "value_invalid",
                 .place = ErrorPlace{.pointer = pointer}};
  };
  const std::string_view name = trim(channel.name);
  if (name.empty() || name.size() > 200 || !is_utf8(name))
    return wrong("a channel has a name of at most 200 bytes", "/name");
  if (channel.kind == Channel::Kind::email) {
    constexpr size_t kMost = 50;
    if (channel.to.empty() || channel.to.size() > kMost)
      return wrong("`to` names 1 to 50 e-mail addresses", "/to");
    for (const std::string& one : channel.to)
      if (!mail::is_address(one)) return wrong("`to` holds what is no e-mail address", "/to");
  } else if (!is_url(channel.url.reveal())) {
    return wrong("`url` must begin with https:// or http://", "/url");
  }
  return ok_status();
}

}  // namespace

struct Alerts::Inside {
  store::Store& store;
  Clock& clock;
  Random& random;
  http::Transport& transport;
  mail::Mailer& mailer;
  const Settings settings;
  std::mutex mutex;  // one change of troubles at a time

  std::string link(const std::string& uid) const {
    return settings.url.empty() ? "" : settings.url + "/activations/" + uid;
  }

  // --- Troubles. Each is told when it begins and when it ends.

  Status change(const std::string& uid, const std::string& name, Trouble trouble,
                const std::optional<Text>& now) {
    const std::lock_guard lock(mutex);
    constexpr int kTries = 20;  // of other servers' changes in between
    for (int tried = 0; tried < kTries; ++tried) {
      const auto kept = TRY(store.record(kTroubles, uid));
      store::Record record{.kind = kTroubles, .key = uid, .json = "{}"};
      if (kept) record = *kept;
      json all = read_json<json>(record.json);
      if (!all.is_object()) all = json::object();
      const std::string key(word(trouble));
      const bool was = all.contains(key);
      if (was == now.has_value()) return ok_status();
      if (now) {
        all[key] = {{"since", iso_utc(clock.now())}, {"title", now->title}};
      } else {
        all.erase(key);
      }
      record.json = all.dump();
      const Status written = store.put_record(record);
      if (!written.ok() && written.error().kind == ErrorKind::conflict) continue;
      TRY(std::move(written));
      const Text text = now ? *now : recovery(trouble, name);
      return post(uid, name, trouble, now.has_value(), text);
    }
    return Error{ErrorKind::conflict, "others kept changing the alerts of an activation",
                 "It is seen at the next run."};
  }

  static Text recovery(Trouble trouble, const std::string& name) {
    switch (trouble) {
      case Trouble::failed:
        return {fmt::format("`{}` runs again", name), "Its last run was completed.", ""};
      case Trouble::stopped:
        return {fmt::format("`{}` goes on", name), "The guard stops it no longer.", ""};
      case Trouble::rejects:
        return {fmt::format("Iterable takes the people of `{}` again", name),
                "Rejected people are fewer than the limit.", ""};
      case Trouble::size:
        return {fmt::format("`{}` is of a steady size again", name),
                "Its last two runs found about as many members.", ""};
      case Trouble::late:
        return {fmt::format("`{}` is on time again", name), "Its run has begun.", ""};
      case Trouble::drift:
        return {fmt::format("The list of `{}` is true again", name),
                "The last audit found nobody missing and nobody too many.", ""};
    }
    return {};
  }

  // --- Messages.

  Status post(const std::string& uid, const std::string& name, Trouble trouble, bool begins,
              const Text& text) {
    const json message = {{"event", begins ? "trouble" : "recovery"},
                          {"trouble", word(trouble)},
                          {"activation", name},
                          {"activation_uid", uid},
                          {"title", text.title},
                          {"cause", text.cause},
                          {"remedy", text.remedy},
                          {"link", link(uid)},
                          {"at", iso_utc(clock.now())}};
    for (const store::Record& record : TRY(store.records(kChannel))) {
      const Channel channel = TRY(channel_of(record, store));
      const bool wanted = channel.troubles.empty() ||
                          std::find(channel.troubles.begin(), channel.troubles.end(), trouble) !=
                              channel.troubles.end();
      if (!channel.enabled || !wanted) continue;
      TRY(store.put_record({.kind = kMessage,
                            .key = new_id(clock, random),
                            .json = json{{"channel", channel.uid},
                                         {"message", message},
                                         {"tries", 0},
                                         {"next_at", clock.now().time_since_epoch().count()}}
                                        .dump(),
                            .expires_at = clock.now() + kTriedFor}));
    }
    return ok_status();
  }

  static std::string words_of(const json& message) {
    std::string out = text_of(message, "cause");
    if (const std::string remedy = text_of(message, "remedy"); !remedy.empty())
      out += (out.empty() ? "" : "\n\n") + std::string("What to do: ") + remedy;
    if (const std::string to = text_of(message, "link"); !to.empty()) out += "\n\n" + to;
    return out;
  }

  Status send(const Channel& channel, const json& message, const std::stop_token& stop) {
    const std::string title = text_of(message, "title");
    if (channel.kind == Channel::Kind::email)
      return mailer.send({.to = channel.to,
                          .subject = "Rollcall: " + title,
                          .text = title + "\n\n" + words_of(message) + "\n"},
                         stop);
    const std::string body =
        (channel.kind == Channel::Kind::slack
             ? json{{"text", "*" + slack_text(title) + "*\n" + slack_text(words_of(message))}}
             : message)
            .dump(-1, ' ', false, json::error_handler_t::replace);
    http::Request request{.method = "POST",
                          .url = channel.url.reveal(),
                          .headers = {{"Content-Type", "application/json"}},
                          .body = body,
                          .timeout = Millis(20'000),
                          .response_bytes_max = 64 * 1024};
    if (channel.kind == Channel::Kind::webhook && !channel.secret.empty())
      request.headers.emplace_back("X-Rollcall-Signature",
                                   signature(channel.secret, clock.now(), body));
    const http::Answer answer = transport.send(request, stop);
    if (!answer) return answer.error().error;
    if (answer->status >= 200 && answer->status < 300) return ok_status();
    return Error{answer->status == 401 || answer->status == 403 || answer->status == 404
                     ? ErrorKind::denied
                     : ErrorKind::unavailable,
                 fmt::format("the other end answered {}", answer->status),
                 "Check the channel's `url`."};
  }

  // What Slack would take for a mark-up of its own.
  static std::string slack_text(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == '&')
        out += "&amp;";
      else if (c == '<')
        out += "&lt;";
      else if (c == '>')
        out += "&gt;";
      else
        out += c;
    }
    return out;
  }

  Result<store::Record> record_of(const std::string& uid) {
    auto record = TRY(store.record(kChannel, uid));
    if (!record) return Error{ErrorKind::not_found, "there is no alert channel `" + uid + "`"};
    return std::move(*record);
  }

  // How a message of the channel came out, for whoever looks at it.
  Status keep_result(const std::string& uid, const Status& sent) {
    store::Record record = TRY(record_of(uid));
    Channel channel = TRY(channel_of(record, store));
    channel.told_at = clock.now();
    channel.failure = sent.ok() ? "" : sent.error().text();
    record.json = json_of(channel, store).dump();
    const Status written = store.put_record(record);
    // Somebody else's is as new.
    return !written.ok() && written.error().kind == ErrorKind::conflict ? ok_status() : written;
  }

  Status deliver_one(store::Record record, const std::stop_token& stop) {
    json on_its_way = read_json<json>(record.json);
    const int64_t tries = on_its_way.value("tries", int64_t{0});
    const int64_t now = clock.now().time_since_epoch().count();
    // Claimed first: another server then leaves it alone.
    on_its_way["next_at"] = now + kClaim.count();
    on_its_way["tries"] = tries + 1;
    record.json = on_its_way.dump();
    const Status claimed = store.put_record(record);
    if (!claimed.ok()) return claimed.error().kind == ErrorKind::conflict ? ok_status() : claimed;
    const std::string uid = text_of(on_its_way, "channel");
    const auto kept = TRY(store.record(kChannel, uid));
    if (!kept) return remove_message(record.key);  // its channel is gone
    const Channel channel = TRY(channel_of(*kept, store));
    const Status sent = channel.enabled ? send(channel, on_its_way["message"], stop) : ok_status();
    if (channel.enabled) TRY(keep_result(uid, sent));
    if (sent.ok()) return remove_message(record.key);
    const auto again = TRY(store.record(kMessage, record.key));
    if (!again) return ok_status();
    const Millis wait =
        std::min(kFirstRetry * (int64_t{1} << std::min<int64_t>(tries, 20)), kMostRetry);
    on_its_way["next_at"] = clock.now().time_since_epoch().count() + wait.count();
    store::Record later = *again;
    later.json = on_its_way.dump();
    const Status put = store.put_record(later);
    return !put.ok() && put.error().kind == ErrorKind::conflict ? ok_status() : put;
  }

  Status remove_message(const std::string& key) {
    (void)TRY(store.remove_record(kMessage, key));
    return ok_status();
  }
};

Alerts::Alerts(store::Store& store, Clock& clock, Random& random, http::Transport& transport,
               mail::Mailer& mailer, Settings settings)
    : inside_(new Inside{store, clock, random, transport, mailer, std::move(settings), {}}) {}
Alerts::~Alerts() = default;

Result<std::vector<Channel>> Alerts::channels() {
  std::vector<Channel> out;
  for (const store::Record& record : TRY(inside_->store.records(kChannel)))
    out.push_back(TRY(channel_of(record, inside_->store)));
  std::sort(out.begin(), out.end(),
            [](const Channel& a, const Channel& b) { return a.name < b.name; });
  return out;
}

Result<Channel> Alerts::put(Channel channel) {
  store::Record record{.kind = kChannel, .key = channel.uid, .json = {}};
  if (channel.uid.empty()) {
    record.key = channel.uid = new_id(inside_->clock, inside_->random);
  } else {
    record = TRY(inside_->record_of(channel.uid));
    const Channel before = TRY(channel_of(record, inside_->store));
    if (channel.url.empty()) channel.url = before.url;
    if (channel.secret.empty()) channel.secret = before.secret;
    channel.told_at = before.told_at;
    channel.failure = before.failure;
  }
  TRY(check(channel));
  for (const Channel& other : TRY(channels()))
    if (other.name == channel.name && other.uid != channel.uid)
      return Error{.kind = ErrorKind::conflict,
                   .message = "another channel bears this name",
                   .code = "name_taken"};
  record.json = json_of(channel, inside_->store).dump();
  TRY(inside_->store.put_record(record));
  return channel;
}

Status Alerts::remove(const std::string& uid) {
  if (TRY(inside_->store.remove_record(kChannel, uid))) return ok_status();
  return Error{ErrorKind::not_found, "there is no alert channel `" + uid + "`"};
}

Status Alerts::test(const std::string& uid, const std::stop_token& stop) {
  const Channel channel = TRY(channel_of(TRY(inside_->record_of(uid)), inside_->store));
  const Status sent = inside_->send(channel,
                                    {{"event", "test"},
                                     {"title", "a test of the channel `" + channel.name + "`"},
                                     {"cause", "Somebody pressed the button. Nothing is wrong."},
                                     {"remedy", ""},
                                     {"link", inside_->settings.url},
                                     {"at", iso_utc(inside_->clock.now())}},
                                    stop);
  TRY(inside_->keep_result(uid, sent));
  return sent;
}

Status Alerts::ended(const std::string& uid, const std::string& name, bool audit,
                     const std::string& report_json, const std::string& error_json) {
  const json report = read_json<json>(report_json);
  const json error = read_json<json>(error_json);
  const auto set = [&](Trouble trouble, bool is_there, const Text& text) {
    return inside_->change(uid, name, trouble, is_there ? std::optional(text) : std::nullopt);
  };
  if (audit) {
    if (!report.is_object()) return ok_status();  // what could not be read says nothing
    const int64_t missing = report.value("missing", int64_t{0});
    const int64_t extra = report.value("extra", int64_t{0});
    return set(Trouble::drift, missing + extra > 0,
               {fmt::format("The list of `{}` is not what it should be", name),
                fmt::format("An audit found {} missing and {} too many on it.", thousands(missing),
                            thousands(extra)),
                "Look at them with an audit, and repair: `rollcall audit --repair`."});
  }
  const std::string status = text_of(report, "status");
  if (status == "interrupted") return ok_status();
  const bool has_failed = status == "failed" || status.empty();
  const json& why = report.is_object() && report.contains("error") && report["error"].is_object()
                        ? report["error"]
                        : error;
  TRY(set(Trouble::stopped, status == "stopped",
          {fmt::format("The guard stopped `{}`", name), text_of(why, "message"),
           text_of(why, "remedy")}));
  if (status != "stopped")
    TRY(set(Trouble::failed, has_failed,
            {fmt::format("`{}` failed", name), text_of(why, "message"), text_of(why, "remedy")}));
  if (has_failed || status == "stopped") return ok_status();
  const int64_t members = count_of(report, "segment", "members");
  const int64_t rejected = count_of(report, "standing", "rejected");
  TRY(set(
      Trouble::rejects,
      rejected >= inside_->settings.rejects_least && members > 0 &&
          static_cast<double>(rejected) >
              inside_->settings.rejects_share * static_cast<double>(members),
      {fmt::format("Iterable rejects many people of `{}`", name),
       fmt::format("{} of {} members are rejected ({}).", thousands(rejected), thousands(members),
                   share(static_cast<double>(rejected) /
                         static_cast<double>(std::max<int64_t>(members, 1)))),
       "See who and why: `rollcall rejects`."}));
  // Against the run before.
  const auto runs = TRY(inside_->store.runs(uid, 20));
  std::optional<int64_t> before;
  bool is_past = false;
  for (const store::RunRow& row : runs) {
    if (row.run_id == text_of(report, "run_id")) {
      is_past = true;
      continue;
    }
    if (!is_past || !row.status.starts_with("completed")) continue;
    before = count_of(read_json<json>(row.report_json), "segment", "members");
    break;
  }
  if (!before) return ok_status();
  const int64_t difference = std::abs(members - *before);
  return set(
      Trouble::size,
      difference >= inside_->settings.size_least &&
          static_cast<double>(difference) >
              inside_->settings.size_share * static_cast<double>(*before),
      {fmt::format("`{}` changed its size", name),
       fmt::format("It had {} members at the run before, and has {} now.", thousands(*before),
                   thousands(members)),
       "If that is as it should be, there is nothing to do; else look at the segment and its "
       "data."});
}

Status Alerts::rests(const std::string& uid, const std::string& name, const std::string& problem,
                     const std::string& remedy) {
  if (problem.empty()) return ok_status();  // its next run says that it is well
  return inside_->change(uid, name, Trouble::failed,
                         Text{fmt::format("`{}` rests until something is mended", name), problem,
                              remedy.empty() ? "It goes on by itself once it is." : remedy});
}

Status Alerts::wait(const std::vector<Waiting>& all) {
  std::set<std::string> late;  // those of whom it is told already
  for (const store::Record& record : TRY(inside_->store.records(kTroubles)))
    if (const json troubles = read_json<json>(record.json);
        troubles.is_object() && troubles.contains(std::string(word(Trouble::late))))
      late.insert(record.key);
  for (const Waiting& one : all) {
    const bool is_late = one.due && inside_->clock.now() - *one.due > inside_->settings.late_after;
    if (is_late == late.contains(one.uid)) continue;
    TRY(inside_->change(
        one.uid, one.name, Trouble::late,
        is_late ? std::optional(
                      Text{fmt::format("`{}` is late", one.name),
                           fmt::format("It is due since {} and has not begun.", iso_utc(*one.due)),
                           "Look at what runs; more may run at once with `runs-at-once`."})
                : std::nullopt));
  }
  return ok_status();
}

Millis Alerts::deliver(const std::stop_token& stop) {
  const auto all = inside_->store.records(kMessage);
  if (!all.ok()) return kLookEvery;
  for (const store::Record& record : *all) {
    if (stop.stop_requested()) break;
    const json on_its_way = read_json<json>(record.json);
    if (!on_its_way.is_object() ||
        on_its_way.value("next_at", int64_t{0}) > inside_->clock.now().time_since_epoch().count())
      continue;
    (void)inside_->deliver_one(record, stop);  // what the store did not keep is tried again
  }
  return kLookEvery;
}

std::string Alerts::signature(const Secret& secret, Time now, std::string_view body) {
  const std::string seconds = std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  const std::string signed_text = seconds + "." + std::string(body);
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state,
                              reinterpret_cast<const unsigned char*>(secret.reveal().data()),
                              secret.reveal().size());
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(signed_text.data()),
                                signed_text.size());
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> mac{};
  crypto_auth_hmacsha256_final(&state, mac.data());
  std::array<char, 2 * crypto_auth_hmacsha256_BYTES + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), mac.data(), mac.size());
  return "t=" + seconds + ",v1=" + hex.data();
}

Result<std::optional<std::string>> reseal(const store::Record& record,
                                          const store::Store::Sealing& sealing) {
  if (record.kind != kChannel) return std::optional<std::string>();
  json channel = read_json<json>(record.json);
  for (const char* what : {"url", "secret"}) {
    const std::string sealed = text_of(channel, what);
    if (sealed.empty()) continue;
    const std::string place = place_of(record.key, what);
    channel[what] = sealing.seal(TRY(sealing.unseal(sealed, place)), place);
  }
  return std::optional(channel.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace rollcall::alerts
