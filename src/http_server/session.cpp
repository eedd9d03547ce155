// A connection reads a request, hands it to a handler's thread, writes the answer, and begins anew.
// One read is always under way, also while a handler is at work: so a reader that leaves is noticed
// at once. Of what it sends meanwhile a bounded part is kept for the next request.
#include "http_server/session.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "http_server/answer.hpp"
#include "http_server/outbox.hpp"
#include "http_server/parser.hpp"
#include "http_server/target.hpp"

#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 misreads std::stop_source

namespace rollcall::http_server {
namespace {

namespace asio = boost::asio;
using Code = boost::system::error_code;
using Progress = RequestParser::Progress;

constexpr size_t kReadAhead = 64 * 1024;  // of the next requests, while one is answered
constexpr size_t kWritten = 64 * 1024;    // at a time
// Closing while the other side still sends resets the connection, and the last answer may be lost
// by it: so that long what it sends is read, for nothing.
constexpr Millis kLingering{2'000};
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

enum class Phase {
  handshake,
  idle,       // nothing of a request has come
  head,       // of a request is being read
  body,       // likewise
  handling,   // by a handler, which has not answered
  answering,  // its body is on its way, or a channel's
  lingering,  // all was said; the other side may have to read it yet
  ended,
};

// One request and its answer: what the handler's thread and that of the connections share.
struct Exchange {
  Exchange(std::function<void()> wake, bool is_old, bool wants_head_only, bool may_keep_alive)
      : outbox(std::make_shared<Outbox>(std::move(wake))),
        old(is_old),
        head_only(wants_head_only),
        keep_alive(may_keep_alive) {}
  const std::shared_ptr<Outbox> outbox;
  std::stop_source stop = {};
  const bool old, head_only;
  std::atomic<bool> abandoned = false;  // nobody can be answered any more
  // Of the connections' thread alone.
  bool keep_alive;
  Framing framing = Framing::length;
  std::shared_ptr<Channel> channel = nullptr;
};

Response call(const Handler& handler, const Request& request, const std::stop_token& stop) {
  try {
    Response response = handler(request, stop);
    return is_well_formed(response) ? std::move(response) : problem(500);
  } catch (...) {
    return problem(500);
  }
}

Status call_stream(const Response& response, Outbox& outbox, const std::stop_token& stop) {
  try {
    return response.stream(outbox, stop);
  } catch (...) {
    return Error{ErrorKind::corrupt, "an exception broke the answer off"};
  }
}

// The head of an answer; its body goes to the outbox.
Head head_of(const Response& response, const Exchange& exchange) {
  Head head{.status = response.status, .headers = response.headers, .old = exchange.old};
  const bool streamed = response.stream || response.channel;
  const bool has_body = status_has_body(response.status);
  if (!streamed && has_body) head.length = response.body.size();
  if (exchange.head_only || !has_body) {
    head.framing = Framing::none;
    head.chunked_otherwise = streamed && has_body;
  } else if (streamed) {
    head.framing = exchange.old ? Framing::until_close : Framing::chunked;
  }
  return head;
}

}  // namespace

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Shared& shared, std::unique_ptr<Stream> stream, Peer peer)
      : shared_(shared),
        stream_(std::move(stream)),
        peer_(std::move(peer)),
        deadline_(shared.io),
        comments_(shared.io) {}

  void begin() {
    arm(shared_.settings.header_timeout);  // until the first head is complete
    stream_->handshake([self = shared_from_this()](bool well) {
      if (self->phase_ != Phase::handshake) return;
      if (!well) return self->end(Close::soft);
      self->phase_ = Phase::idle;
      self->read();
    });
  }

  void drain() {
    if (phase_ == Phase::handshake || phase_ == Phase::idle || phase_ == Phase::head)
      return end(Close::soft);
    if (exchange_ && exchange_->channel) exchange_->outbox->finish(true);
  }

  enum class Close { soft, hard };
  void end(Close how) {
    if (phase_ == Phase::ended) return;
    phase_ = Phase::ended;
    deadline_.cancel();
    comments_.cancel();
    stream_->close(how == Close::hard);
    let_go();
    shared_.connections -= 1;
    if (--shared_.by_address[peer_.address] == 0) shared_.by_address.erase(peer_.address);
    shared_.sessions.erase(this);
    shared_.on_leaving();
  }

