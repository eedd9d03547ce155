#include <netinet/tcp.h>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "http_server/answer.hpp"
#include "http_server/session.hpp"

namespace rollcall::http_server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Code = boost::system::error_code;

constexpr Millis kPause{50};  // when there is no descriptor for another connection

Error cannot_listen(const Settings& settings, const Code& code) {
  const std::string where = settings.address + ", port " + std::to_string(settings.port);
  if (code == asio::error::address_in_use)
    return {ErrorKind::conflict, "somebody else listens at " + where,
            "Choose another port, or end what listens there."};
  if (code == asio::error::access_denied)
    return {ErrorKind::denied, "not allowed to listen at " + where,
            "Choose a port from 1024 on, or give the program the right to listen at lower ones."};
  return {ErrorKind::invalid, "cannot listen at " + where + ": " + code.message(),
          "Choose an address that this machine has."};
}

Result<tcp::acceptor> listen_at(asio::io_context& io, const Settings& settings) {
  Code code;
  const auto address = asio::ip::make_address(settings.address, code);
  if (code)
    return Error{ErrorKind::invalid, settings.address + " is no IP address",
                 "Name an IP address: 127.0.0.1 for this machine alone, 0.0.0.0 or :: for all."};
  const tcp::endpoint endpoint(address, settings.port);
  tcp::acceptor acceptor(io);
  acceptor.open(endpoint.protocol(), code);
  if (!code) acceptor.set_option(asio::socket_base::reuse_address(true), code);
  Code ignored;
  if (address.is_v6()) acceptor.set_option(asio::ip::v6_only(false), ignored);
  if (!code) acceptor.bind(endpoint, code);
  if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
  if (code) return cannot_listen(settings, code);
  return acceptor;
}

std::string text_of(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

class RealServer : public Server {
 public:
  RealServer(const Settings& settings, Handler handler, MakeStream make_stream)
      : shared_(settings, std::move(handler), [this] { look_whether_done_soon(); }),
        make_stream_(std::move(make_stream)),
        acceptor_(shared_.io),
        timer_(shared_.io) {
    shared_.on_leaving = [this] { look_whether_done_soon(); };
  }

  Status listen() {
    acceptor_ = TRY(listen_at(shared_.io, shared_.settings));
    Code code;
    const auto endpoint = acceptor_.local_endpoint(code);
    if (code) return cannot_listen(shared_.settings, code);
    port_ = endpoint.port();
    return ok_status();
  }

  [[nodiscard]] uint16_t port() const override { return port_; }

  void serve(Workers& workers, const std::stop_token& stop, Millis grace) override {
    accept();
    const std::stop_callback on_stop(
        stop, [this, grace] { asio::post(shared_.io, [this, grace] { drain_all(grace); }); });
    std::atomic<bool> connections_taken = false;
    workers.run(1 + shared_.settings.handlers, [&] {
      if (connections_taken.exchange(true)) return shared_.jobs.work();
      auto busy = asio::make_work_guard(shared_.io);
      shared_.io.run();
    });
  }

  [[nodiscard]] Load load() const override {
    return {.connections = shared_.connections,
            .handlers_busy = shared_.jobs.busy(),
            .waiting = shared_.jobs.waiting(),
            .requests = shared_.requests,
            .refused = shared_.refused};
  }

 private:
  void accept() {
    acceptor_.async_accept(from_, [this](const Code& code, tcp::socket socket) {
      if (!acceptor_.is_open()) return;
      if (code && code != asio::error::connection_aborted) return accept_later();
      if (!code) begin(std::move(socket));
      accept();
    });
  }

  // It would fail again at once, and keep the thread from ending what holds the descriptors.
  void accept_later() {
    timer_.expires_after(kPause);
    timer_.async_wait([this](const Code& code) {
      if (!code && acceptor_.is_open()) accept();
    });
  }

  void begin(tcp::socket socket) {
    const Settings& settings = shared_.settings;
    Peer peer{text_of(from_.address()), !settings.certificate.empty()};
    const auto same = shared_.by_address.find(peer.address);
    if (shared_.connections >= settings.connections_max ||
        (same != shared_.by_address.end() && same->second >= settings.connections_max_address))
      return turn_away(std::move(socket), peer);
    Code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    // What the system holds for a reader that is silently gone is given up likewise.
    const auto timeout_ms = static_cast<unsigned>(settings.write_timeout.count());
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
                 sizeof timeout_ms);
    begin_session(shared_, make_stream_(std::move(socket)), std::move(peer));
  }

  // Said without waiting: into a new connection's buffer it fits.
  void turn_away(tcp::socket socket, const Peer& peer) {
    shared_.refused += 1;
    if (peer.secure) return;
    const Response response = problem(503, "There are too many connections.");
    const std::string bytes = to_bytes({.status = response.status,
                                        .headers = response.headers,
                                        .length = response.body.size(),
                                        .keep_alive = false}) +
                              response.body;
    Code ignored;
    socket.non_blocking(true, ignored);
    socket.send(asio::buffer(bytes), 0, ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
  }

  void drain_all(Millis grace) {
    Code ignored;
    acceptor_.close(ignored);
    shared_.draining = true;
    each([](Session& session) { drain(session); });
    timer_.expires_after(grace);
    timer_.async_wait([this](const Code& code) {
      if (!code) each([](Session& session) { end(session); });
    });
    look_whether_done_soon();
  }

  void each(const std::function<void(Session&)>& what) {
    std::vector<std::shared_ptr<Session>> all;
    for (const auto& [_, weak] : shared_.sessions)
      if (auto session = weak.lock()) all.push_back(std::move(session));
    for (const auto& session : all) what(*session);
  }

  // From any thread.
  void look_whether_done_soon() {
    if (!shared_.draining) return;
    asio::post(shared_.io, [this] {
      if (!shared_.sessions.empty() || !shared_.jobs.none()) return;
      timer_.cancel();
      shared_.jobs.close();
      shared_.io.stop();
    });
  }

  Shared shared_;
  const MakeStream make_stream_;
  tcp::acceptor acceptor_;
  tcp::endpoint from_;  // whose connection was accepted last
  asio::steady_timer timer_;
  uint16_t port_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::open(const Settings& wanted, Handler handler) {
  Settings settings = wanted;
  for (std::string& proxy : settings.proxies) {
    Code code;
    const auto address = asio::ip::make_address(proxy, code);
    if (code)
      return Error{ErrorKind::invalid, "the proxy " + proxy + " is no IP address",
                   "Name the address that its requests come from, as 10.0.0.5."};
    proxy = text_of(address);  // as those of peers are told
  }
  const bool secure = !settings.certificate.empty() || !settings.private_key.empty();
  MakeStream make_stream =
      secure ? TRY(tls_streams(settings.certificate, settings.private_key)) : plain_streams();
  auto server = std::make_unique<RealServer>(settings, std::move(handler), std::move(make_stream));
  TRY(server->listen());
  return server;
}

}  // namespace rollcall::http_server
