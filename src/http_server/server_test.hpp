// A real server on loopback with threads of its own, and a client of a few lines that says byte by
// byte what it sends.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <thread>
#include <vector>

#include "http_server/http_server.hpp"

#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 misreads std::stop_source

namespace rollcall::http_server {

class Threads : public Workers {
 public:
  void run(size_t n, const std::function<void()>& body) override {
    std::vector<std::jthread> threads;
    for (size_t i = 1; i < n; ++i) threads.emplace_back(body);
    if (n > 0) body();
  }
};

// Looks again until it is so, or for a long time in vain.
inline bool comes_true(const std::function<bool()>& is_so) {
  for (int i = 0; i < 3000; ++i) {
    if (is_so()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return is_so();
}

class RunningServer {
 public:
  RunningServer(Settings settings, Handler handler, Millis grace = Millis(0)) {
    settings.port = 0;
    auto opened = Server::open(settings, std::move(handler));
    CHECK(opened.ok());
    server_ = std::move(*opened);
    thread_ = std::thread([this, grace] {
      server_->serve(workers_, stop_.get_token(), grace);
      ended_ = true;
    });
  }
  ~RunningServer() { end(); }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  void begin_to_end() { stop_.request_stop(); }
  void end() {
    begin_to_end();
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] uint16_t port() const { return server_->port(); }
  [[nodiscard]] Server::Load load() const { return server_->load(); }

 private:
  Threads workers_;
  std::unique_ptr<Server> server_;
  std::stop_source stop_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

struct Answer {
  int status = 0;  // 0: there was none
  std::string head = {};
  std::string body = {};  // without its chunks' sizes
  bool whole = false;     // it ends where it says
};

class Client {
 public:
  explicit Client(uint16_t port, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    CHECK(socket_ >= 0);
    if (receive_buffer > 0)
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval forever{.tv_sec = 60, .tv_usec = 0};  // a test that hangs shall say so
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof forever);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  Client(const RunningServer& server, const std::string& bytes) : Client(server.port()) {
    send(bytes);
  }
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool send(const std::string& bytes) {
    for (size_t at = 0; at < bytes.size();) {
      const ssize_t sent = ::send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      at += static_cast<size_t>(sent);
    }
    return true;
  }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  // So that its end is a reset.
  void close_hard() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }
  void send_no_more() { ::shutdown(socket_, SHUT_WR); }

  // False: nothing more comes.
  bool receive() {
    std::string piece(16 * 1024, '\0');
    const ssize_t size = ::recv(socket_, piece.data(), piece.size(), 0);
    reset_ = size < 0 && errno == ECONNRESET;
    if (size <= 0) return false;
    coming_.append(piece, 0, static_cast<size_t>(size));
    return true;
  }
  [[nodiscard]] bool was_reset() const { return reset_; }
  [[nodiscard]] int socket() const { return socket_; }
  // What comes until `text` has come, with it; or what came at all.
  std::string until(const std::string& text) {
    while (coming_.find(text) == std::string::npos && receive()) {
    }
    const size_t found = coming_.find(text);
    return take(found == std::string::npos ? coming_.size() : found + text.size());
  }
  std::string rest() {
    while (receive()) {
    }
    return take(coming_.size());
  }
  // `head_only`: to a HEAD.
  Answer answer(bool head_only = false) {
    Answer out{.head = until("\r\n\r\n")};
    if (!out.head.ends_with("\r\n\r\n")) return out;
    out.status = std::stoi(out.head.substr(9, 3));
    std::string lower = out.head;
    ascii_lower(lower);
    if (head_only || out.status < 200 || out.status == 204 || out.status == 304) {
      out.whole = true;
    } else if (lower.find("transfer-encoding: chunked") != std::string::npos) {
      while (read_chunk(out)) {
      }
    } else if (const size_t at = lower.find("content-length: "); at != std::string::npos) {
      const size_t length = std::stoul(lower.substr(at + 16));
      while (coming_.size() < length && receive()) {
      }
      out.whole = coming_.size() >= length;
      out.body = take(std::min(length, coming_.size()));
    } else {
      out.body = rest();
      out.whole = !reset_;
    }
    return out;
  }

 private:
  std::string take(size_t size) {
    std::string out = coming_.substr(0, size);
    coming_.erase(0, size);
    return out;
  }
  bool read_chunk(Answer& out) {
    const std::string line = until("\r\n");
    size_t size = 0;
    const auto [end, problem] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    if (problem != std::errc() || !line.ends_with("\r\n")) return false;
    while (coming_.size() < size + 2 && receive()) {
    }
    if (coming_.size() < size + 2) return false;
    out.body += take(size);
    take(2);
    out.whole = size == 0;
    return size > 0;
  }

  int socket_;
  bool reset_ = false;
  std::string coming_;
};

inline std::string get(const std::string& target, const std::string& headers = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}
inline std::string post(const std::string& target, const std::string& body) {
  return "POST " + target +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}
// Status and body of one request.
inline Answer ask(const RunningServer& server, const std::string& request) {
  return Client(server, request).answer();
}

}  // namespace rollcall::http_server
