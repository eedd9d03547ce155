#include "sim/server.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "sim/http.hpp"

namespace sim {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using Error = boost::system::error_code;

// Read in full so that 413 can be answered in peace; above that the connection is closed. The side
// door takes as much: a million contacts as NDJSON are about 60 MB.
constexpr uint64_t kBodyMax = 1'000'000'000;
constexpr uint64_t kApiBodyMax = 64'000'000;
constexpr size_t kConnectionsMax = 512;
constexpr int kSendTimeoutS = 120;

// Closing with a linger of 0 sends RST: the client sees a reset, not an end.
void reset(tcp::socket& socket) {
  Error ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

std::string head_of(const Response& response, int64_t now_ms, bool keep_alive, bool chunked) {
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\nConnection: {}\r\n", response.status,
                  std::string(http::obsolete_reason(static_cast<http::status>(response.status))),
                  http_date(now_ms), keep_alive ? "keep-alive" : "close");
  if (!response.content_type.empty()) {
    head += fmt::format("Content-Type: {}\r\n", response.content_type);
  }
  for (const auto& [name, value] : response.headers) head += fmt::format("{}: {}\r\n", name, value);
  if (chunked) {
    head += "Transfer-Encoding: chunked\r\n\r\n";
  } else {
    head += fmt::format("Content-Length: {}\r\n\r\n", response.body.size());
  }
  return head;
}

}  // namespace

struct Server::Impl {
  explicit Impl(Service& given) : service(given), acceptor(context) {}

  struct Connection {
    explicit Connection(tcp::socket given) : socket(std::move(given)) {}
    tcp::socket socket;
    std::thread thread;
    bool done = false;
  };

  void serve(Connection& connection);
  bool answer(tcp::socket& socket, Response& response, bool keep_alive, bool head_only);
  void reap();

  Service& service;
  asio::io_context context;
  tcp::acceptor acceptor;

  std::mutex mutex;  // guards what follows
  std::list<Connection> connections;
  bool stopping = false;
};

Server::Server(Service& service) : impl_(std::make_unique<Impl>(service)) {}

Server::~Server() { stop(); }

std::string Server::listen(const std::string& address) {
  size_t colon = address.rfind(':');
  if (colon == std::string::npos) return "--listen takes ADDRESS:PORT";
  auto port = parse_int(std::string_view(address).substr(colon + 1));
  if (!port || *port < 0 || *port > 65535) return "the port must be between 0 and 65535";
  std::string host = address.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  Error error;
  auto ip = asio::ip::make_address(host, error);
  if (error) return fmt::format("'{}' is not an IP address", host);
  tcp::endpoint endpoint(ip, static_cast<uint16_t>(*port));
  impl_->acceptor.open(endpoint.protocol(), error);
  if (!error) impl_->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) impl_->acceptor.bind(endpoint, error);
  if (!error) impl_->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return fmt::format("cannot listen on {}: {}", address, error.message());
  return {};
}

uint16_t Server::port() const {
  Error error;
  auto endpoint = impl_->acceptor.local_endpoint(error);
  return error ? uint16_t{0} : endpoint.port();
}

void Server::run() {
  while (true) {
    Error error;
    tcp::socket socket(impl_->context);
    impl_->acceptor.accept(socket, error);
    {
      std::lock_guard lock(impl_->mutex);
      if (impl_->stopping) break;
    }
    if (error) {
      // Out of descriptors, or a client that left at once: neither ends the server.
      Clock::rest();
      continue;
    }
    impl_->reap();
    if (impl_->service.project().faults.draw_refusal()) {
      reset(socket);
      continue;
    }
    Error ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    timeval timeout{kSendTimeoutS, 0};
    setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    std::lock_guard lock(impl_->mutex);
    if (impl_->connections.size() >= kConnectionsMax) {
      reset(socket);
      continue;
    }
    auto& connection = impl_->connections.emplace_back(std::move(socket));
    connection.thread = std::thread([this, &connection] { impl_->serve(connection); });
  }
  // From here nobody adds connections.
  for (auto& connection : impl_->connections) {
    if (connection.thread.joinable()) connection.thread.join();
  }
  impl_->connections.clear();
}

void Server::stop() {
  impl_->service.project().clock.stop();
  std::lock_guard lock(impl_->mutex);
  if (impl_->stopping) return;
  impl_->stopping = true;
  // shutdown, not close: the descriptors stay valid for the threads that wait on them.
  ::shutdown(impl_->acceptor.native_handle(), SHUT_RDWR);
  for (auto& connection : impl_->connections) {
    if (!connection.done) ::shutdown(connection.socket.native_handle(), SHUT_RDWR);
  }
}

