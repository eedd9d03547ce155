// Channels of alerts.
#include "alerts/alerts.hpp"

#include "api/routes.hpp"
#include "base/json.hpp"

namespace rollcall::api {
namespace {

using alerts::Channel;
using alerts::Trouble;

json json_of(const Channel& channel) {
  json troubles = json::array();
  for (const Trouble one : channel.troubles) troubles.push_back(word(one));
  return {{"uid", channel.uid},
          {"name", channel.name},
          {"kind", word(channel.kind)},
          {"to", channel.to},
          {"url", channel.url.empty() ? json(nullptr) : json("stored")},
          {"secret", channel.secret.empty() ? json(nullptr) : json("stored")},
          {"troubles", std::move(troubles)},
          {"enabled", channel.enabled},
          {"told_at", channel.told_at ? json(iso_utc(*channel.told_at)) : json(nullptr)},
          {"failure", channel.failure.empty() ? json(nullptr) : json(channel.failure)}};
}

Error wrong(const char* message, const char* pointer) {
  return {.kind = ErrorKind::invalid,
          .message = message,
          .code = "value_invalid",
          .place = ErrorPlace{.pointer = pointer}};
}

Result<std::vector<std::string>> texts_field(const json& body, const char* key) {
  std::vector<std::string> out;
  const auto at = body.find(key);
  if (at == body.end()) return out;
  const std::string pointer = std::string("/") + key;
  if (!at->is_array()) return wrong("must be a list of texts", pointer.c_str());
  for (const json& one : *at) {
    if (!one.is_string()) return wrong("must be a list of texts", pointer.c_str());
    out.push_back(one);
  }
  return out;
}

// What is not given, or reads `stored`, stays as it is.
Result<Secret> secret_field(const json& body, const char* key) {
  if (body.contains(key) && body[key].is_null()) return Secret();
  const std::string text = TRY(text_field(body, key, false));
  return text == "stored" ? Secret() : Secret(text);
}

Result<Channel> channel_of(const Ask& ask) {
  const json body = TRY(ask.body());
  TRY(only_fields(body, {"uid", "name", "kind", "to", "url", "secret", "troubles", "enabled",
                         "told_at", "failure"}));
  Channel out{.name = TRY(text_field(body, "name"))};
  const auto kind = from_word<Channel::Kind>(TRY(text_field(body, "kind")));
  if (!kind) return wrong("`kind` must be email, slack or webhook", "/kind");
  out.kind = *kind;
  out.to = TRY(texts_field(body, "to"));
  out.url = TRY(secret_field(body, "url"));
  out.secret = TRY(secret_field(body, "secret"));
  for (const std::string& text : TRY(texts_field(body, "troubles"))) {
    const auto trouble = from_word<Trouble>(text);
    if (!trouble) return wrong("`troubles` holds a word that is none", "/troubles");
    out.troubles.push_back(*trouble);
  }
  out.enabled = !body.contains("enabled") || TRY(flag_field(body, "enabled"));
  return out;
}

Result<Channel> one_of(const Ask& ask) {
  for (Channel& one : TRY(ask.shared.alerts.channels()))
    if (one.uid == ask.uid()) return std::move(one);
  return Error{ErrorKind::not_found, "there is no alert channel `" + ask.uid() + "`"};
}

}  // namespace

Result<Response> list_alerts(const Ask& ask) {
  const auto all = TRY(ask.shared.alerts.channels());
  return page_of(
      ask, all, [](const Channel& one) { return one.uid; },
      [](const Channel& one) { return json_of(one); });
}

Result<Response> get_alert(const Ask& ask) { return answer(json_of(TRY(one_of(ask)))); }

Result<Response> make_alert(const Ask& ask) {
  const Channel made = TRY(ask.shared.alerts.put(TRY(channel_of(ask))));
  TRY(ask.log("created", "alert", made.uid, made.name, "", json_of(made).dump()));
  Response out = answer(json_of(made), 201);
  out.headers.emplace_back("Location", "/api/v1/alerts/" + made.uid);
  return out;
}

Result<Response> put_alert(const Ask& ask) {
  const Channel before = TRY(one_of(ask));
  Channel changed = TRY(channel_of(ask));
  changed.uid = ask.uid();
  const Channel now = TRY(ask.shared.alerts.put(std::move(changed)));
  TRY(ask.log("changed", "alert", now.uid, now.name, json_of(before).dump(), json_of(now).dump()));
  return answer(json_of(now));
}

Result<Response> delete_alert(const Ask& ask) {
  const Channel was = TRY(one_of(ask));
  TRY(ask.shared.alerts.remove(was.uid));
  TRY(ask.log("removed", "alert", was.uid, was.name, json_of(was).dump()));
  return Response{.status = 204};
}

// Sends a message that says it is a test; how it came out is told, and kept with the channel.
Result<Response> test_alert(const Ask& ask) {
  const Channel channel = TRY(one_of(ask));
  const Place place = TRY(Place::take(ask.shared));
  const Status sent = ask.shared.alerts.test(channel.uid, ask.stop);
  TRY(ask.log("tested", "alert", channel.uid, channel.name));
  return answer({{"delivered", sent.ok()},
                 {"failure", sent.ok() ? json(nullptr) : json(sent.error().text())}});
}

}  // namespace rollcall::api
