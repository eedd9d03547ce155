// One suite over every kind of state. The tests of tables and files are beside each kind.
#include "state/suite.hpp"

namespace rollcall::state {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

INSTANTIATE_TEST_SUITE_P(Kinds, StateSuite, testing::Values(Kind{"local", open_local}),
                         [](const auto& kind) { return kind.param.name; });

// --- The record.

TEST_P(StateSuite, BeginsWithNothing) {
  const auto record = state_->read();
  ASSERT_TRUE(record.ok()) << record.error().text();
  EXPECT_EQ(record->generation, 0);
  EXPECT_FALSE(record->list || record->open_run || record->doubt || record->copied);
  EXPECT_TRUE(state_->check(*record).ok());
  EXPECT_FALSE(*state_->find("ann@x.co"));
  EXPECT_THAT(ledger(), IsEmpty());
  EXPECT_FALSE(*state_->holder());
  EXPECT_EQ(state_->missing_people("r1", "all", [](const auto&) { return true; }).error().kind,
            ErrorKind::not_found);
}
TEST_P(StateSuite, KeepsTheRecordWhole) {
  {
    const auto writer = take();
    Record& record = writer->record;
    record.list = ListRecord{4711, "VIPs \"李\"", 5, false};
    record.list_intent = ListIntent{"VIPs", {1, 2}, 9};
    record.open_run = OpenRun{"r1", "hash", 7, R"({"a": "\"b\""})", {"name"}, true};
    record.doubt = Doubt{{"why"}, true, true};
    record.wrote = Moment{1, 2, "boot"};
    record.guard_binds = true;
    record.standing = {1, 2, 3, 4, 5, 6};
    EXPECT_FALSE(state_->read()->list) << "before it was written";
    ASSERT_TRUE(writer->write().ok());
  }
  const auto record = state_->read();
  ASSERT_TRUE(record.ok()) << record.error().text();
  EXPECT_EQ(record->list->name, "VIPs \"李\"");
  EXPECT_FALSE(record->list->created);
  EXPECT_THAT(record->list_intent->seen, ElementsAre(1, 2));
  EXPECT_EQ(record->open_run->report_json, R"({"a": "\"b\""})");
  EXPECT_THAT(record->open_run->pending, ElementsAre("name"));
  EXPECT_TRUE(record->open_run->prepared);
  EXPECT_THAT(record->doubt->why, ElementsAre("why"));
  EXPECT_EQ(record->wrote->boot, "boot");
  EXPECT_TRUE(record->guard_binds);
  EXPECT_EQ(record->standing.leavers_on_list, 6);
  EXPECT_FALSE(states_->of("a2")->read()->list) << "another activation's";
}
TEST_P(StateSuite, IsInTheHandsOfOneAtATime) {
  auto first = take();
  const auto second = state_->take();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::busy);
  EXPECT_TRUE(state_->holder()->has_value());
  EXPECT_TRUE(states_->of("a2")->take().ok());
  first.reset();
  EXPECT_FALSE(state_->holder()->has_value());
  EXPECT_TRUE(state_->take().ok());
}

// --- Snapshot and plan.