 private:
  // --- Reading.

  // How much at a time: little where many connections wait for it.
  [[nodiscard]] size_t landing_size() const {
    if (phase_ == Phase::body || phase_ == Phase::lingering) return 64 * 1024;
    return phase_ == Phase::head ? 8 * 1024 : 2 * 1024;
  }

  void read() {
    if (reading_ || phase_ == Phase::ended || peer_gone_) return;
    if (exchange_ && coming_.size() >= kReadAhead) return;
    reading_ = true;
    if (landing_.size() != landing_size()) landing_ = std::string(landing_size(), '\0');
    stream_->read_some(
        landing_.data(), landing_.size(),
        [self = shared_from_this()](const Code& code, size_t size) { self->on_read(code, size); });
  }

  void on_read(const Code& code, size_t size) {
    reading_ = false;
    if (phase_ == Phase::ended) return;
    if (code) return on_gone(code);
    const bool last = exchange_ && exchange_->channel;  // behind it no other request is answered
    if (phase_ != Phase::lingering && !last) coming_.append(landing_, 0, size);
    advance();
    read();
  }

  void on_gone(const Code& code) {
    peer_gone_ = true;
    const bool answers = phase_ == Phase::handling || phase_ == Phase::answering;
    if (!answers || code != asio::error::eof) return end(Close::soft);
    // It may have said only that it sends no more, so what is there is still written.
    exchange_->stop.request_stop();
    const bool streams =
        exchange_->framing != Framing::none && exchange_->framing != Framing::length;
    if (phase_ == Phase::answering && streams) end(Close::soft);
  }

  // As far as what has come allows.
  void advance() {
    while (phase_ == Phase::idle || phase_ == Phase::head || phase_ == Phase::body) {
      if (coming_.empty() && phase_ != Phase::body) break;
      if (phase_ == Phase::idle) begin_request();
      size_t used = 0;
      const Progress progress = parser_->feed(coming_, used);
      coming_.erase(0, used);
      if (progress == Progress::more) break;
      if (progress == Progress::refused) return refuse(parser_->refusal());
      if (progress == Progress::whole) return hand_on();
      begin_body();
    }
    // The last of its requests is not whole, and never will be.
    if (peer_gone_ && phase_ != Phase::handling && phase_ != Phase::answering) end(Close::soft);
  }

  void begin_request() {
    phase_ = Phase::head;
    parser_ = RequestParser::make(shared_.settings);
    if (!first_) arm(shared_.settings.header_timeout);
    first_ = false;
  }

  void begin_body() {
    phase_ = Phase::body;
    arm(shared_.settings.body_timeout);
    if (parser_->expects_continue() && coming_.empty()) {
      wire_ += kContinue;
      write();
    }
  }

  // --- Answering.

  void begin_exchange(bool keep_alive) {
    const bool known = parser_ != nullptr;
    const std::weak_ptr<Session> weak = weak_from_this();
    // From any thread.
    auto wake = [weak, &io = shared_.io] {
      if (auto self = weak.lock()) asio::post(io, [self = std::move(self)] { self->pump(); });
    };
    exchange_ = std::make_shared<Exchange>(std::move(wake), known && parser_->old(),
                                           known && parser_->head_only(), keep_alive);
    disarm();
    phase_ = Phase::handling;
  }

  void hand_on() {
    begin_exchange(parser_->keep_alive());
    if (peer_gone_) exchange_->stop.request_stop();
    auto request = std::make_shared<Request>(std::move(parser_->request()));
    request->address = asker(request->headers, peer_.address, shared_.settings.proxies);
    request->secure = peer_.secure;
    parser_ = nullptr;
    const bool taken = shared_.jobs.offer([self = shared_from_this(), exchange = exchange_,
                                           request] { self->handle(*exchange, *request); });
    (taken ? shared_.requests : shared_.refused) += 1;
    if (taken) return;
    Response busy = problem(503, "Too many requests are waiting.");
    busy.headers.emplace_back("Retry-After", "1");
    answer_at_once(std::move(busy));
  }

