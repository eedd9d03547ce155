// Bytes to and from one connection, plain or over TLS. All of it on the thread of the connections;
// a read and a write may be under way side by side, and two of a kind may not.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>

#include "http_server/http_server.hpp"

namespace rollcall::http_server {

class Stream {
 public:
  using Done = std::function<void(const boost::system::error_code&, size_t)>;
  virtual ~Stream() = default;
  virtual void handshake(std::function<void(bool well)> done) = 0;
  virtual void read_some(char* to, size_t size, Done done) = 0;
  virtual void write_some(const char* from, size_t size, Done done) = 0;
  // Says that nothing more comes. What the other side sends may still be read.
  virtual void finish(std::function<void()> done) = 0;
  // At once. `hard`: so that the other side cannot take it for an orderly end.
  virtual void close(bool hard) = 0;
};

using MakeStream = std::function<std::unique_ptr<Stream>(boost::asio::ip::tcp::socket)>;

MakeStream plain_streams();
// Errors: invalid (a file is not there, or not what it should be).
Result<MakeStream> tls_streams(const std::filesystem::path& certificate,
                               const std::filesystem::path& private_key);

// For both: how a socket is closed.
void close_socket(boost::asio::ip::tcp::socket& socket, bool hard);

}  // namespace rollcall::http_server