void Server::Impl::reap() {
  std::list<Connection> ended;
  {
    std::lock_guard lock(mutex);
    for (auto it = connections.begin(); it != connections.end();) {
      auto next = std::next(it);
      if (it->done) ended.splice(ended.end(), connections, it);
      it = next;
    }
  }
  for (auto& connection : ended) connection.thread.join();
}

void Server::Impl::serve(Connection& connection) {
  tcp::socket& socket = connection.socket;
  beast::flat_buffer buffer;
  Error error;
  std::string peer;
  if (auto endpoint = socket.remote_endpoint(error); !error) peer = endpoint.address().to_string();
  while (true) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(kBodyMax);
    parser.header_limit(64 * 1024);
    http::read_header(socket, buffer, parser, error);
    if (error) {
      if (error != http::error::end_of_stream && error != asio::error::eof &&
          error.category() == http::make_error_code(http::error::bad_target).category()) {
        Response bad;
        bad.status = 400;
        bad.content_type = "text/plain";
        bad.body = "Bad request";
        answer(socket, bad, false, false);
      }
      break;
    }
    std::string target(parser.get().target());
    parser.body_limit(target.starts_with("/_sim/") ? kBodyMax : kApiBodyMax);
    if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      asio::write(socket, asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25), error);
      if (error) break;
    }
    http::read(socket, buffer, parser, error);
    if (error == http::error::body_limit) {
      Response too_large;
      too_large.status = 413;
      too_large.content_type = "text/html";
      too_large.body = "<html><head><title>413 Request Entity Too Large</title></head></html>";
      answer(socket, too_large, false, false);
    }
    if (error) break;

    auto message = parser.release();
    Request request;
    request.method = std::string(message.method_string());
    request.target = std::move(target);
    request.peer_ip = peer;
    for (const auto& field : message) {
      request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    bool keep_alive = message.keep_alive();
    bool head_only = message.method() == http::verb::head;
    request.body = std::move(message.body());
    Response response;
    try {
      response = service.handle(request);
    } catch (const std::exception& e) {
      // A fault of the simulator's own. It must not end the run, but it must not look like one of
      // the service's errors either.
      fmt::print(stderr, "iterable-sim: {} failed: {}\n", request.method, e.what());
      response.status = 599;
      response.content_type = "text/plain";
      response.body = "iterable-sim: internal error\n";
    }
    if (!answer(socket, response, keep_alive, head_only)) break;
  }
  std::lock_guard lock(mutex);
  if (socket.is_open()) {
    // An orderly end; what the client still sends is not read.
    socket.shutdown(tcp::socket::shutdown_send, error);
    if (!stopping) socket.close(error);
  }
  connection.done = true;
}

// False if the connection is to end.
bool Server::Impl::answer(tcp::socket& socket, Response& response, bool keep_alive,
                          bool head_only) {
  if (response.delivery.delay_ms > 0) service.project().clock.wait_ms(response.delivery.delay_ms);
  if (response.delivery.reset) {
    std::lock_guard lock(mutex);
    reset(socket);
    return false;
  }
  bool chunked = response.next_chunk != nullptr;
  keep_alive = keep_alive && !response.delivery.cut_body && !response.close;
  Error error;
  std::string head = head_of(response, service.project().clock.now_ms(), keep_alive, chunked);
  if (!chunked) {
    size_t size = response.delivery.cut_body ? response.body.size() / 2 : response.body.size();
    if (head_only) size = 0;
    std::array<asio::const_buffer, 2> parts = {asio::buffer(head),
                                               asio::buffer(response.body.data(), size)};
    asio::write(socket, parts, error);
    return !error && keep_alive;
  }
  asio::write(socket, asio::buffer(head), error);
  std::string chunk;
  while (!error && !head_only && response.next_chunk(chunk)) {
    if (chunk.empty()) continue;
    if (response.delivery.cut_body) chunk.resize(chunk.size() / 2);
    std::string size_line = fmt::format("{:x}\r\n", chunk.size());
    std::array<asio::const_buffer, 3> parts = {asio::buffer(size_line), asio::buffer(chunk),
                                               asio::buffer("\r\n", 2)};
    asio::write(socket, parts, error);
    if (response.delivery.cut_body) return false;
  }
  if (!error) asio::write(socket, asio::buffer("0\r\n\r\n", 5), error);
  return !error && keep_alive;
}

}  // namespace sim
