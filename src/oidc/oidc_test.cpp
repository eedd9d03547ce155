// The flow against a provider in memory whose keys cjose has made, and everything a token may lie
// about. A real provider stands in tests/cli/test_oidc.py.
#include "oidc/oidc.hpp"

#include <cjose/cjose.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"

namespace rollcall::oidc {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kIssuer = "https://login.example.com";
constexpr const char* kBack = "https://rollcall.example.com/api/v1/sign-in/provider/callback";

struct FreeJwk {
  void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
};
using Jwk = std::unique_ptr<cjose_jwk_t, FreeJwk>;

Jwk named(cjose_jwk_t* key, const std::string& kid) {
  EXPECT_TRUE(cjose_jwk_set_kid(key, kid.c_str(), kid.size(), nullptr));
  return Jwk(key);
}
Jwk rsa(const std::string& kid) {
  const unsigned char exponent[] = {1, 0, 1};
  return named(cjose_jwk_create_RSA_random(2048, exponent, sizeof exponent, nullptr), kid);
}
json public_part(const Jwk& key) {
  char* const text = cjose_jwk_to_json(key.get(), false, nullptr);
  json out = json::parse(text);
  cjose_get_dealloc()(text);
  return out;
}

std::string signed_by(const Jwk& key, const std::string& algorithm, const std::string& claims) {
  cjose_header_t* const header = cjose_header_new(nullptr);
  cjose_header_set(header, "alg", algorithm.c_str(), nullptr);
  if (const char* const kid = cjose_jwk_get_kid(key.get(), nullptr); kid != nullptr)
    cjose_header_set(header, "kid", kid, nullptr);
  cjose_jws_t* const jws = cjose_jws_sign(
      key.get(), header, reinterpret_cast<const uint8_t*>(claims.data()), claims.size(), nullptr);
  EXPECT_NE(jws, nullptr) << algorithm;
  const char* text = nullptr;
  cjose_jws_export(jws, &text, nullptr);
  std::string out = text == nullptr ? "" : text;
  cjose_jws_release(jws);
  cjose_header_release(header);
  return out;
}

// Answers by address, and remembers what it was asked.
class Scripted : public http::Transport {
 public:
  http::Answer send(const http::Request& request, const std::stop_token&) override {
    asked.push_back(request);
    const auto at = answers.find(request.url);
    if (at == answers.end())
      return tl::unexpected(
          http::Failure{Error{ErrorKind::unavailable, "no answer from " + request.url}, false});
    return at->second;
  }
  void put(const std::string& url, const json& body, int status = 200) {
    answers[url] = {.status = status, .body = body.dump()};
  }
  size_t times(const std::string& url) const {
    return static_cast<size_t>(
        std::count_if(asked.begin(), asked.end(), [&](const auto& one) { return one.url == url; }));
  }
  std::map<std::string, http::Response> answers;
  std::vector<http::Request> asked;
};

class OidcTest : public testing::Test {
 protected:
  OidcTest() {
    transport_.put(std::string(kIssuer) + "/.well-known/openid-configuration",
                   {{"issuer", kIssuer},
                    {"authorization_endpoint", "https://login.example.com/authorize"},
                    {"token_endpoint", "https://login.example.com/token"},
                    {"jwks_uri", "https://login.example.com/keys"},
                    {"userinfo_endpoint", "https://login.example.com/me"}});
    publish(json::array({public_part(key_)}));
    begin();
  }
  void begin() {
    const auto begun = provider_.begin(kBack, {});
    ASSERT_TRUE(begun.ok()) << begun.error().text();
    url_ = begun->url;
    pending_ = begun->pending;
  }
  void publish(const json& keys) {
    transport_.put("https://login.example.com/keys", {{"keys", keys}});
  }
  int64_t now() const {
    return std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch())
        .count();
  }
  json claims() const {
    return {{"iss", kIssuer},      {"aud", "rollcall"},      {"sub", "248289761001"},
            {"exp", now() + 300},  {"iat", now()},           {"nonce", pending_.nonce},
            {"email", "ada@x.co"}, {"email_verified", true}, {"name", "Ada"}};
  }
  Result<Person> came_back(const std::string& token) {
    transport_.put("https://login.example.com/token",
                   {{"id_token", token}, {"access_token", "at"}, {"token_type", "Bearer"}});
    return provider_.finish(pending_, "the-code", {});
  }
  Result<Person> came_back(const json& claims) {
    return came_back(signed_by(key_, "RS256", claims.dump()));
  }
  std::string refused(const json& claims) {
    const auto person = came_back(claims);
    if (person.ok()) return "let in";
    EXPECT_EQ(person.error().kind, ErrorKind::denied);
    EXPECT_FALSE(person.error().remedy.empty());
    return person.error().message;
  }

