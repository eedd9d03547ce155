// What the tests of every kind of state begin from. The tests, and the list of kinds that are held
// to them, are suite_test.cpp.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "state/testing.hpp"

namespace rollcall::state {

struct Kind {
  std::string name;
  std::function<std::unique_ptr<States>(const Home& home, Disk& disk, Leases& leases)> open;
};
inline void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class StateSuite : public testing::TestWithParam<Kind> {
 protected:
  using Row = MemoryRows::Row;

  void SetUp() override {
    std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
    std::replace(test.begin(), test.end(), '/', '-');  // the kind's name comes after one
    home_ = std::filesystem::path(testing::TempDir()) /
            ("state-" + std::to_string(::getpid()) + "-" + test);
    std::filesystem::remove_all(home_);
    std::filesystem::create_directories(home_);
    leases_ = std::make_unique<FileLeases>(home_, clock_);
    states_ = GetParam().open({home_}, disk_, *leases_);
    state_ = states_->of("a1");
  }
  void TearDown() override { std::filesystem::remove_all(home_); }

  // The right to run it, with the record as it stands.
  std::unique_ptr<Writer> take() {
    auto writer = state_->take();
    EXPECT_TRUE(writer.ok()) << writer.error().text();
    (*writer)->record = *state_->read();
    return std::move(*writer);
  }
  static std::unique_ptr<Work> begin(Writer& writer, const std::string& run_id) {
    auto work = writer.begin(run_id);
    EXPECT_TRUE(work.ok()) << work.error().text();
    return std::move(*work);
  }
  // Rows of primary key, key and name; the name is text.
  Snapshot snapshot(Work& work, std::vector<Row> rows, FieldType pk = FieldType::text,
                    KeyType key = KeyType::email) {
    MemoryRows stream(pk, std::move(rows));
    Observer observer;
    auto taken =
        work.take(stream, {.key_type = key, .targets = targets_, .changed_alone = changed_alone_},
                  observer, {});
    EXPECT_TRUE(taken.ok()) << taken.error().text();
    return taken.ok() ? *taken : Snapshot{};
  }
  // Everybody by their name alone: the key is NAME@x.co, and the attribute is what is given.
  Snapshot people(Work& work, const std::map<std::string, std::optional<std::string>>& who) {
    std::vector<Row> rows;
    for (const auto& [name, value] : who) rows.push_back({name, name + "@x.co", value});
    return snapshot(work, std::move(rows));
  }
  plan::Plan plan(Work& work) {
    auto made = work.plan(input_);
    EXPECT_TRUE(made.ok()) << made.error().text();
    return made.ok() ? *made : plan::Plan{};
  }
  // "name kind value", in the plan's order.
  static std::vector<std::string> changes(Work& work, const Which& which = {}) {
    std::vector<std::string> out;
    auto stream = work.changes(which);
    EXPECT_TRUE(stream.ok());
    std::vector<Change> some;
    while (true) {
      EXPECT_TRUE((*stream)->next(some, 2).ok());
      if (some.empty()) return out;
      for (const Change& change : some)
        out.push_back(name_of(change.key) + " " + std::string(to_string(change.kind)) + " " +
                      change.values[0].value_or("-"));
    }
  }
  static std::vector<Change> raw(Work& work) {
    std::vector<Change> out;
    EXPECT_TRUE((*work.changes({}))->next(out, 99).ok());
    return out;
  }
  static std::string name_of(std::string_view key) {
    return std::string(key.substr(0, key.find('@')));
  }

  // What a run leaves, whose first changes were answered in their order, and no others sent.
  void promote(Writer& writer, Work& work, const std::vector<Outcome>& outcomes) {
    auto journal = work.journal();
    ASSERT_TRUE(journal.ok()) << journal.error().text();
    std::vector<uint32_t> seqs;
    for (uint32_t seq = 0; seq < outcomes.size(); ++seq) seqs.push_back(seq);
    const auto batch = (*journal)->sent(seqs);
    ASSERT_TRUE((*journal)->answered(*batch, seqs, outcomes).ok());
    const auto answers = work.answers();
    ASSERT_TRUE(answers.ok()) << answers.error().text();
    const Status done = work.promote({targets_, input_.pending, *answers, input_.now});
    ASSERT_TRUE(done.ok()) << done.error().text();
    writer.record.open_run = std::nullopt;
    ASSERT_TRUE(writer.write().ok());
  }
  // A whole run in which everybody who enters is added.
  void run(const std::string& id, const std::map<std::string, std::optional<std::string>>& who) {
    run_with(*take(), id, who);
  }
  void run_with(Writer& writer, const std::string& id,
                const std::map<std::string, std::optional<std::string>>& who) {
    const auto work = begin(writer, id);
    people(*work, who);
    const plan::Plan made = plan(*work);
    std::vector<Outcome> outcomes(static_cast<size_t>(made.writes), {OutcomeKind::added});
    outcomes.resize(static_cast<size_t>(made.writes + made.removals), {OutcomeKind::removed});
    promote(writer, *work, outcomes);
  }
  // "name on_list in|out reason", by name.
  std::vector<std::string> ledger() {
    std::vector<std::string> out;
    EXPECT_TRUE(state_
                    ->for_each([&](const PersonRow& row) {
                      out.push_back(name_of(row.key) + " " + std::to_string(row.on_list) +
                                    (row.in_segment ? " in " : " out ") + row.reason);
                    })
                    .ok());
    std::sort(out.begin(), out.end());
    return out;
  }
  PersonRow person(const std::string& name) {
    const auto found = state_->find(name + "@x.co");
    EXPECT_TRUE(found.ok() && *found) << name;
    return found.ok() && *found ? **found : PersonRow{};
  }
  // "kind name pk" of those who are told.
  std::vector<std::string> missing(const std::string& run_id, const std::string& kind = "all",
                                   size_t most = 99) {
    std::vector<std::string> out;
    const Status told = state_->missing_people(run_id, kind, [&](const MissingPerson& one) {
      out.push_back(one.kind + " " + name_of(one.key) + " " + one.primary_key);
      return out.size() < most;
    });
    EXPECT_TRUE(told.ok()) << told.error().text();
    return out;
  }
  std::vector<std::string> parked() {
    std::vector<std::string> out;
    EXPECT_TRUE(state_->parked([&](std::string_view key) { out.push_back(name_of(key)); }).ok());
    return out;
  }
  static Tell listed(const std::vector<std::string>& members) {
    return [members](const state::Row& on_row) {
      for (const std::string& member : members) on_row(member + "@x.co", {});
      return ok_status();
    };
  }

  std::filesystem::path home_;
  ManualClock clock_{Time{}};
  RealDisk disk_;
  std::unique_ptr<Leases> leases_;
  std::unique_ptr<States> states_;
  std::unique_ptr<State> state_;
  const std::vector<attributes::Target> targets_ = {
      {"name", "name", FieldType::text, AttributeType::string}};
  bool changed_alone_ = false;  // of every snapshot
  plan::Input input_{
      .targets = targets_, .pending = {false}, .now = Time(Millis(1'000'000)), .settle = Millis(0)};
};

}  // namespace rollcall::state
