// Over TLS, with a certificate that openssl makes; the client is OpenSSL's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <filesystem>
#include <fstream>
#include <latch>

#include "http_server/server_test.hpp"

namespace rollcall::http_server {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;

class TlsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string made = (fs::temp_directory_path() / "tls_test.XXXXXX").string();
    CHECK(::mkdtemp(made.data()) != nullptr);
    folder() = made;
    make_key("server");
    make_key("other");
    run("openssl req -x509 -key server.key -subj /CN=localhost -days 2 -out server.pem");
    run("openssl rsa -aes128 -passout pass:x -in server.key -out locked.key");
    std::ofstream(folder() / "no.pem") << "this is none";
  }
  static void TearDownTestSuite() { fs::remove_all(folder()); }

  static fs::path& folder() {
    static fs::path path;
    return path;
  }
  static Settings settings() {
    return {.certificate = folder() / "server.pem", .private_key = folder() / "server.key"};
  }
  static Error error_with(const std::string& certificate, const std::string& key) {
    Settings settings{.port = 0};
    if (!certificate.empty()) settings.certificate = folder() / certificate;
    if (!key.empty()) settings.private_key = folder() / key;
    auto opened = Server::open(settings, nullptr);
    return opened.ok() ? Error{} : opened.error();
  }

 private:
  static void run(const std::string& command) {
    CHECK(std::system(("cd " + folder().string() + " && " + command + " 2>/dev/null").c_str()) ==
          0);
  }
  static void make_key(const std::string& name) {
    run("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out " + name + ".key");
  }
};

// Trusts anybody: what is held here is the server.
class TlsClient {
 public:
  explicit TlsClient(uint16_t port, int version_max = 0) : plain_(port) {
    context_ = SSL_CTX_new(TLS_client_method());
    if (version_max != 0) {
      SSL_CTX_set_security_level(context_, 0);
      SSL_CTX_set_min_proto_version(context_, version_max);
      SSL_CTX_set_max_proto_version(context_, version_max);
    }
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, plain_.socket());
    connected_ = SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    ERR_clear_error();
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] std::string version() const { return SSL_get_version(ssl_); }
  // After an orderly end.
  [[nodiscard]] bool was_told_the_end() const {
    return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0;
  }
  void send(const std::string& bytes) {
    CHECK(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) ==
          static_cast<int>(bytes.size()));
  }
  std::string until(const std::string& text) {
    while (coming_.find(text) == std::string::npos && receive()) {
    }
    const size_t found = coming_.find(text);
    std::string out = coming_.substr(0, found == std::string::npos ? found : found + text.size());
    coming_.erase(0, out.size());
    return out;
  }
  std::string rest() {
    while (receive()) {
    }
    return std::exchange(coming_, {});
  }
  void close() { plain_.close(); }

 private:
  bool receive() {
    std::string piece(16 * 1024, '\0');
    const int size = SSL_read(ssl_, piece.data(), static_cast<int>(piece.size()));
    if (size <= 0) return false;
    coming_.append(piece, 0, static_cast<size_t>(size));
    return true;
  }

  Client plain_;
  SSL_CTX* context_;
  SSL* ssl_;
  bool connected_ = false;
  std::string coming_;
};

TEST_F(TlsTest, Answers) {
  RunningServer server(settings(), [](const Request& request, const std::stop_token&) {
    return Response{.body = request.path + (request.secure ? " is secure" : " is plain")};
  });
  TlsClient client(server.port());
  ASSERT_TRUE(client.connected());
  EXPECT_EQ(client.version(), "TLSv1.3");
  client.send(get("/1"));
  EXPECT_THAT(client.until("\r\n\r\n"), HasSubstr("Strict-Transport-Security: max-age="));
  EXPECT_EQ(client.until("secure"), "/1 is secure");
  client.send(get("/2", "Connection: close\r\n"));
  EXPECT_THAT(client.rest(), EndsWith("/2 is secure"));
  EXPECT_TRUE(client.was_told_the_end());
}