  mutable ManualClock clock_{Time(Millis(1'800'000'000'000))};
  SeededRandom random_{7};
  Scripted transport_;
  Jwk key_ = rsa("k1");
  Provider provider_{{.issuer = kIssuer, .client_id = "rollcall", .client_secret = Secret("s:e")},
                     transport_,
                     clock_,
                     random_};
  std::string url_;
  Pending pending_;
};

TEST_F(OidcTest, TheBrowserIsSentWithAChallenge) {
  EXPECT_THAT(url_, StartsWith("https://login.example.com/authorize?response_type=code&"));
  EXPECT_THAT(url_, HasSubstr("&code_challenge_method=S256"));
  EXPECT_THAT(url_, HasSubstr("&state=" + pending_.state));
  EXPECT_THAT(url_, HasSubstr("&nonce=" + pending_.nonce));
  EXPECT_THAT(url_, HasSubstr("&redirect_uri=" + http::url_encode(kBack)));
  EXPECT_THAT(url_, testing::Not(HasSubstr(pending_.verifier)));
  EXPECT_EQ(pending_.verifier.size(), 43U);
  const Pending first = pending_;
  begin();
  EXPECT_NE(first.state, pending_.state);
  EXPECT_NE(first.nonce, pending_.nonce);
  EXPECT_NE(first.verifier, pending_.verifier);
}

TEST_F(OidcTest, TheCodeBecomesAPerson) {
  const auto person = came_back(claims());
  ASSERT_TRUE(person.ok()) << person.error().text();
  EXPECT_EQ(person->issuer, kIssuer);
  EXPECT_EQ(person->subject, "248289761001");
  EXPECT_EQ(person->email, "ada@x.co");
  EXPECT_TRUE(person->email_verified);
  EXPECT_EQ(person->name, "Ada");
  const http::Request& asked = *std::find_if(
      transport_.asked.begin(), transport_.asked.end(),
      [](const http::Request& one) { return one.url == "https://login.example.com/token"; });
  EXPECT_THAT(asked.body, HasSubstr("grant_type=authorization_code&code=the-code"));
  EXPECT_THAT(asked.body, HasSubstr("code_verifier=" + pending_.verifier));
  EXPECT_TRUE(asked.at_most_once);
  EXPECT_THAT(asked.headers,
              testing::Contains(testing::Pair("Authorization", "Basic cm9sbGNhbGw6cyUzQWU=")));
}

TEST_F(OidcTest, AClaimThatIsNotAsItShouldBeIsNamed) {
  const auto with = [&](const char* key, const json& value) {
    json changed = claims();
    if (value.is_null())
      changed.erase(key);
    else
      changed[key] = value;
    return refused(changed);
  };
  EXPECT_THAT(with("iss", "https://login.example.org"), HasSubstr("`iss`"));
  EXPECT_THAT(with("aud", "another"), HasSubstr("`aud`"));
  EXPECT_THAT(with("aud", nullptr), HasSubstr("`aud`"));
  EXPECT_THAT(with("aud", json::array({"rollcall", "another"})), HasSubstr("`azp`"));
  EXPECT_THAT(with("azp", "another"), HasSubstr("`azp`"));
  EXPECT_THAT(with("exp", now() - 61), HasSubstr("`exp`"));
  EXPECT_THAT(with("exp", "never"), HasSubstr("`exp`"));
  EXPECT_THAT(with("exp", nullptr), HasSubstr("`exp`"));
  EXPECT_THAT(with("iat", now() + 120), HasSubstr("`iat`"));
  EXPECT_THAT(with("iat", nullptr), HasSubstr("`iat`"));
  EXPECT_THAT(with("nbf", now() + 120), HasSubstr("`nbf`"));
  EXPECT_THAT(with("nonce", "another"), HasSubstr("`nonce`"));
  EXPECT_THAT(with("nonce", nullptr), HasSubstr("`nonce`"));
  EXPECT_THAT(with("sub", ""), HasSubstr("`sub`"));
  EXPECT_THAT(with("sub", std::string(300, 'x')), HasSubstr("`sub`"));
  json several = claims();
  several["aud"] = {"rollcall", "another"};
  several["azp"] = "rollcall";
  EXPECT_EQ(refused(several), "let in");
  EXPECT_EQ(with("exp", now() - 59), "let in") << "clocks differ a little";
}