TEST_P(StateSuite, TakesOneRowAPersonAndCountsTheOthers) {
  const auto writer = take();
  const auto work = begin(*writer, "r1");
  const Snapshot taken = snapshot(*work,
                                  {{"10", "Ann@x.co", "second"},
                                   {"9", "ann@x.co", "first"},
                                   {"3", std::nullopt, "x"},
                                   {"4", "no address", "x"},
                                   {"5", "bob@x.co", std::nullopt}},
                                  FieldType::integer);
  EXPECT_EQ(taken.counts.rows, 5);
  EXPECT_EQ(taken.counts.members, 2);
  EXPECT_EQ(taken.counts.no_key, 1);
  EXPECT_EQ(taken.counts.invalid_key, 1);
  EXPECT_EQ(taken.counts.duplicate_key, 1);
  EXPECT_EQ(work->targets().size(), 1u);
  EXPECT_EQ(plan(*work).members, 2);
  EXPECT_THAT(changes(*work), ElementsAre("ann entered \"first\"", "bob entered -"));
  ASSERT_TRUE(work->keep_only("ann@x.co").ok());
  EXPECT_THAT(*work->primary_keys(), ElementsAre("9", "10")) << "the one that speaks first";
}
TEST_P(StateSuite, ASecondSnapshotTakesThePlaceOfTheFirst) {
  const auto writer = take();
  const auto work = begin(*writer, "r1");
  people(*work, {{"ann", "A"}});
  people(*work, {{"bob", "B"}});
  plan(*work);
  EXPECT_THAT(changes(*work), ElementsAre("bob entered \"B\""));
}
TEST_P(StateSuite, PlansWhatHasChangedSinceTheLastRun) {
  run("r1", {{"ann", "A"}, {"bob", "B"}, {"cid", std::nullopt}});
  EXPECT_THAT(ledger(), ElementsAre("ann 1 in ", "bob 1 in ", "cid 1 in "));
  const auto writer = take();
  const auto work = begin(*writer, "r2");
  people(*work, {{"ann", "A"}, {"bob", "B2"}, {"cid", "C"}, {"dan", "D"}});
  const plan::Plan made = plan(*work);
  EXPECT_THAT(changes(*work),
              ElementsAre("bob changed \"B2\"", "cid changed \"C\"", "dan entered \"D\""));
  EXPECT_EQ(made.changes.changed, 2);
  EXPECT_EQ(made.changes.entered, 1);
  EXPECT_EQ(made.on_list_before, 3);
  people(*work, {{"ann", std::nullopt}, {"bob", "B"}});
  EXPECT_EQ(plan(*work).cleared.at("name"), 1);
  EXPECT_THAT(changes(*work), ElementsAre("ann changed null", "cid left -"));
  input_.only = "cid@x.co";
  ASSERT_TRUE(work->keep_only("cid@x.co").ok());
  plan(*work);
  EXPECT_THAT(changes(*work), ElementsAre("cid left -"));
}
TEST_P(StateSuite, GivesSomeOfTheChangesInTheirOrder) {
  run("r1", {{"ann", "A"}, {"bob", "B"}});
  const auto writer = take();
  const auto work = begin(*writer, "r2");
  people(*work, {{"bob", "B2"}, {"cid", "C"}, {"dan", "D"}});
  plan(*work);
  EXPECT_THAT(changes(*work, writes()),
              ElementsAre("bob changed \"B2\"", "cid entered \"C\"", "dan entered \"D\""));
  EXPECT_THAT(changes(*work, removals()), ElementsAre("ann left -"));
  EXPECT_THAT(changes(*work, entrants()), ElementsAre("cid entered \"C\"", "dan entered \"D\""));
  Which first = entrants();
  first.first = 1;
  EXPECT_THAT(changes(*work, first), ElementsAre("cid entered \"C\""));
  EXPECT_EQ(*work->count({}), 4);
  EXPECT_EQ(*work->count({.parked = true}), 0);
  auto all = work->changes({}, false);
  std::vector<Change> some;
  ASSERT_TRUE((*all)->next(some, 9).ok());
  for (size_t i = 0; i < some.size(); ++i) EXPECT_EQ(some[i].seq, i);
  EXPECT_EQ(some.back().kind, ChangeKind::left) << "additions and updates come first";
}
TEST_P(StateSuite, KeepsOppositeWritesApart) {
  run("r1", {{"ann", "A"}});
  input_.now += Millis(1000);
  input_.settle = Millis(60'000);
  const auto writer = take();
  const auto work = begin(*writer, "r2");
  people(*work, {{"bob", "B"}});
  plan(*work);
  EXPECT_THAT(changes(*work, {.waiting = false}), ElementsAre("bob entered \"B\""));
  EXPECT_THAT(changes(*work, {.waiting = true}), ElementsAre("ann left -"));
}

// --- Answers and the ledger.

TEST_P(StateSuite, ThePromotedLedgerIsWhatWasAnswered) {
  {
    const auto writer = take();
    const auto work = begin(*writer, "r1");
    people(*work, {{"ann", "A"}, {"bob", "B"}, {"cid", "C"}, {"dan", "D"}, {"eve", "E"}});
    plan(*work);
    ASSERT_TRUE(writer->write().ok());
    auto journal = std::move(*work->journal());
    ASSERT_TRUE(journal->sent({0, 1, 2, 3}).ok());
    ASSERT_TRUE(journal
                    ->answered(1, {0, 1, 2},
                               {{OutcomeKind::added},
                                {OutcomeKind::not_a_contact},
                                {OutcomeKind::rejected, "forgotten", true}})
                    .ok());
    const Answers answers = *work->answers();
    EXPECT_TRUE(answers.is_open(3) && answers.is_open(4) && !answers.is_open(2));
    ASSERT_TRUE(work->promote({targets_, {false}, answers, input_.now}).ok());
    EXPECT_EQ(writer->record.standing.on_list, 1);
    EXPECT_EQ(writer->record.standing.not_a_contact, 1);
    EXPECT_THAT(ledger(), IsEmpty()) << "until the record names it";
    ASSERT_TRUE(writer->write().ok());
  }
  EXPECT_THAT(ledger(), ElementsAre("ann 1 in ", "bob 0 in not_a_contact", "cid 0 in rejected",
                                    "dan 2 in unknown", "eve 0 in not_sent"));
  EXPECT_TRUE(state_->check(*state_->read()).ok());
  const auto ann = *state_->find("ann@x.co");
  ASSERT_TRUE(ann);
  EXPECT_EQ(ann->wrote_kind, 1);
  EXPECT_EQ(ann->attributes.at("name"), attributes::fingerprint("\"A\""));
  EXPECT_EQ((*state_->find("cid@x.co"))->detail, "forgotten");
  std::vector<std::string> missing, parked;
  ASSERT_TRUE(state_
                  ->missing_people("r1", "all",
                                   [&](const MissingPerson& one) {
                                     missing.push_back(one.kind + " " + name_of(one.key));
                                     return true;
                                   })
                  .ok());
  EXPECT_THAT(missing,
              ElementsAre("not_a_contact bob", "not_sent eve", "rejected cid", "unknown dan"));
  ASSERT_TRUE(state_->parked([&](std::string_view key) { parked.push_back(name_of(key)); }).ok());
  EXPECT_THAT(parked, ElementsAre("bob"));

  const auto writer = take();
  const auto work = begin(*writer, "r2");
  people(*work, {{"ann", "A"}, {"bob", "B"}, {"cid", "C2"}, {"dan", "D"}, {"eve", "E"}});
  EXPECT_EQ(plan(*work).parked, 1);
  EXPECT_THAT(changes(*work), ElementsAre("cid changed \"C2\"", "bob retried \"B\"",
                                          "dan retried \"D\"", "eve retried \"E\""));
  EXPECT_THAT(changes(*work, {.parked = true}), ElementsAre("bob retried \"B\""));
  parked.clear();
  ASSERT_TRUE(work->parked([&](std::string_view key) { parked.push_back(name_of(key)); }).ok());
  EXPECT_THAT(parked, ElementsAre("bob"));
  EXPECT_EQ(work->standing_unsent()->on_list, 1);
}
TEST_P(StateSuite, NeverMakesALedgerCountThatLacksPeople) {
  const auto writer = take();
  const auto work = begin(*writer, "r1");
  people(*work, {{"ann", "A"}, {"bob", "B"}});
  plan(*work);
  Answers answers;
  answers.kinds = {OutcomeKind::added, OutcomeKind::removed};
  const Status done = work->promote({targets_, {false}, answers, input_.now});
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().kind, ErrorKind::corrupt);
  EXPECT_EQ(writer->record.generation, 0);
}
TEST_P(StateSuite, KnowsWhoHasValuesAndWhoIsOnTheList) {
  run("r1", {{"ann", "A"}, {"bob", std::nullopt}});
  const auto writer = take();
  const auto work = begin(*writer, "r2");
  people(*work, {{"ann", "A"}, {"bob", std::nullopt}, {"aaa", "new"}});
  const auto holders = *work->holders(0, 5);
  ASSERT_EQ(holders.size(), 2u);
  EXPECT_EQ(name_of(holders[0].key), "ann") << "members first";
  EXPECT_EQ(holders[1].values[0], "\"new\"");
  EXPECT_THAT(*work->members(1), ElementsAre("ann@x.co"));
}

