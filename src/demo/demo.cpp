#include "demo/demo.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/json.hpp"
#include "catalog/catalog.hpp"
#include "demo/catalog.hpp"
#include "demo/child.hpp"
#include "demo/shop.hpp"
#include "http/http.hpp"
#include "state/state.hpp"
#include "store/store.hpp"

namespace rollcall::demo {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;
using operations::Stored;
using Date = std::chrono::sys_days;

constexpr const char* kRecordKind = "demo";
constexpr const char* kRecordKey = "shop";
constexpr size_t kDaysMax = 2000;
constexpr int kClearTries = 50;
constexpr int kCaughtUpMax = 60;  // days that went by on the calendar
constexpr Millis kLook{1000};     // at the record, for what other processes did
constexpr Millis kAsk{100};       // between two looks at the simulator, or at a run
constexpr Millis kAnswerWithin{2000};
constexpr Millis kUpWithin{30'000};   // the simulator, from nothing
constexpr Millis kFailsWithin{4000};  // where it ends by itself again and again
constexpr Millis kDownWithin{20'000};
constexpr Millis kRunEndsWithin{30'000};
// Below those that systems take for connections of their own, of which one might be in the way when
// the simulator is started again.
constexpr int kPortFirst = 20'000, kPorts = 10'000, kPortTries = 100;

// --- What is kept of it.

struct Kept {
  bool complete = false;  // else it is being made, or whoever made it was killed
  Past past = {};
  int port = 0;
  Time made_at = {};
  std::vector<std::string> objects = {};  // uids of all, once it is complete
};

std::string date_text(Date date) { return iso_utc(Time(date)).substr(0, 10); }
std::optional<Date> read_date(const std::string& text) {
  const auto time = parse_iso_utc(text + "T00:00:00Z");
  return time ? std::optional(std::chrono::floor<std::chrono::days>(*time)) : std::nullopt;
}

std::string to_json(const Kept& kept) {
  json dates = json::array();
  for (const Date date : kept.past.dates) dates.push_back(date_text(date));
  return json{
      {"complete", kept.complete}, {"seed", kept.past.seed},           {"dates", dates},
      {"port", kept.port},         {"made_at", iso_utc(kept.made_at)}, {"objects", kept.objects}}
      .dump();
}

Result<Kept> kept_from_json(const std::string& text) {
  const Error odd{ErrorKind::corrupt, "what is stored of the demo shop makes no sense"};
  const json in = read_json<json>(text);
  // Our own writing, so one catch for anything odd in it is enough.
  try {
    Kept out{.complete = in.at("complete").get<bool>(),
             .past = {.seed = in.at("seed").get<uint64_t>(), .dates = {}},
             .port = in.at("port").get<int>(),
             .made_at = parse_iso_utc(in.at("made_at").get<std::string>()).value_or(Time{}),
             .objects = in.at("objects").get<std::vector<std::string>>()};
    for (const json& one : in.at("dates"))
      if (const auto date = read_date(one.get<std::string>())) out.past.dates.push_back(*date);
    if (out.past.dates.empty()) return odd;
    return out;
  } catch (const json::exception&) {
    return odd;
  }
}

// --- Its catalog.

catalog::References references(int port, const fs::path& folder) {
  return {.environment = [port](const std::string& name) -> std::optional<std::string> {
            return name == "PORT" ? std::optional(std::to_string(port)) : std::nullopt;
          },
          .file = [](const fs::path&) -> Result<std::string> {
            return Error{ErrorKind::not_found, "the demo shop refers to no file"};
          },
          .folder = folder};
}

struct Named {
  catalog::Kind kind;
  std::string name, destination = {};
};
std::vector<Named> named_in(const Catalog& all) {
  std::vector<Named> out;
  for (const auto& one : all.sources) out.push_back({catalog::Kind::source, one.name});
  for (const auto& one : all.models) out.push_back({catalog::Kind::model, one.name});
  for (const auto& one : all.segments) out.push_back({catalog::Kind::segment, one.name});
  for (const auto& one : all.destinations) out.push_back({catalog::Kind::destination, one.name});
  for (const auto& one : all.activations)
    out.push_back({catalog::Kind::activation, one.name, one.destination});
  return out;
}
bool is_of(const store::ObjectRow& row, const Named& one) {
  return row.kind == catalog::to_string(one.kind) && row.name == one.name &&
         (one.kind != catalog::Kind::activation || row.destination == one.destination);
}

template <class T>
void erase_those(std::vector<T>& all, const std::vector<std::string>& uids) {
  std::erase_if(all, [&](const T& one) { return std::ranges::find(uids, one.uid) != uids.end(); });
}

// Whatever would be left without what it is made of.
Status nobody_needs(const Stored& stored, const std::vector<std::string>& uids) {
  Catalog rest = stored.catalog;
  erase_those(rest.sources, uids);
  erase_those(rest.models, uids);
  erase_those(rest.segments, uids);
  erase_those(rest.destinations, uids);
  erase_those(rest.activations, uids);
  const catalog::Comparison comparison = catalog::compare(
      rest, {}, false, [](const std::string&) { return true; }, stored.archived);
  if (comparison.problems.empty()) return ok_status();
  return Error{
      .kind = ErrorKind::conflict,
      .message = "something else is made of the demo shop: " + comparison.problems[0].message,
      .remedy = "Change or remove that first.",
      .code = "demo_in_use"};
}

bool is_free(int port) {
  const File listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(static_cast<uint16_t>(port));
  return listener.fd >= 0 &&
         ::bind(listener.fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
}

class RealDemo : public Demo {
 public:
  RealDemo(const operations::World& world, Settings settings, std::unique_ptr<Child> child)
      : world_(world),
        settings_(std::move(settings)),
        folder_(fs::absolute(world.home.root) / "demo"),
        child_(std::move(child)) {}

  Result<Standing> standing(const std::stop_token& stop) override {
    Standing out;
    if (auto may = may_be_made(); !may.ok()) out.obstacle = std::move(may.error());
    const auto kept = TRY(read()).kept;
    if (!kept || !kept->complete) return out;
    out.exists = true;
    out.made_at = kept->made_at;
    out.day = static_cast<int>(kept->past.dates.size()) - 1;
    out.address = address_of(*kept);
    out.answers = answers(*kept, stop);
    if (!out.answers) out.said = child_->said();
    out.activations = TRY(activations_of(*kept));
    return out;
  }

  Result<Standing> make(const std::stop_token& stop) override {
    const auto alone = TRY(take_turn());
    TRY(may_be_made());
    if (const auto there = TRY(read()).kept) {
      if (there->complete)
        return Error{.kind = ErrorKind::conflict,
                     .message = "there is a demo shop already",
                     .remedy = "Remove it first, to begin anew.",
                     .code = "demo_exists"};
      TRY(take_away(*there, stop));  // of somebody who was killed
    }
    const Time now = world_.clock.now();
    Kept fresh{.past = {.seed = world_.random.next(),
                        .dates = {std::chrono::floor<std::chrono::days>(now)}},
               .made_at = now};
    fresh.port = TRY(free_port());
    TRY(names_are_free(fresh));
    if (auto made = make(fresh, stop); !made.ok()) {
      (void)take_away(fresh, {});
      return std::move(made.error()).in("the demo shop");
    }
    return standing(stop);
  }

  Result<Standing> pass_day(const std::stop_token& stop) override {
    const auto alone = TRY(take_turn());
    Kept kept = TRY(existing());
    if (kept.past.dates.size() >= kDaysMax)
      return Error{.kind = ErrorKind::conflict,
                   .message = fmt::format("{} days have passed in the demo shop, and no more can",
                                          kept.past.dates.size() - 1),
                   .remedy = "Remove it, and make another.",
                   .code = "demo_too_old"};
    const int next = static_cast<int>(kept.past.dates.size());
    add_days(kept.past);
    const Shop shop = make_shop(kept.past);
    // Nobody runs while the files become others: a run reads those of one day.
    const auto held = TRY(hold(TRY(activations_of(kept)), stop));
    TRY(tell_contacts(kept, contacts_since(shop, next), stop));
    TRY(write(shop));
    TRY(keep(kept));
    return standing(stop);
  }

  Status remove(const std::stop_token& stop) override {
    const auto alone = TRY(take_turn());
    const auto kept = TRY(read()).kept;
    if (!kept) return no_demo();
    return take_away(*kept, stop);
  }

  void work(const std::stop_token& stop) override {
    const std::stop_callback told(stop, [&] { child_->wake(); });
    while (!stop.stop_requested()) {
      child_->want(wanted());
      child_->tend(kLook);
    }
    child_->want(std::nullopt);
  }

 private:
  // --- One at a time.

  Result<std::unique_lock<std::mutex>> take_turn() {
    std::unique_lock lock(turn_, std::try_to_lock);
    if (lock.owns_lock()) return lock;
    return Error{.kind = ErrorKind::busy,
                 .message = "the demo shop is being made, changed or removed right now",
                 .remedy = "Try again in a moment.",
                 .code = "demo_busy"};
  }

  // --- The record.

  struct Read {
    std::optional<Kept> kept = std::nullopt;
    int64_t revision = 0;
  };
  Result<Read> read() {
    const auto record = TRY(world_.store.record(kRecordKind, kRecordKey));
    Read out;
    if (!record) return out;
    out.kept = TRY(kept_from_json(record->json));
    out.revision = record->revision;
    return out;
  }
  Status keep(const Kept& kept) {
    const Read was = TRY(read());
    TRY(world_.store.put_record(
        {.kind = kRecordKind, .key = kRecordKey, .json = to_json(kept), .revision = was.revision}));
    child_->wake();
    return ok_status();
  }
  static Error no_demo() {
    return {
        .kind = ErrorKind::not_found, .message = "there is no demo shop", .code = "demo_missing"};
  }
  Result<Kept> existing() {
    auto kept = TRY(read()).kept;
    if (!kept || !kept->complete) return no_demo();
    return std::move(*kept);
  }

  // --- Whether there can be one.

  Status may_be_made() const {
    if (settings_.store_is_shared)
      return Error{.kind = ErrorKind::conflict,
                   .message =
                       "the catalog is in PostgreSQL, where several servers share it, and the "
                       "demo shop runs on one machine",
                   .remedy = "Look at it in a home of its own: `rollcall --home DIR serve`.",
                   .code = "demo_needs_own_store"};
    if (::access(settings_.simulator.c_str(), X_OK) == 0) return ok_status();
    return Error{
        .kind = ErrorKind::conflict,
        .message = "the simulator of Iterable is not installed: there is no program " +
                   settings_.simulator.string(),
        .remedy = "Install the whole package, in which `iterable-sim` lies beside `rollcall`.",
        .code = "simulator_missing"};
  }

  Result<int> free_port() {
    for (int i = 0; i < kPortTries; ++i) {
      const int port = kPortFirst + static_cast<int>(world_.random.next() % kPorts);
      if (is_free(port)) return port;
    }
    return Error{ErrorKind::unavailable, "no port of this machine is free for the simulator"};
  }

  Result<Catalog> its_catalog(const Kept& kept) const {
    catalog::ReadResult read = catalog::read(catalog_text(), {}, references(kept.port, folder_));
    if (!read.problems.empty()) return catalog::to_error(read.problems[0], "demo");
    return std::move(read.catalog);
  }

  Status names_are_free(const Kept& kept) {
    const Stored stored = TRY(operations::stored(world_));
    for (const Named& one : named_in(TRY(its_catalog(kept))))
      for (const store::ObjectRow& row : stored.rows)
        if (is_of(row, one))
          return Error{
              .kind = ErrorKind::conflict,
              .message = fmt::format("the demo shop has a {0} `{1}`, and there is a {0} of "
                                     "that name already{2}",
                                     row.kind, row.name, row.archived ? ", archived" : ""),
              .remedy =
                  "Rename or remove it first, or look at the demo shop in a home of "
                  "its own: `rollcall --home DIR serve`.",
              .code = "name_taken"};
    return ok_status();
  }

  // --- Making.

  Status make(Kept& fresh, const std::stop_token& stop) {
    TRY(clear());  // lists of another demo's are none of this one's
    TRY(write(make_shop(fresh.past)));
    TRY(keep(fresh));  // from here on the simulator is wanted
    TRY(wait_until(true, fresh, kUpWithin, stop));
    const operations::Applied applied = TRY(operations::apply(
        world_,
        {.text = std::string(catalog_text()), .references = references(fresh.port, folder_)},
        stop));
    if (!applied.problems.empty()) return catalog::to_error(applied.problems[0], "demo");
    fresh.objects = TRY(uids_by_name(fresh));
    fresh.complete = true;
    return keep(fresh);
  }

  Result<std::vector<std::string>> uids_by_name(const Kept& kept) {
    const Stored stored = TRY(operations::stored(world_));
    std::vector<std::string> out;
    for (const Named& one : named_in(TRY(its_catalog(kept))))
      for (const store::ObjectRow& row : stored.rows)
        if (is_of(row, one)) out.push_back(row.uid);
    return out;
  }

  // The simulator of another process, which keeps it instead of us, may still write there.
  Status clear() {
    for (int tries = 1;; ++tries) {
      Status done = world_.disk.remove(folder_);
      if (done.ok() || tries == kClearTries || !world_.clock.sleep(kAsk, {})) return done;
    }
  }

  Status write(const Shop& shop) {
    TRY(world_.disk.make_folder(folder_ / "shop"));
    for (const Table& one : shop.tables)
      TRY(world_.disk.replace(folder_ / "shop" / one.file,
                              [&](const std::string&) { return one.text; }));
    return world_.disk.replace(folder_ / "contacts.ndjson",
                               [&](const std::string&) { return contacts_since(shop, 0); });
  }

  // --- Days.

  void add_days(Past& past) {
    const Date today = std::chrono::floor<std::chrono::days>(world_.clock.now());
    const Date last = past.dates.back();
    if (today <= last) return past.dates.push_back(last);  // one more on the same date
    for (Date date = std::max(last + std::chrono::days(1), today - std::chrono::days(kCaughtUpMax));
         date <= today; date += std::chrono::days(1))
      past.dates.push_back(date);
  }

  // --- Its activations.

  // Those that are still there, by uid.
  Result<std::vector<std::string>> activations_of(const Kept& kept) {
    std::vector<std::string> out;
    const Stored stored = TRY(operations::stored(world_));
    for (const Activation& one : stored.catalog.activations)
      if (std::ranges::find(kept.objects, one.uid) != kept.objects.end()) out.push_back(one.uid);
    return out;
  }

  using Held = std::vector<std::unique_ptr<state::Writer>>;
  // The right to run them, once those who have it are done.
  Result<Held> hold(const std::vector<std::string>& uids, const std::stop_token& stop) {
    Held out;
    const Millis until = world_.clock.monotonic() + kRunEndsWithin;
    for (const std::string& uid : uids)
      for (;;) {
        auto taken = world_.states.of(uid)->take();
        if (taken.ok()) {
          out.push_back(std::move(*taken));
          break;
        }
        if (taken.error().kind != ErrorKind::busy) return std::move(taken.error());
        if (world_.clock.monotonic() >= until || !world_.clock.sleep(kAsk, stop))
          return Error{.kind = ErrorKind::busy,
                       .message = "a run of the demo shop is under way",
                       .remedy = "Try again once it has ended.",
                       .code = "demo_busy"};
      }
    return out;
  }

  // --- Its end.

  Status take_away(const Kept& kept, const std::stop_token& stop) {
    std::vector<std::string> uids = kept.complete ? kept.objects : TRY(uids_by_name(kept));
    std::vector<store::ObjectRow> rows = TRY(operations::stored(world_)).rows;
    std::erase_if(rows, [&](const store::ObjectRow& row) {
      return std::ranges::find(uids, row.uid) == uids.end();
    });
    std::vector<std::string> activations;
    for (const store::ObjectRow& row : rows)
      if (row.kind == catalog::to_string(catalog::Kind::activation)) activations.push_back(row.uid);
    {
      const Held held = TRY(hold(activations, stop));
      TRY(operations::change(world_, [&](const Stored& stored) -> Status {
        TRY(nobody_needs(stored, uids));
        return world_.store.put(stored.revision, {}, uids);
      }));
    }
    TRY(world_.store.remove_record(kRecordKind, kRecordKey));
    child_->wake();
    // It writes until its very end.
    (void)wait_until(false, kept, kDownWithin, {});
    TRY(clear());
    for (const store::ObjectRow& row : rows) {
      if (row.kind == catalog::to_string(catalog::Kind::activation))
        TRY(world_.disk.remove(world_.home.activation(row.uid)));
      if (row.kind != catalog::to_string(catalog::Kind::destination)) continue;
      TRY(world_.disk.remove(world_.home.contact_index(row.uid)));
      TRY(world_.disk.remove(
          (world_.home.root / Home::lease_of_destination(row.uid)).parent_path()));
    }
    return ok_status();
  }

  // --- The simulator.

  static std::string address_of(const Kept& kept) {
    return fmt::format("http://127.0.0.1:{}", kept.port);
  }

  // By the record, which others may have written.
  std::optional<Command> wanted() {
    if (settings_.store_is_shared || !settings_.is_keeper()) return std::nullopt;
    auto there = read();
    if (!there.ok()) return last_wanted_;  // the store is out of reach for a while
    last_wanted_.reset();
    if (!there->kept) return std::nullopt;
    if (!make_whole(*there->kept)) return std::nullopt;
    last_wanted_ = {
        .program = settings_.simulator,
        .words = {"--listen", address_of(*there->kept).substr(7),  // http://
                  "--project-type", "hybrid",
                  // Nobody is made to wait for what a real project would take.
                  "--visible-after", "0", "--switch", "list_ready_after_ms=0", "--switch",
                  "size_lag_ms=0", "--contacts", (folder_ / "contacts.ndjson").string(), "--state",
                  (folder_ / "iterable.state").string(), "--save-every", "1"}};
    return last_wanted_;
  }

  // Files that are gone are written anew.
  bool make_whole(const Kept& kept) {
    if (is_whole_ == kept.port) return true;
    const auto file = world_.disk.open(folder_ / "contacts.ndjson", Disk::Open::read);
    if (!file.ok()) return false;
    if (!*file && !write(make_shop(kept.past)).ok()) return false;
    is_whole_ = kept.port;
    return true;
  }

  bool answers(const Kept& kept, const std::stop_token& stop) {
    const http::Answer answer = world_.transport.send(
        {.url = address_of(kept) + "/_sim/info", .timeout = kAnswerWithin}, stop);
    return answer.has_value() && answer->status == 200;
  }

  Status wait_until(bool it_answers, const Kept& kept, Millis within, const std::stop_token& stop) {
    const Millis from = world_.clock.monotonic();
    while (answers(kept, stop) != it_answers || (!it_answers && child_->is_running())) {
      if (!world_.clock.sleep(kAsk, stop))
        return Error{ErrorKind::cancelled, "interrupted; nothing was made"};
      const Millis waited = world_.clock.monotonic() - from;
      const bool is_hopeless = it_answers && waited >= kFailsWithin && !child_->said().empty();
      if (waited >= within || is_hopeless) return does_not_answer();
    }
    return ok_status();
  }
  Error does_not_answer() const {
    const std::string said = child_->said();
    return {.kind = ErrorKind::unavailable,
            .message = "the simulator of Iterable does not answer" +
                       (said.empty() ? std::string() : ": " + said),
            .remedy = "It is started again by itself; try again in a moment.",
            .code = "simulator_away"};
  }

  Status tell_contacts(const Kept& kept, const std::string& lines, const std::stop_token& stop) {
    const http::Answer answer =
        world_.transport.send({.method = "POST",
                               .url = address_of(kept) + "/_sim/contacts",
                               .headers = {{"Content-Type", "application/x-ndjson"}},
                               .body = lines},
                              stop);
    if (answer.has_value() && answer->status == 200) return ok_status();
    return does_not_answer();
  }

  const operations::World world_;
  const Settings settings_;
  const fs::path folder_;
  const std::unique_ptr<Child> child_;
  std::mutex turn_;
  // Of work() alone.
  std::optional<Command> last_wanted_;
  int is_whole_ = 0;  // the port of the demo whose files were seen to be there
};

}  // namespace

fs::path simulator_beside_us() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path() / "iterable-sim";
}

Result<std::unique_ptr<Demo>> Demo::open(const operations::World& world, Settings settings) {
  auto child = TRY(Child::make(world.clock));
  return std::unique_ptr<Demo>(
      std::make_unique<RealDemo>(world, std::move(settings), std::move(child)));
}

}  // namespace rollcall::demo