TEST_F(OidcTest, OnlyThePublicKeysOfTheProviderSign) {
  const std::string text = claims().dump();
  const auto says = [&](const std::string& token) {
    const auto person = came_back(token);
    return person.ok() ? "let in" : person.error().message;
  };
  EXPECT_THAT(says(base64url(R"({"alg":"none"})") + "." + base64url(text) + "."),
              HasSubstr("algorithm"));
  // The public key, which everybody has, as a shared secret.
  const std::string known = public_part(key_).dump();
  const Jwk shared = named(cjose_jwk_create_oct_spec(reinterpret_cast<const uint8_t*>(known.data()),
                                                     known.size(), nullptr),
                           "k1");
  EXPECT_THAT(says(signed_by(shared, "HS256", text)), HasSubstr("algorithm"));
  const Jwk another = rsa("k1");
  EXPECT_THAT(says(signed_by(another, "RS256", text)), HasSubstr("signature"));
  std::string changed = signed_by(key_, "RS256", text);
  const size_t middle = changed.find('.') + 10;
  changed[middle] = changed[middle] == 'A' ? 'B' : 'A';
  EXPECT_THAT(says(changed), HasSubstr("signature"));
  EXPECT_THAT(says(base64url(R"({"alg":"RS256","kid":"k1","crit":["b64"]})") + ".e30.e30"),
              HasSubstr("demands"));
  for (const char* junk : {"", ".", "..", "a.b.c", "e30.e30.e30"})
    EXPECT_NE(says(junk), "let in") << junk;
  EXPECT_EQ(says(signed_by(key_, "PS384", text)), "let in");
}

TEST_F(OidcTest, AnEllipticKeyIsTakenForItsOwnAlgorithmAlone) {
  const Jwk curve = named(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, nullptr), "e1");
  publish({public_part(key_), public_part(curve)});
  EXPECT_TRUE(came_back(signed_by(curve, "ES256", claims().dump())).ok());
  const std::string lie = base64url(R"({"alg":"RS256","kid":"e1"})");
  const std::string right = signed_by(curve, "ES256", claims().dump());
  EXPECT_FALSE(came_back(lie + right.substr(right.find('.'))).ok());
}

TEST_F(OidcTest, ANewKeyIsAskedForOnceAMinute) {
  ASSERT_TRUE(came_back(claims()).ok());
  const Jwk next = rsa("k2");
  publish({public_part(key_), public_part(next)});
  const std::string token = signed_by(next, "RS256", claims().dump());
  const size_t before = transport_.times("https://login.example.com/keys");
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(came_back(token).ok()) << "asked for a moment ago";
  EXPECT_EQ(transport_.times("https://login.example.com/keys"), before);
  clock_.advance(std::chrono::seconds(61));
  EXPECT_TRUE(came_back(token).ok());
  EXPECT_EQ(transport_.times("https://login.example.com/keys"), before + 1);
}

TEST_F(OidcTest, AnEmailMayComeFromUserinfo) {
  json without = claims();
  without.erase("email");
  without.erase("email_verified");
  transport_.put("https://login.example.com/me",
                 {{"sub", "248289761001"}, {"email", "ada@y.co"}, {"email_verified", "true"}});
  const auto person = came_back(without);
  ASSERT_TRUE(person.ok()) << person.error().text();
  EXPECT_EQ(person->email, "ada@y.co");
  EXPECT_TRUE(person->email_verified);
  transport_.put("https://login.example.com/me", {{"sub", "another"}, {"email", "eve@y.co"}});
  EXPECT_THAT(refused(without), HasSubstr("no e-mail")) << "somebody else's";
}

TEST_F(OidcTest, WhatTheProviderRefusesIsTold) {
  transport_.put("https://login.example.com/token",
                 {{"error", "invalid_grant"}, {"error_description", "the code is spent"}}, 400);
  const auto person = provider_.finish(pending_, "the-code", {});
  EXPECT_EQ(person.error().kind, ErrorKind::denied);
  EXPECT_THAT(person.error().message, HasSubstr("invalid_grant the code is spent"));
}

TEST_F(OidcTest, AProviderThatIsNotWhoItShouldBeIsLeftAlone) {
  clock_.advance(std::chrono::hours(2));
  const std::string at = std::string(kIssuer) + "/.well-known/openid-configuration";
  transport_.put(at, {{"issuer", "https://evil.example.com"}});
  EXPECT_THAT(provider_.begin(kBack, {}).error().message, HasSubstr("names itself"));
  transport_.put(at,
                 {{"issuer", kIssuer}, {"authorization_endpoint", "http://login.example.com/a"}});
  EXPECT_THAT(provider_.begin(kBack, {}).error().message, HasSubstr("https"));
  transport_.answers.erase(at);
  EXPECT_EQ(provider_.begin(kBack, {}).error().kind, ErrorKind::unavailable);
}

TEST(OidcSettings, AnIssuerIsReachedSafely) {
  EXPECT_TRUE(check({.issuer = kIssuer, .client_id = "a"}).ok());
  EXPECT_TRUE(check({.issuer = "http://127.0.0.1:3000", .client_id = "a"}).ok());
  EXPECT_FALSE(check({.issuer = "http://login.example.com", .client_id = "a"}).ok());
  EXPECT_FALSE(check({.issuer = kIssuer, .client_id = ""}).ok());
}

}  // namespace
}  // namespace rollcall::oidc
