#include "tests/world/small_world.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

#include "catalog/catalog.hpp"
#include "sim/side_door.hpp"

namespace rollcall::testing {
namespace {

namespace fs = std::filesystem;

constexpr Millis kBetweenRuns{120'000};
// How a process ends that carries out a run which is to be killed.
constexpr int kKilled = 7, kNotKilled = 8;

// In memory where there is such a place: what is synced there costs nothing.
fs::path scratch() {
  static std::atomic<int> next{0};
  const fs::path shared = "/dev/shm";
  const fs::path in = ::access(shared.c_str(), W_OK) == 0 ? shared : fs::temp_directory_path();
  return in / fmt::format("rollcall-world-{}-{}", ::getpid(), next++);
}

std::string email_of(int n) { return fmt::format("c{}@example.com", n); }
std::string user_id_of(int n) { return fmt::format("U{}", n); }

const char* const kCatalog = R"(version: 1
sources:
  - {{name: shop, kind: csv, path: {folder}/data}}
models:
  - {{name: customers, type: users, source: shop, table: customers, primary_key: number}}
segments:
  - {{name: VIPs, model: customers, where: {{field: vip, op: is_true}}}}
destinations:
  - name: Iterable
    platform: iterable
    service: contact_lists
    base_url: http://127.0.0.1:1
    project_type: {project}
    api_key: 0123456789abcdef0123456789abcdef
{destination}
activations:
  - segment: VIPs
    destination: Iterable
    match_key: {{type: {key}, field: {key}}}
    attributes:
      - {{field: name, to: firstName}}
      - {{field: points, to: points, type: long, create: true}}
    schedule: manual
{activation}
)";

// As it was, and no copy: the file that tells a copy by its birth is the same one.
void copy_home(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  if (!fs::exists(from)) return;
  fs::copy(from, to, fs::copy_options::recursive);
  const fs::path state = fs::path("activations") / "a1" / "state.json";
  if (fs::remove(to / state)) fs::create_hard_link(from / state, to / state);
}

std::string indented(const std::string& yaml) { return yaml.empty() ? "" : "    " + yaml; }

sim::ProjectType sim_type(ProjectType type) { return *sim::parse_project_type(to_string(type)); }

}  // namespace

SmallWorld::SmallWorld(const Setup& setup) : folder(scratch()), setup_(setup), random_(setup.seed) {
  fs::create_directories(folder / "data");
  catalog_text = fmt::format(fmt::runtime(kCatalog), fmt::arg("folder", folder.string()),
                             fmt::arg("project", to_string(setup.project)),
                             fmt::arg("key", to_string(setup.key)),
                             fmt::arg("destination", indented(setup.destination)),
                             fmt::arg("activation", indented(setup.activation)));
  const catalog::ReadResult read = catalog::read(catalog_text, {}, {});
  for (const catalog::Problem& problem : read.problems)
    ADD_FAILURE() << catalog::to_text(problem, "catalog");
  catalog = read.catalog;
  catalog.destinations.at(0).uid = "d1";
  catalog.activations.at(0).uid = "a1";
  begin_service();
  const std::lock_guard lock(service_->project().mutex);
  service_->project().world.fields().add("firstName", sim::FieldType::string);
}

SmallWorld::~SmallWorld() {
  store_.reset();
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

void SmallWorld::begin_service() {
  sim::Config config;
  config.type = sim_type(setup_.project);
  config.seed = setup_.seed;
  config.machine = machine_of(clock);
  service_ = std::make_unique<sim::Service>(config);
  transport_.connect(*service_);
  if (!setup_.real_delays)
    for (const char* name : {"list_ready_after_ms", "visible_after_ms", "size_lag_ms",
                             "export_lag_ms", "deleted_stay_ms"})
      turn(name, "0");
  const auto turned = switches_;
  for (const auto& [name, value] : turned) turn(name, value);
}

void SmallWorld::turn(const std::string& name, const std::string& value) {
  const std::lock_guard lock(service_->project().mutex);
  EXPECT_EQ(service_->project().switches.set(name, value), "");
  service_->project().apply_switches();
  switches_[name] = value;
}

void SmallWorld::faults(const std::string& plan) {
  std::string error;
  const auto parsed = sim::Faults::parse(plan, error);
  ASSERT_TRUE(parsed) << error;
  EXPECT_EQ(service_->project().faults.load(*parsed, setup_.seed), "");
}

int64_t SmallWorld::fired(const std::string& kind) {
  return service_->project().faults.report()["kinds"].value(kind, int64_t{0});
}

void SmallWorld::add_contact(int n) {
  contacts_.insert(n);
  const std::string email =
      setup_.project == ProjectType::user_id ? "" : fmt::format(R"("email":"{}",)", email_of(n));
  const auto report = sim::load_contacts(
      service_->project(), fmt::format(R"({{{}"userId":"{}"}})", email, user_id_of(n)));
  EXPECT_EQ(report.error, "");
}
void SmallWorld::add_contacts(int from, int to) {
  for (int n = from; n <= to; ++n) add_contact(n);
}

void SmallWorld::write_customers() {
  std::ofstream file(folder / "data" / "customers.csv", std::ios::trunc);
  file << "number,email,user_id,name,points,vip\n";
  for (const auto& [n, one] : customers)
    file << fmt::format("{},{},{},{},{},{}\n", n, email_of(n), user_id_of(n), one.name, one.points,
                        one.vip);
}

void SmallWorld::reached(std::string_view point) {
  points_.emplace_back(point);
  if (!kill_ || kill_->point != point || --kill_->occurrence > 0) return;
  if (kill_->also) kill_->also();
  save_project(folder / "killed");
  ::_exit(kKilled);
}

Result<RunReport> SmallWorld::try_run(bool full) {
  clock.advance(kBetweenRuns);
  disk.settle();
  points_.clear();
  return run::run(at_work(),
                  {.catalog = catalog,
                   .activation = catalog.activations.at(0),
                   .catalog_hash = "h",
                   .full = full},
                  {});
}

Result<run::PlanReport> SmallWorld::plan() {
  return run::plan(at_work(), {.catalog = catalog, .activation = catalog.activations.at(0)}, {});
}

run::World SmallWorld::at_work() {
  write_customers();
  return without_writing();
}

run::World SmallWorld::without_writing() {
  if (!store_) {
    auto opened = store::Store::open(home(), clock, random_, disk);
    CHECK(opened.ok());
    store_ = std::move(*opened);
  }
  return {clock, random_, transport_, workers_, disk, *this, *store_, leases_, *states_, {home()}};
}

RunReport SmallWorld::run(bool full) {
  auto report = try_run(full);
  EXPECT_TRUE(report.ok()) << report.error().text();
  if (!report.ok()) return {};
  EXPECT_EQ(report->status, RunStatus::completed) << (report->error ? report->error->text() : "");
  EXPECT_EQ(not_honest(*report), "");
  return *report;
}

// What was given back is the project without its faults and what it remembered for slow readers.
bool SmallWorld::run_killed_at(const std::string& point, int occurrence) {
  return run_killed({point, occurrence});
}
bool SmallWorld::run_powerless_at(const std::string& point, int occurrence, size_t torn,
                                  FaultyDisk::Renames names) {
  return run_killed({point, occurrence, [=, this] { disk.lose_power(torn, names); }});
}

bool SmallWorld::run_killed(Kill kill) {
  store_.reset();
  const pid_t child = ::fork();
  if (child == 0) {
    kill_ = std::move(kill);
    (void)try_run();
    save_project(folder / "killed");
    ::_exit(kNotKilled);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "the run died before its point";
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  EXPECT_TRUE(code == kKilled || code == kNotKilled) << code;
  load_project(folder / "killed");
  (void)random_.next();  // the next run is another one
  return code == kKilled;
}

void SmallWorld::save_project(const fs::path& file) {
  EXPECT_EQ(sim::save_state(service_->project(), file.string()), "");
  std::ofstream(file.string() + ".time") << clock.monotonic().count();
}

void SmallWorld::load_project(const fs::path& file) {
  begin_service();
  EXPECT_EQ(sim::load_state(service_->project(), file.string()), "");
  int64_t then = 0;
  std::ifstream(file.string() + ".time") >> then;
  // Time does not go back.
  clock.advance(std::max(Millis(0), Millis(then) - clock.monotonic()));
}

void SmallWorld::keep() {
  store_.reset();
  written_then_ = written_;
  save_project(folder / "kept");
  copy_home(home(), folder / "kept-home");
}

void SmallWorld::go_back() {
  store_.reset();
  disk.settle();
  written_ = written_then_.value();
  load_project(folder / "kept");
  copy_home(folder / "kept-home", home());
}

std::optional<sim::Slot> SmallWorld::slot_of(int n) {
  return service_->project().world.first_user_id(user_id_of(n));
}

const sim::List* SmallWorld::list() {
  const auto adopted = catalog.activations.at(0).adopt_list;
  for (const auto& [id, one] : service_->project().world.lists())
    if (adopted ? id == *adopted : one.name == "VIPs") return &one;
  return nullptr;
}

std::set<int> SmallWorld::on_list() {
  const std::lock_guard lock(service_->project().mutex);
  std::set<int> out;
  const sim::List* const ours = list();
  if (ours == nullptr) return out;
  const sim::World& world = service_->project().world;
  for (sim::Slot slot = 0; slot < world.slot_count(); ++slot)
    if (world.contact(slot).alive && ours->has(slot))
      out.insert(std::stoi(world.contact(slot).user_id.substr(1)));
  return out;
}

size_t SmallWorld::lists() { return service_->project().world.lists().size(); }

int64_t SmallWorld::make_list(const std::string& name, const std::set<int>& members) {
  sim::World& world = service_->project().world;
  const int64_t now = service_->project().clock.now_ms();
  sim::List& made = world.add_list(name, now);
  for (const int n : members) world.set_member(made, *slot_of(n), true, now);
  return made.id;
}
void SmallWorld::put_on_list(int n) {
  sim::World& world = service_->project().world;
  world.set_member(*world.list(list()->id), *slot_of(n), true, service_->project().clock.now_ms());
}
void SmallWorld::take_off_list(int n) {
  sim::World& world = service_->project().world;
  world.set_member(*world.list(list()->id), *slot_of(n), false, service_->project().clock.now_ms());
}
void SmallWorld::delete_contact(int n) {
  contacts_.erase(n);
  written_.erase(n);
  service_->project().world.remove(*slot_of(n), service_->project().clock.now_ms());
}

std::optional<std::string> SmallWorld::field(int n, const std::string& name) {
  const auto slot = slot_of(n);
  if (!slot) return std::nullopt;
  const sim::World& world = service_->project().world;
  const sim::Json fields = world.fields_of(world.contact(*slot));
  return fields.contains(name) ? std::optional(sim::print(fields[name])) : std::nullopt;
}

int64_t SmallWorld::calls(const std::string& endpoint) {
  const auto& counters = service_->project().counters;
  const auto found = counters.find(endpoint);
  return found == counters.end() ? 0 : found->second.calls;
}

std::string SmallWorld::not_clean() {
  std::string wrong;
  int64_t created = 0, deleted = 0, unflagged = 0, off_channels = 0;
  for (const auto& [endpoint, counter] : service_->project().counters) {
    created += counter.created_contacts;
    deleted += counter.deleted_contacts;
    unflagged += counter.existing_only_absent;
    off_channels += counter.channel_unsubscribe_true;
  }
  if (created + deleted + unflagged + off_channels != 0)
    wrong += fmt::format("{} created, {} deleted, {} without the flag, {} off a channel; ", created,
                         deleted, unflagged, off_channels);
  if (const size_t there = service_->project().world.contact_count(); there != contacts_.size())
    wrong += fmt::format("{} contacts instead of {}; ", there, contacts_.size());
  if (lists() > 1) wrong += fmt::format("{} lists; ", lists());
  return wrong;
}

std::string SmallWorld::not_right() {
  std::string wrong = not_clean();
  const std::set<int> members = on_list();
  for (const auto& [n, one] : customers) {
    const bool belongs = one.vip && contacts_.contains(n);
    if (belongs != members.contains(n))
      wrong += fmt::format("{} is {}on the list; ", n, belongs ? "not " : "");
    if (!belongs) continue;
    const auto name = field(n, "firstName"), points = field(n, "points");
    if (!one.name.empty()) written_[n].insert("firstName");
    const bool cleared = written_[n].contains("firstName");
    if (!one.name.empty() ? name != '"' + one.name + '"' : cleared && name)
      wrong += fmt::format("{} has the name {}; ", n, name.value_or("none"));
    if (points != std::to_string(one.points))
      wrong += fmt::format("{} has {} points; ", n, points.value_or("no"));
  }
  for (const int n : members)
    if (!customers.contains(n)) wrong += fmt::format("{} is on the list; ", n);
  return wrong;
}

std::string SmallWorld::not_honest(const RunReport& r) {
  std::string wrong;
  const SegmentCounts& s = r.segment;
  const ChangeCounts& c = r.changes;
  const OutcomeCounts& o = r.outcomes;
  const StandingCounts& t = r.standing;
  if (s.rows != s.members + s.no_key + s.invalid_key + s.duplicate_key)
    wrong += "the rows do not add up; ";
  if (c.entered + c.left + c.changed + c.retried !=
      o.added + o.removed + o.updated + o.not_a_contact + o.rejected + o.unknown + o.not_sent)
    wrong += "the changes do not add up to the outcomes; ";
  const bool done =
      r.status == RunStatus::completed || r.status == RunStatus::completed_with_rejects;
  if (done == r.error.has_value()) wrong += "status and error contradict each other; ";
  if (done && t.unknown + t.not_sent > 0) wrong += "it is not done; ";
  if (r.status == RunStatus::completed && t.rejected + t.leavers_on_list > 0)
    wrong += "it is not completed; ";
  if (done && s.members != t.on_list + t.not_a_contact + t.rejected)
    wrong += "the members do not add up to the standing; ";
  return wrong;
}

}  // namespace rollcall::testing
