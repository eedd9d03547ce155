// One connection, and what all of them share. But for what is said, everything here happens on the
// one thread that runs `Shared::io`.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <unordered_map>

#include "http_server/jobs.hpp"
#include "http_server/stream.hpp"

namespace rollcall::http_server {

class Session;

struct Shared {
  Shared(const Settings& the_settings, Handler the_handler, std::function<void()> after_each)
      : settings(the_settings),
        handler(std::move(the_handler)),
        jobs(settings.handlers, settings.waiting_max, std::move(after_each)) {}

  const Settings settings;
  const Handler handler;
  boost::asio::io_context io{1};
  Jobs jobs;
  std::unordered_map<Session*, std::weak_ptr<Session>> sessions = {};
  std::unordered_map<std::string, size_t> by_address = {};
  std::function<void()> on_leaving = nullptr;  // a session is gone
  // These may be read from any thread.
  std::atomic<bool> draining = false;  // what is being answered is the last
  std::atomic<size_t> connections = 0;
  std::atomic<uint64_t> requests = 0, refused = 0;
};

struct Peer {
  std::string address;
  bool secure = false;
};

// It lives as long as its connection does.
std::shared_ptr<Session> begin_session(Shared& shared, std::unique_ptr<Stream> stream, Peer peer);
// Lets it end what it answers; without that, ends it.
void drain(Session& session);
// At once: readers and handlers are told.
void end(Session& session);

}  // namespace rollcall::http_server