  // On a handler's thread.
  void handle(Exchange& exchange, const Request& request) {
    if (exchange.abandoned) return;
    const std::stop_token stop = exchange.stop.get_token();
    Response response = call(shared_.handler, request, stop);
    Head head = head_of(response, exchange);
    const bool has_body = head.framing != Framing::none;
    const bool streams = has_body && response.stream;
    if (has_body && !response.stream) exchange.outbox->put(std::move(response.body));
    std::shared_ptr<Channel> channel = has_body && !streams ? response.channel : nullptr;
    if (channel)
      listen(*channel, exchange.outbox);
    else if (!streams)
      exchange.outbox->finish(true);
    asio::post(shared_.io, [self = shared_from_this(), head = std::move(head), channel]() mutable {
      self->answer(std::move(head), channel);
    });
    if (streams) exchange.outbox->finish(call_stream(response, *exchange.outbox, stop).ok());
  }

  void answer(Head head, const std::shared_ptr<Channel>& channel) {
    if (phase_ == Phase::ended) {
      if (channel) leave(*channel, *exchange_->outbox);
      return;
    }
    phase_ = Phase::answering;
    exchange_->channel = channel;
    exchange_->framing = head.framing;
    const bool last = shared_.draining || channel || head.framing == Framing::until_close;
    exchange_->keep_alive = exchange_->keep_alive && !last;
    head.keep_alive = exchange_->keep_alive;
    head.secure = peer_.secure;
    if (shared_.settings.clock != nullptr) head.now = shared_.settings.clock->now();
    head_ = to_bytes(head);
    if (channel) begin_listening();
    pump();
  }

  void begin_listening() {
    coming_ = {};
    comment_later();
    // Otherwise nobody would end it: the server was told to end before it began.
    if (shared_.draining) exchange_->outbox->finish(true);
    if (peer_gone_) return end(Close::soft);
    read();
  }

  void answer_at_once(Response response) {
    Head head = head_of(response, *exchange_);
    if (head.framing != Framing::none) exchange_->outbox->put(std::move(response.body));
    exchange_->outbox->finish(true);
    answer(std::move(head), nullptr);
  }

  // A request that no handler sees; the connection's last.
  void refuse(const Refusal& refusal) {
    shared_.refused += 1;
    Response response = problem(refusal.status, refusal.detail);
    response.headers.insert(response.headers.end(), refusal.headers.begin(), refusal.headers.end());
    begin_exchange(false);
    parser_ = nullptr;
    coming_ = {};
    answer_at_once(std::move(response));
  }

  void comment_later() {
    comments_.expires_after(shared_.settings.comment_interval);
    comments_.async_wait([self = shared_from_this()](const Code& code) {
      if (code || self->phase_ != Phase::answering) return;
      static const auto kComment = std::make_shared<const std::string>(": \n\n");
      self->exchange_->outbox->told(kComment);
      self->comment_later();
    });
  }

  // --- Writing: `wire_` is under way; what comes next is `head_`, and then in the outbox.

  void pump() {
    if (phase_ != Phase::answering) return;
    if (exchange_->outbox->overflowed()) return end(Close::hard);
    if (writing_) return;
    wire_ += std::exchange(head_, {});
    std::string piece;
    const Outbox::Rest rest = exchange_->outbox->take(piece, kWritten);
    append(piece);
    if (rest == Outbox::Rest::whole && exchange_->framing == Framing::chunked) wire_ += "0\r\n\r\n";
    all_taken_ = rest == Outbox::Rest::whole || rest == Outbox::Rest::broken;
    broken_ = rest == Outbox::Rest::broken;
    if (!wire_.empty()) return write();
    if (all_taken_) return on_answered();
    disarm();  // its maker may take its time
  }

  void append(const std::string& piece) {
    if (piece.empty() || exchange_->framing == Framing::none) return;
    if (exchange_->framing != Framing::chunked) {
      wire_ += piece;
      return;
    }
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string size;
    for (size_t rest = piece.size(); rest > 0; rest /= 16) size.insert(0, 1, kHex[rest % 16]);
    wire_.append(size).append("\r\n").append(piece).append("\r\n");
  }