// --- Kills.

TEST_P(StateSuite, ASealedRunIsGoneOnWith) {
  {
    const auto writer = take();
    const auto work = begin(*writer, "r1");
    people(*work, {{"ann", "A"}, {"bob", "B"}});
    plan(*work);
    writer->record.open_run = OpenRun{"r1", "hash", 0, "{}"};
    ASSERT_TRUE(work->seal().ok());
    ASSERT_TRUE(writer->write().ok());
    auto journal = std::move(*work->journal());
    ASSERT_TRUE(journal->sent({0}).ok());
    ASSERT_TRUE(journal->answered(1, {0}, {{OutcomeKind::added}}).ok());
    ASSERT_TRUE(journal->sent({1}).ok());
  }
  const auto writer = take();
  ASSERT_TRUE(writer->record.open_run);
  auto work = writer->go_on("r1");
  ASSERT_TRUE(work.ok()) << work.error().text();
  EXPECT_EQ((*work)->targets().at(0).to, "name");
  EXPECT_THAT(changes(**work), ElementsAre("ann entered \"A\"", "bob entered \"B\""));
  const Answers answers = *(*work)->answers();
  EXPECT_TRUE(answers.begun);
  EXPECT_THAT(answers.kinds, ElementsAre(OutcomeKind::added, OutcomeKind::unknown));
  promote(*writer, **work, {{OutcomeKind::added}, {OutcomeKind::added}});
  EXPECT_THAT(ledger(), ElementsAre("ann 1 in ", "bob 1 in "));
  work->reset();
  writer->tidy();
  EXPECT_EQ(writer->go_on("r1").error().kind, ErrorKind::corrupt) << "it has ended";
  EXPECT_TRUE(state_->missing_people("r1", "all", [](const auto&) { return true; }).ok());
}
TEST_P(StateSuite, WhomALostRunMayHaveWrittenIsKnown) {
  run("r1", {{"ann", "A"}, {"bob", "B"}});
  {
    const auto writer = take();
    const auto work = begin(*writer, "r2");
    people(*work, {{"ann", "A"}, {"cid", "C"}});
    plan(*work);
    writer->record.open_run = OpenRun{"r2", "hash", 0, "{}"};
    ASSERT_TRUE(work->seal().ok());
    ASSERT_TRUE(writer->write().ok());
  }
  const auto writer = take();
  ASSERT_TRUE(writer->take_as_unknown(input_.now).ok());
  EXPECT_FALSE(writer->record.open_run);
  ASSERT_TRUE(writer->write().ok());
  EXPECT_THAT(ledger(), ElementsAre("ann 1 in ", "bob 2 out unknown", "cid 2 in unknown"));
}
TEST_P(StateSuite, ACopyLeavesTheOriginalAlone) {
  run("r1", {{"ann", "A"}, {"bob", "B"}});
  const auto held = take();  // somebody runs it meanwhile
  auto copy = state_->copy(*state_->read(), "try");
  ASSERT_TRUE(copy.ok()) << copy.error().text();
  auto work = begin(**copy, "try");
  people(*work, {{"ann", "A"}});
  plan(*work);
  EXPECT_THAT(changes(*work), ElementsAre("bob left -"));
  ASSERT_TRUE(work->take_members(listed({})).ok());
  ASSERT_TRUE(work->reconcile({.targets = targets_, .now = input_.now}).ok());
  (*copy)->record.list = ListRecord{7, "a try"};
  ASSERT_TRUE((*copy)->write().ok());
  work.reset();
  copy->reset();
  EXPECT_FALSE(state_->read()->list);
  EXPECT_THAT(ledger(), ElementsAre("ann 1 in ", "bob 1 in "));
}

