#include <boost/asio/ssl.hpp>
#include <utility>

#include "http_server/stream.hpp"

namespace rollcall::http_server {
namespace {

namespace asio = boost::asio;
using Code = boost::system::error_code;
using Context = asio::ssl::context;

class TlsStream : public Stream {
 public:
  TlsStream(asio::ip::tcp::socket socket, std::shared_ptr<Context> context)
      : context_(std::move(context)), stream_(std::move(socket), *context_) {}

  void handshake(std::function<void(bool)> done) override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [done = std::move(done)](const Code& code) { done(!code); });
  }
  void read_some(char* to, size_t size, Done done) override {
    stream_.async_read_some(asio::buffer(to, size), std::move(done));
  }
  void write_some(const char* from, size_t size, Done done) override {
    stream_.async_write_some(asio::buffer(from, size), std::move(done));
  }
  void finish(std::function<void()> done) override {
    // Also waits for the other side to say the same.
    stream_.async_shutdown([done = std::move(done)](const Code&) { done(); });
  }
  void close(bool hard) override { close_socket(stream_.next_layer(), hard); }

 private:
  const std::shared_ptr<Context> context_;
  asio::ssl::stream<asio::ip::tcp::socket> stream_;
};

Error unusable(const std::filesystem::path& path, std::string_view what, std::string_view remedy) {
  return {ErrorKind::invalid, path.string() + " cannot be used as " + std::string(what),
          std::string(remedy)};
}

Status load(Context& context, const std::filesystem::path& certificate,
            const std::filesystem::path& private_key) {
  Code code;
  // Otherwise OpenSSL asks at the terminal.
  context.set_password_callback([](size_t, Context::password_purpose) { return ""; }, code);
  context.use_certificate_chain_file(certificate.string(), code);
  if (code)
    return unusable(certificate, "the certificate",
                    "See that the file is there, may be read, and is PEM: the server's "
                    "certificate first, then those that signed it.");
  context.use_private_key_file(private_key.string(), Context::pem, code);
  if (code)
    return unusable(private_key, "the private key of " + certificate.string(),
                    "See that the file is there, may be read, is PEM without a passphrase, and "
                    "belongs to that certificate.");
  return ok_status();
}

}  // namespace

Result<MakeStream> tls_streams(const std::filesystem::path& certificate,
                               const std::filesystem::path& private_key) {
  if (certificate.empty() || private_key.empty())
    return Error{ErrorKind::invalid, "TLS needs a certificate and its private key",
                 "Name both files, or neither."};
  auto context = std::make_shared<Context>(Context::tls_server);
  TRY(load(*context, certificate, private_key));
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Connections that only listen are many, and keep no buffer then.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  return MakeStream([context](asio::ip::tcp::socket socket) {
    return std::make_unique<TlsStream>(std::move(socket), context);
  });
}

}  // namespace rollcall::http_server