TEST_F(TlsTest, TakesOneTwoAndNothingOlder) {
  RunningServer server(
      settings(), [](const Request&, const std::stop_token&) { return Response{.body = "hello"}; });
  EXPECT_TRUE(TlsClient(server.port(), TLS1_2_VERSION).connected());
  EXPECT_FALSE(TlsClient(server.port(), TLS1_1_VERSION).connected());
  EXPECT_FALSE(TlsClient(server.port(), TLS1_VERSION).connected());
}

TEST_F(TlsTest, ReadsAndGivesLargeBodies) {
  RunningServer server(settings(), [](const Request& request, const std::stop_token&) {
    return Response{.body = request.body};
  });
  std::string body;
  for (int i = 0; body.size() < 3'000'000; ++i) body += std::to_string(i);
  TlsClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n");
  for (size_t at = 0; at < body.size(); at += 100'000) client.send(body.substr(at, 100'000));
  client.until("\r\n\r\n");
  EXPECT_TRUE(client.rest() == body);
}

TEST_F(TlsTest, TellsListenersAndNoticesWhoLeaves) {
  const auto channel = Channel::make();
  RunningServer server(settings(), [&](const Request&, const std::stop_token&) {
    return Response{.channel = channel};
  });
  TlsClient stays(server.port()), leaves(server.port());
  stays.send(get("/"));
  leaves.send(get("/"));
  ASSERT_TRUE(comes_true([&] { return channel->listeners() == 2; }));
  leaves.close();
  EXPECT_TRUE(comes_true([&] { return channel->listeners() == 1; }));
  channel->tell("news");
  EXPECT_THAT(stays.until("news"), EndsWith("news"));
  channel->close();
  EXPECT_THAT(stays.rest(), EndsWith("0\r\n\r\n"));
  EXPECT_TRUE(stays.was_told_the_end());
}

TEST_F(TlsTest, HandlersLearnThatTheReaderIsGone) {
  std::latch reached(1), stopped(1);
  RunningServer server(settings(), [&](const Request&, const std::stop_token& stop) {
    const std::stop_callback on_stop(stop, [&] { stopped.count_down(); });
    reached.count_down();
    stopped.wait();
    return Response{};
  });
  TlsClient client(server.port());
  client.send(get("/"));
  reached.wait();
  client.close();
  stopped.wait();
  EXPECT_TRUE(comes_true([&] { return server.load().connections == 0; }));
}

TEST_F(TlsTest, DropsSlowHandshakes) {
  Settings soon = settings();
  soon.header_timeout = Millis(50);
  RunningServer server(soon, nullptr);
  Client silent(server.port()), plain(server, get("/"));
  EXPECT_EQ(silent.rest(), "");
  EXPECT_EQ(plain.until("HTTP/1.1"), plain.rest());  // it is no answer
  EXPECT_GE(server.load().refused, 1u);
}

TEST_F(TlsTest, SaysWhatIsWrongWithACertificate) {
  struct {
    std::string certificate, key, message, remedy;
  } const all[] = {
      {"none.pem", "server.key", "as the certificate", "See that the file is there"},
      {"no.pem", "server.key", "as the certificate", "is PEM"},
      {"server.pem", "none.key", "as the private key", "See that the file is there"},
      {"server.pem", "locked.key", "as the private key", "without a passphrase"},
      {"server.pem", "other.key", "as the private key", "belongs to that certificate"},
      {"server.pem", "", "needs a certificate and its private key", "both files, or neither"},
      {"", "server.key", "needs a certificate and its private key", "both files, or neither"}};
  for (const auto& one : all) {
    const Error error = error_with(one.certificate, one.key);
    EXPECT_EQ(error.kind, ErrorKind::invalid);
    EXPECT_THAT(error.message, HasSubstr(one.message)) << one.certificate << " " << one.key;
    EXPECT_THAT(error.remedy, HasSubstr(one.remedy)) << one.certificate << " " << one.key;
  }
}

}  // namespace
}  // namespace rollcall::http_server
