#include <boost/asio/buffer.hpp>
#include <utility>

#include "http_server/stream.hpp"

namespace rollcall::http_server {
namespace {

namespace asio = boost::asio;
using Code = boost::system::error_code;

class PlainStream : public Stream {
 public:
  explicit PlainStream(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

  void handshake(std::function<void(bool)> done) override { done(true); }
  void read_some(char* to, size_t size, Done done) override {
    socket_.async_read_some(asio::buffer(to, size), std::move(done));
  }
  void write_some(const char* from, size_t size, Done done) override {
    socket_.async_write_some(asio::buffer(from, size), std::move(done));
  }
  void finish(std::function<void()> done) override {
    Code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    done();
  }
  void close(bool hard) override { close_socket(socket_, hard); }

 private:
  asio::ip::tcp::socket socket_;
};

}  // namespace

MakeStream plain_streams() {
  return
      [](asio::ip::tcp::socket socket) { return std::make_unique<PlainStream>(std::move(socket)); };
}

void close_socket(asio::ip::tcp::socket& socket, bool hard) {
  Code ignored;
  if (hard) socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

}  // namespace rollcall::http_server