// --- The real list.

TEST_P(StateSuite, ComparesTheListWithTheLedger) {
  run("r1", {{"ann", "A"}, {"bob", "B"}, {"cid", "C"}});
  run("r2", {{"ann", "A"}, {"bob", "B"}});
  const auto copy = std::move(*state_->copy(*state_->read(), "audit"));
  const auto work = begin(*copy, "audit");
  ASSERT_TRUE(work->take_members(listed({"ann", "cid", "eve", "eve"})).ok());
  const DriftCounts counts = *work->compare();
  EXPECT_EQ(counts.listed, 3);
  EXPECT_EQ(counts.expected, 2);
  std::vector<std::string> drift;
  ASSERT_TRUE(work->drifted([&](const Drift& one) {
                    drift.push_back(one.kind + " " + name_of(one.key));
                    return true;
                  })
                  .ok());
  EXPECT_THAT(drift, ElementsAre("missing bob", "extra cid", "foreign eve"));
}
TEST_P(StateSuite, ReadingTheListBreaksOffWithItsError) {
  const auto writer = take();
  const auto work = begin(*writer, "r1");
  const Status read = work->take_members([](const state::Row& on_row) -> Status {
    on_row("ann@x.co", {});
    return Error{ErrorKind::unavailable, "the list broke off"};
  });
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().message, "the list broke off");
  ASSERT_TRUE(work->take_members(listed({"bob"})).ok());
  EXPECT_EQ(work->compare()->listed, 1) << "from a clean slate";
}
TEST_P(StateSuite, BelievesTheListOverItsMemory) {
  run("r1", {{"ann", "A"}, {"bob", "B"}});
  const auto writer = take();
  const auto work = begin(*writer, "r2");
  ASSERT_TRUE(work->take_members(listed({"ann", "eve"})).ok());
  Listed how{.targets = targets_, .now = input_.now + Millis(60'000)};
  ASSERT_TRUE(work->reconcile(how).ok());
  EXPECT_THAT(ledger(), ElementsAre("ann 1 in ", "bob 0 in ")) << "eve is none of ours";
  people(*work, {{"ann", "A"}, {"bob", "B"}});
  plan(*work);
  EXPECT_THAT(changes(*work), ElementsAre("bob entered \"B\""));
  how.remove_foreign = true;
  ASSERT_TRUE(work->reconcile(how).ok());
  plan(*work);
  EXPECT_THAT(changes(*work), ElementsAre("bob entered \"B\"", "eve left -"));
}
TEST_P(StateSuite, FindsMembersByTheirOwners) {
  const auto writer = take();
  const auto work = begin(*writer, "r1");
  ASSERT_TRUE(work->take_members(listed({"ann", "bob"})).ok());
  ASSERT_TRUE(work->take_owners([](const state::Row& on_row) {
                    on_row("ann@x.co", "u1");
                    on_row("eve@x.co", "u2");
                    return ok_status();
                  })
                  .ok());
  snapshot(*work, {{"1", "u1", "A"}}, FieldType::text, KeyType::user_id);
  plan(*work);
  EXPECT_EQ(*work->find_strangers({.targets = targets_}), 0) << "bob has no key";
  ASSERT_TRUE(work->rebuild({.targets = targets_, .now = input_.now}).ok());
  EXPECT_THAT(ledger(), ElementsAre("u1 1 in "));
}
TEST_P(StateSuite, RebuildsALostLedgerFromTheList) {
  const auto writer = take();
  const auto work = begin(*writer, "r1");
  people(*work, {{"ann", "A"}, {"bob", "B"}});
  ASSERT_TRUE(work->take_members(listed({"ann", "dan", "eve"})).ok());
  const Listed how{.targets = targets_, .now = input_.now};
  EXPECT_EQ(*work->find_strangers(how), 2);
  EXPECT_THAT(*work->strangers(9), ElementsAre("dan@x.co", "eve@x.co"));
  ASSERT_TRUE(work->are_ours({"eve@x.co"}).ok());
  EXPECT_EQ(*work->rebuild(how), 1) << "dan is left alone";
  EXPECT_THAT(ledger(), ElementsAre("ann 1 in ", "eve 1 out "));
  plan(*work);
  EXPECT_THAT(changes(*work), ElementsAre("ann changed \"A\"", "bob entered \"B\"", "eve left -"));
}

}  // namespace
}  // namespace rollcall::state