  void write() {
    if (writing_) return;
    writing_ = true;
    if (phase_ == Phase::answering) arm(shared_.settings.write_timeout);
    stream_->write_some(wire_.data() + written_, wire_.size() - written_,
                        [self = shared_from_this()](const Code& code, size_t size) {
                          self->on_written(code, size);
                        });
  }

  void on_written(const Code& code, size_t size) {
    writing_ = false;
    if (phase_ == Phase::ended) return;
    if (code) return end(Close::soft);
    written_ += size;
    if (written_ < wire_.size()) return write();
    written_ = 0;
    wire_.clear();
    if (wire_.capacity() > 4096) wire_.shrink_to_fit();
    if (phase_ != Phase::answering) return;
    if (all_taken_) return on_answered();
    pump();
  }

  void on_answered() {
    // By the missing end of a length or a chunk the reader knows; where there is neither, by a reset.
    if (broken_) return end(exchange_->framing == Framing::until_close ? Close::hard : Close::soft);
    const bool keep_alive = exchange_->keep_alive && !shared_.draining;
    let_go();
    all_taken_ = false;
    if (!keep_alive) return linger();
    phase_ = Phase::idle;
    arm(shared_.settings.idle_timeout);
    advance();
    read();
  }

  void linger() {
    if (peer_gone_) return end(Close::soft);
    phase_ = Phase::lingering;
    coming_ = {};
    arm(kLingering);
    stream_->finish([self = shared_from_this()] {});
    read();
  }

  // Of what is being answered.
  void let_go() {
    if (!exchange_) return;
    exchange_->outbox->fail();
    if (exchange_->channel) leave(*exchange_->channel, *exchange_->outbox);
    if (phase_ == Phase::ended) {
      exchange_->abandoned = true;
      exchange_->stop.request_stop();
      return;  // its handler may still be at work
    }
    exchange_ = nullptr;
  }

  // --- Time.

  void arm(Millis after) {
    deadline_.expires_after(after);
    deadline_.async_wait([self = shared_from_this(), number = ++armed_](const Code& code) {
      if (!code && number == self->armed_) self->on_late();
    });
  }
  void disarm() {
    ++armed_;
    deadline_.cancel();
  }

  void on_late() {
    switch (phase_) {
      case Phase::head:
      case Phase::body:
        return refuse({408, "The request came too slowly."});
      case Phase::handshake:
        shared_.refused += 1;
        return end(Close::soft);
      case Phase::idle:
        if (first_) shared_.refused += 1;
        return end(Close::soft);
      case Phase::answering:
        return end(Close::hard);
      case Phase::lingering:
        return end(Close::soft);
      case Phase::handling:
      case Phase::ended:
        return;
    }
  }

  Shared& shared_;
  const std::unique_ptr<Stream> stream_;
  const Peer peer_;
  asio::steady_timer deadline_, comments_;
  uint64_t armed_ = 0;  // which deadline it is
  Phase phase_ = Phase::handshake;
  bool first_ = true;  // no request has begun
  bool reading_ = false, writing_ = false;
  bool peer_gone_ = false;
  std::string landing_;  // where a read puts what comes
  std::string coming_;   // not parsed yet
  std::unique_ptr<RequestParser> parser_;
  std::shared_ptr<Exchange> exchange_;
  std::string head_;    // of the answer, until it can be written
  std::string wire_;    // being written
  size_t written_ = 0;  // of it
  bool all_taken_ = false, broken_ = false;
};

std::shared_ptr<Session> begin_session(Shared& shared, std::unique_ptr<Stream> stream, Peer peer) {
  shared.connections += 1;
  shared.by_address[peer.address] += 1;
  auto session = std::make_shared<Session>(shared, std::move(stream), std::move(peer));
  shared.sessions.emplace(session.get(), session);
  session->begin();
  return session;
}

void drain(Session& session) { session.drain(); }
void end(Session& session) { session.end(Session::Close::hard); }

}  // namespace rollcall::http_server
