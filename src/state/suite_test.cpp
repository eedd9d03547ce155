// One suite over every kind of state. The tests of tables and files are beside each kind.
#include "state/suite.hpp"

#include "core/match_key.hpp"

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
TEST_P(StateSuite, PlansTheSameWhereThoseWhoStayAsTheyAreAreLeftToTheLedger) {
  run("r1", {{"ann", "A"}, {"bob", "B"}, {"cid", std::nullopt}, {"dan", "D"}, {"eve", "E"}});
  changed_alone_ = true;
  {
    const auto writer = take();
    const auto work = begin(*writer, "r2");
    people(*work, {{"ann", "A"}, {"bob", "B2"}, {"cid", "C"}, {"dan", std::nullopt}, {"fay", "F"}});
    plan(*work);
    EXPECT_THAT(changes(*work), ElementsAre("bob changed \"B2\"", "cid changed \"C\"",
                                            "dan changed null", "fay entered \"F\"", "eve left -"));
    promote(*writer, *work,
            {{OutcomeKind::updated},
             {OutcomeKind::updated},
             {OutcomeKind::rejected, "forgotten", true},
             {OutcomeKind::not_a_contact},
             {OutcomeKind::removed}});
  }
  const auto writer = take();
  const auto work = begin(*writer, "r3");
  people(*work,
         {{"ann", "A"}, {"bob", "B2"}, {"cid", "C"}, {"dan", "D2"}, {"eve", "E"}, {"fay", "F"}});
  plan(*work);
  EXPECT_THAT(changes(*work),
              ElementsAre("dan changed \"D2\"", "eve entered \"E\"", "fay retried \"F\""));
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
TEST_P(StateSuite, OfNothingTheLedgerStaysTheOneThatCounts) {
  run("r1", {{"ann", "A"}, {"bob", std::nullopt}});
  const auto writer = take();
  const auto work = begin(*writer, "r2");
  snapshot(*work,
           {{"ann", "ann@x.co", "A"}, {"bob", "bob@x.co", std::nullopt}, {"3", "nobody", "C"}});
  EXPECT_TRUE(plan(*work).empty);
  const int64_t generation = writer->record.generation;
  const Promotion of_nothing{targets_, input_.pending, {}, input_.now, true};
  ASSERT_TRUE(work->promote(of_nothing).ok());
  EXPECT_EQ(writer->record.generation, generation);
  EXPECT_EQ(writer->record.standing.on_list, 2);
  ASSERT_TRUE(writer->write().ok());
  EXPECT_THAT(ledger(), ElementsAre("ann 1 in ", "bob 1 in "));
  std::vector<std::string> missing;
  ASSERT_TRUE(state_
                  ->missing_people("r2", "all",
                                   [&](const MissingPerson& one) {
                                     missing.push_back(one.kind + " " + one.primary_key);
                                     return true;
                                   })
                  .ok());
  EXPECT_THAT(missing, ElementsAre("invalid_key 3")) << "of this run's snapshot";
}
TEST_P(StateSuite, NoPlanIsEmptyWhereTheLedgerWouldTellSomethingElse) {
  {
    const auto writer = take();
    const auto work = begin(*writer, "r0");
    people(*work, {{"ann", "A"}});
    EXPECT_FALSE(plan(*work).empty) << "somebody enters";
    people(*work, {});
    EXPECT_FALSE(plan(*work).empty) << "there is no ledger yet";
  }
  run("r1", {{"ann", "A"}, {"bob", "B"}});
  run("r2", {{"ann", "A"}});
  const auto writer = take();
  const auto work = begin(*writer, "r3");
  people(*work, {{"ann", "A"}});
  EXPECT_TRUE(plan(*work).empty) << "bob is remembered";
  snapshot(*work, {{"another", "ann@x.co", "A"}});
  EXPECT_FALSE(plan(*work).empty) << "another primary key";
  people(*work, {{"ann", "A"}});
  const plan::Input before = input_;
  input_.full = true;
  EXPECT_FALSE(plan(*work).empty) << "everything is sent";
  input_ = before;
  input_.now += Millis(int64_t{31} * 24 * 3600'000);
  EXPECT_FALSE(plan(*work).empty) << "bob is to be forgotten";
  input_ = before;
  input_.targets.push_back({.field = "age", .to = "age"});
  input_.targets.erase(input_.targets.begin());
  EXPECT_FALSE(plan(*work).empty) << "other attributes";
}
TEST_P(StateSuite, TheNextLedgerKeepsWhoeverAPlanDoesNotTouch) {
  std::map<std::string, std::optional<std::string>> who;
  for (char name = 'a'; name <= 'l'; ++name) who[std::string(1, name)] = std::string(1, name);
  run("r1", who);
  const PersonRow before = person("k");
  input_.now += Millis(1000);
  who["a"] = "A2";
  who.erase("b");
  who["z"] = "Z";
  {
    const auto writer = take();
    const auto work = begin(*writer, "r2");
    people(*work, who);
    plan(*work);
    EXPECT_THAT(changes(*work), ElementsAre("a changed \"A2\"", "z entered \"Z\"", "b left -"));
    promote(*writer, *work,
            {{OutcomeKind::updated}, {OutcomeKind::not_a_contact}, {OutcomeKind::removed}});
  }
  EXPECT_THAT(ledger(), ElementsAre("a 1 in ", "b 0 out ", "c 1 in ", "d 1 in ", "e 1 in ",
                                    "f 1 in ", "g 1 in ", "h 1 in ", "i 1 in ", "j 1 in ",
                                    "k 1 in ", "l 1 in ", "z 0 in not_a_contact"));
  EXPECT_EQ(person("a").attributes.at("name"), attributes::fingerprint("\"A2\""));
  EXPECT_EQ(person("k").attributes, before.attributes);
  EXPECT_EQ(person("k").since_ms, before.since_ms);
  EXPECT_EQ(person("k").wrote_ms, before.wrote_ms);
  EXPECT_NE(person("a").wrote_ms, before.wrote_ms);
}
TEST_P(StateSuite, AParkedPersonWhoLeavesIsForgotten) {
  {
    const auto writer = take();
    const auto work = begin(*writer, "r1");
    people(*work, {{"ann", "A"}, {"bob", "B"}});
    plan(*work);
    promote(*writer, *work, {{OutcomeKind::added}, {OutcomeKind::not_a_contact}});
  }
  const auto writer = take();
  const auto work = begin(*writer, "r2");
  people(*work, {{"ann", "A"}, {"bob", "B"}});
  input_.parked_lookups_max = 0;
  EXPECT_TRUE(plan(*work).empty) << "whoever is not looked at again stays as they were";
  people(*work, {{"ann", "A"}});
  const plan::Plan left = plan(*work);
  EXPECT_EQ(left.removals, 0);
  EXPECT_FALSE(left.empty);
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

TEST_P(StateSuite, AClockThatWasSetBackHoldsARemovalUpNoLonger) {
  run("r1", {{"ann", "A"}});
  input_.now -= Millis(500'000);
  input_.settle = Millis(60'000);
  const auto writer = take();
  const auto work = begin(*writer, "r2");
  people(*work, {});
  plan(*work);
  EXPECT_EQ(raw(*work).at(0).not_before_ms, 560'000);
}
TEST_P(StateSuite, TellsTheGuardItsNumbers) {
  run("r1", {{"ann", "A"}, {"bob", "B"}});
  run("r2", {{"bob", "B"}});
  {
    const auto writer = take();
    const auto work = begin(*writer, "r3");
    people(*work, {{"ann", std::nullopt}, {"bob", std::nullopt}, {"cid", "C"}});
    const plan::Plan made = plan(*work);
    EXPECT_THAT(changes(*work),
                ElementsAre("ann entered null", "bob changed null", "cid entered \"C\""));
    EXPECT_EQ(made.cleared.at("name"), 1) << "not of whoever enters";
    EXPECT_EQ(made.on_list_before, 1);
    EXPECT_EQ(made.writes, 3);
    promote(*writer, *work, {{OutcomeKind::added}, {OutcomeKind::updated}, {OutcomeKind::unknown}});
  }
  const auto writer = take();
  const auto work = begin(*writer, "r4");
  people(*work, {{"ann", std::nullopt}});
  const plan::Plan made = plan(*work);
  EXPECT_EQ(made.on_list_before, 3) << "cid is, perhaps";
  EXPECT_EQ(made.removals, 2);
  EXPECT_THAT(made.cleared, IsEmpty());
}
TEST_P(StateSuite, KeepsANullWhenToldTo) {
  run("r1", {{"ann", "A"}});
  input_.on_null = OnNull::keep;
  const auto writer = take();
  const auto work = begin(*writer, "r2");
  people(*work, {{"ann", std::nullopt}});
  plan(*work);
  EXPECT_THAT(changes(*work), IsEmpty());
}
TEST_P(StateSuite, WhatIsPendingIsNeitherSentNorConfirmed) {
  input_.pending = {true};
  run("r1", {{"ann", "A"}, {"bob", std::nullopt}});
  EXPECT_FALSE(person("bob").attributes["name"]);
  const auto writer = take();
  const auto work = begin(*writer, "r2");
  people(*work, {{"ann", "A"}, {"bob", std::nullopt}, {"cid", "C"}});
  plan(*work);
  EXPECT_THAT(changes(*work), ElementsAre("cid entered -"));
  input_.pending = {false};
  plan(*work);
  EXPECT_THAT(changes(*work), ElementsAre("ann changed \"A\"", "cid entered \"C\""));
}
TEST_P(StateSuite, AFullRunSendsEverythingAgain) {
  {
    const auto writer = take();
    const auto work = begin(*writer, "r1");
    people(*work, {{"ann", "A"}, {"bob", std::nullopt}, {"cid", "C"}, {"dan", "D"}});
    plan(*work);
    promote(*writer, *work,
            {{OutcomeKind::added},
             {OutcomeKind::added},
             {OutcomeKind::rejected, "forgotten", true},
             {OutcomeKind::added}});
  }
  const auto writer = take();
  const auto work = begin(*writer, "r2");
  people(*work, {{"ann", "A"}, {"bob", std::nullopt}, {"cid", "C"}});
  plan(*work);
  EXPECT_THAT(changes(*work), ElementsAre("dan left -"))
      << "cid's data are those rejected for good";
  input_.full = true;
  const auto all =
      ElementsAre("ann changed \"A\"", "bob changed -", "cid retried \"C\"", "dan left -");
  plan(*work);
  EXPECT_THAT(changes(*work), all);
  EXPECT_TRUE(raw(*work).at(0).was_on_list);
  input_.put_on_again = true;
  const plan::Plan made = plan(*work);
  EXPECT_THAT(changes(*work), all);
  EXPECT_EQ(made.on_list_before, 3);
  EXPECT_FALSE(raw(*work).at(0).was_on_list);
  EXPECT_TRUE(raw(*work).at(3).was_on_list) << "who leaves was";
}
TEST_P(StateSuite, OneOfTwoSpellingsStandsForBoth) {
  const auto as = [&](Work& work, const std::string& key) { snapshot(work, {{"1", key, "A"}}); };
  const auto writer = take();
  const auto work = begin(*writer, "r1");
  as(*work, "josé@x.co");
  plan(*work);
  promote(*writer, *work, {{OutcomeKind::added}});
  const auto next = begin(*writer, "r2");
  as(*next, "josÉ@x.co");
  input_.only = folded_key("josÉ@x.co");
  ASSERT_TRUE(next->keep_only(*input_.only).ok());
  plan(*next);
  EXPECT_THAT(changes(*next), ElementsAre("josÉ entered \"A\""));
  promote(*writer, *next, {{OutcomeKind::added}});
  EXPECT_THAT(ledger(), ElementsAre("josÉ 1 in "));
  EXPECT_EQ(person("josé").key, "josÉ@x.co");
  ASSERT_TRUE(next->take_members(listed({"josé"})).ok());
  const DriftCounts drift = *next->compare();
  EXPECT_EQ(drift.missing + drift.extra + drift.foreign, 0);
}
TEST_P(StateSuite, OfTwoSpellingsOfALeaverOneLeaves) {
  const auto writer = take();
  const auto work = begin(*writer, "r1");
  ASSERT_TRUE(work->take_members(listed({"josé", "josÉ"})).ok());
  ASSERT_TRUE(
      work->reconcile({.targets = targets_, .remove_foreign = true, .now = input_.now}).ok());
  EXPECT_THAT(ledger(), ElementsAre("josÉ 1 out ", "josé 1 out "));
  people(*work, {});
  plan(*work);
  EXPECT_THAT(changes(*work), ElementsAre("josÉ left -"));
  promote(*writer, *work, {{OutcomeKind::removed}});
  EXPECT_THAT(ledger(), ElementsAre("josÉ 0 out "));
}
TEST_P(StateSuite, UserIdsDifferByTheCaseOfTheirLetters) {
  const auto writer = take();
  const auto work = begin(*writer, "r1");
  EXPECT_EQ(snapshot(*work, {{"1", "Ab", "x"}, {"2", "ab", "y"}}, FieldType::text, KeyType::user_id)
                .counts.members,
            2);
  ASSERT_TRUE(work->keep_only("Ab").ok());
  EXPECT_THAT(*work->primary_keys(), ElementsAre("1"));
}

// --- The parked.

TEST_P(StateSuite, LooksAgainAtTheParkedWithinItsLimits) {
  const auto all_are_strangers = [&](const std::string& id,
                                     const std::map<std::string, std::optional<std::string>>& who) {
    const auto writer = take();
    const auto work = begin(*writer, id);
    people(*work, who);
    const auto writes = static_cast<size_t>(plan(*work).writes);
    promote(*writer, *work, std::vector<Outcome>(writes, {OutcomeKind::not_a_contact}));
  };
  all_are_strangers("r1", {{"cid", "C"}});
  input_.now += Millis(1000);
  input_.parked_lookups_max = 0;
  all_are_strangers("r2", {{"ann", "A"}, {"bob", "B"}, {"cid", "C"}});
  EXPECT_THAT(parked(), ElementsAre("cid", "ann", "bob")) << "the longest waiting first";

  const auto writer = take();
  const auto work = begin(*writer, "r3");
  people(*work, {{"ann", "A"}, {"bob", "B"}, {"cid", "C"}, {"dan", "D"}});
  input_.parked_lookups_max = 2;
  const plan::Plan made = plan(*work);
  EXPECT_EQ(made.parked, 3);
  EXPECT_EQ(made.look_ups, 2);
  EXPECT_THAT(changes(*work),
              ElementsAre("dan entered \"D\"", "ann retried \"A\"", "cid retried \"C\""));
  input_.parked_candidate = [](std::string_view key) { return key.starts_with("bob"); };
  input_.parked_others_max = 1;
  plan(*work);
  EXPECT_THAT(changes(*work, {.parked = true}),
              ElementsAre("bob retried \"B\"", "cid retried \"C\""));
}
TEST_P(StateSuite, AParkedPersonWhoIsNotSentStaysParked) {
  {
    const auto writer = take();
    const auto work = begin(*writer, "r1");
    people(*work, {{"bob", "B"}});
    plan(*work);
    promote(*writer, *work, {{OutcomeKind::not_a_contact}});
  }
  const Time then = input_.now;
  input_.now += Millis(1000);
  const auto writer = take();
  const auto work = begin(*writer, "r2");
  people(*work, {{"ann", "A"}, {"bob", "B"}});
  plan(*work);
  EXPECT_THAT(changes(*work), ElementsAre("ann entered \"A\"", "bob retried \"B\""));
  promote(*writer, *work, {{OutcomeKind::added}});
  EXPECT_THAT(ledger(), ElementsAre("ann 1 in ", "bob 0 in not_a_contact"));
  const PersonRow bob = person("bob");
  EXPECT_EQ(Time(Millis(bob.since_ms)), then);
  EXPECT_EQ(Time(Millis(bob.tried_ms)), then);
  EXPECT_EQ(writer->record.standing.not_a_contact, 1);
  EXPECT_EQ(plan(*work).look_ups, 1) << "reads alone touch him";
}

// --- Answers and the ledger.

TEST_P(StateSuite, TheJournalTellsWhatWasLastHeard) {
  const auto writer = take();
  const auto work = begin(*writer, "r1");
  people(*work, {{"ann", "A"}, {"bob", "B"}, {"cid", "C"}});
  plan(*work);
  EXPECT_FALSE(work->answers()->begun);
  const auto journal = std::move(*work->journal());
  ASSERT_TRUE(journal->sent({0, 1}).ok());
  ASSERT_TRUE(journal->withdrawn({0}).ok());
  ASSERT_TRUE(journal->answered(std::nullopt, {2}, {{OutcomeKind::not_a_contact}}).ok());
  ASSERT_TRUE(journal->filtered({"name"}).ok());
  ASSERT_TRUE(journal->created({"age"}).ok());
  ASSERT_TRUE(journal->calls({.total = 3, .by_endpoint = {{"GET x", 3}}}, Millis(7)).ok());
  const Answers answers = *work->answers();
  EXPECT_TRUE(answers.begun);
  EXPECT_THAT(answers.kinds,
              ElementsAre(std::nullopt, OutcomeKind::unknown, OutcomeKind::not_a_contact));
  EXPECT_THAT(answers.filtered_fields, ElementsAre("name"));
  EXPECT_THAT(answers.fields_created, ElementsAre("age"));
  EXPECT_EQ(answers.calls.by_endpoint.at("GET x"), 3);
  EXPECT_EQ(answers.oldest_proof, Millis(7));
}
TEST_P(StateSuite, WhatIterableDroppedIsNotConfirmed) {
  const auto writer = take();
  const auto work = begin(*writer, "r1");
  people(*work, {{"ann", "A"}});
  plan(*work);
  ASSERT_TRUE((*work->journal())->filtered({"name"}).ok());
  promote(*writer, *work, {{OutcomeKind::added}});
  EXPECT_FALSE(person("ann").attributes["name"]);
  plan(*work);
  EXPECT_THAT(changes(*work), ElementsAre("ann changed \"A\""));
}
TEST_P(StateSuite, WhatWasNotSentIsAsItWas) {
  run("r1", {{"ann", "A"}, {"bob", "B"}});
  const Time then = input_.now;
  input_.now += Millis(1000);
  const auto writer = take();
  const auto work = begin(*writer, "r2");
  people(*work, {{"ann", "A2"}});
  plan(*work);
  EXPECT_EQ(work->standing_unsent()->on_list, 1);
  EXPECT_EQ(work->standing_unsent()->leavers_on_list, 1);
  promote(*writer, *work, {});
  EXPECT_THAT(ledger(), ElementsAre("ann 1 in not_sent", "bob 1 out not_sent"));
  EXPECT_EQ(writer->record.standing.on_list, 0) << "a reason counts for more than the list";
  EXPECT_EQ(writer->record.standing.not_sent, 1);
  EXPECT_EQ(writer->record.standing.leavers_on_list, 1);
  PersonRow ann = person("ann");
  EXPECT_EQ(Time(Millis(ann.wrote_ms)), then);
  EXPECT_EQ(ann.attributes["name"], attributes::fingerprint("\"A\""));
}
TEST_P(StateSuite, TellsOfEveryKindWhoIsMissing) {
  run("r1", {{"zoe", "Z"}});
  const auto writer = take();
  const auto work = begin(*writer, "r2");
  snapshot(*work, {{"1", "ann@x.co", "A"},
                   {"2", "bob@x.co", "B"},
                   {"3", "cid@x.co", "C"},
                   {"4", "dan@x.co", "D"},
                   {"5", std::nullopt, "x"},
                   {"6", "no address", "x"},
                   {"7", "ann@x.co", "A"}});
  plan(*work);
  promote(
      *writer, *work,
      {{OutcomeKind::rejected, "conflict"}, {OutcomeKind::not_a_contact}, {OutcomeKind::unknown}});
  EXPECT_THAT(missing("r2"), ElementsAre("duplicate_key ann 7", "invalid_key no address 6",
                                         "leaver zoe zoe", "no_key  5", "not_a_contact bob 2",
                                         "not_sent dan 4", "rejected ann 1", "unknown cid 3"));
  for (const char* kind : kMissingKinds)
    EXPECT_THAT(missing("r2", kind), ElementsAre(testing::StartsWith(kind)));
  EXPECT_THAT(missing("r2", "all", 1), ElementsAre("duplicate_key ann 7")) << "told to stop";
  EXPECT_THAT(missing("r1"), IsEmpty());
}

TEST_P(StateSuite, LetsGoOfTheMissingPeopleOfPastRuns) {
  run("r1", {{"zoe", "Z"}});
  run("r2", {});
  const auto open = take();
  const auto work = begin(*open, "r3");  // ended as little as it says anything
  people(*work, {{"ann", "A"}});
  plan(*work);
  std::vector<std::string> asked;
  const auto dropped = state_->drop_missing_people([&](const std::string& run_id) -> Result<bool> {
    asked.push_back(run_id);
    return run_id == "r1";
  });
  ASSERT_TRUE(dropped.ok()) << dropped.error().text();
  EXPECT_EQ(*dropped, 1);
  EXPECT_THAT(asked, testing::UnorderedElementsAre("r1", "r2"));
  const auto told = state_->missing_people("r1", "all", [](const MissingPerson&) { return true; });
  EXPECT_EQ(told.error().kind, ErrorKind::not_found);
  EXPECT_THAT(missing("r2"), IsEmpty());
  EXPECT_FALSE(state_
                   ->drop_missing_people([](const std::string&) -> Result<bool> {
                     return Error{ErrorKind::unavailable, "who knows"};
                   })
                   .ok());
  promote(*open, *work, {{OutcomeKind::added}});
}

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
  PersonRow ann = person("ann");
  EXPECT_EQ(ann.wrote_kind, 1);
  EXPECT_EQ(ann.attributes["name"], attributes::fingerprint("\"A\""));
  EXPECT_EQ(person("cid").detail, "forgotten");
  EXPECT_EQ(person("cid").wrote_kind, 1) << "it may have been done";
  EXPECT_EQ(person("bob").wrote_kind, 0);
  EXPECT_EQ(person("dan").wrote_kind, 1);
  EXPECT_THAT(parked(), ElementsAre("bob"));

  const auto writer = take();
  const auto work = begin(*writer, "r2");
  people(*work, {{"ann", "A"}, {"bob", "B"}, {"cid", "C2"}, {"dan", "D"}, {"eve", "E"}});
  EXPECT_EQ(plan(*work).parked, 1);
  EXPECT_THAT(changes(*work), ElementsAre("cid changed \"C2\"", "bob retried \"B\"",
                                          "dan retried \"D\"", "eve retried \"E\""));
  EXPECT_THAT(changes(*work, {.parked = true}), ElementsAre("bob retried \"B\""));
  std::vector<std::string> in_segment;
  ASSERT_TRUE(work->parked([&](std::string_view key) { in_segment.push_back(name_of(key)); }).ok());
  EXPECT_THAT(in_segment, ElementsAre("bob"));
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
  people(*work, {{"ann", "A"}, {"bob", std::nullopt}, {"cid", ""}, {"aaa", "new"}});
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
TEST_P(StateSuite, WhatIsKeptAndNotSealedIsGoneOnWithAndNoMore) {
  {
    const auto writer = take();
    const auto work = begin(*writer, "r1");
    people(*work, {{"ann", "A"}});
    plan(*work);
    writer->record.open_run = OpenRun{"r1", "hash", 0, "{}"};
    ASSERT_TRUE(work->keep().ok());
    ASSERT_TRUE(writer->write().ok());
  }
  const auto writer = take();
  {
    const auto work = writer->go_on("r1");
    ASSERT_TRUE(work.ok()) << work.error().text();
    EXPECT_THAT(changes(**work), ElementsAre("ann entered \"A\""));
  }
  EXPECT_EQ(writer->take_as_unknown(input_.now).error().kind, ErrorKind::corrupt);
  EXPECT_TRUE(writer->record.open_run) << "the record is as it was";
  EXPECT_EQ(writer->record.generation, 0);
}
TEST_P(StateSuite, APromotionThatWasNotWrittenIsMadeAgain) {
  run("r1", {{"ann", "A"}, {"bob", "B"}});
  for (const bool lives : {false, true}) {
    const auto writer = take();
    const auto work = lives ? std::move(*writer->go_on("r2")) : begin(*writer, "r2");
    if (!lives) {
      people(*work, {{"ann", "A"}, {"cid", "C"}});
      plan(*work);
      writer->record.open_run = OpenRun{"r2", "hash", 0, "{}"};
      ASSERT_TRUE(work->seal().ok());
      ASSERT_TRUE(writer->write().ok());
      const auto journal = std::move(*work->journal());
      ASSERT_TRUE(journal->sent({0, 1}).ok());
      ASSERT_TRUE(
          journal->answered(1, {0, 1}, {{OutcomeKind::unknown}, {OutcomeKind::removed}}).ok());
    }
    ASSERT_TRUE(work->promote({targets_, {false}, *work->answers(), input_.now}).ok());
    if (!lives) continue;
    writer->record.open_run = std::nullopt;
    ASSERT_TRUE(writer->write().ok());
  }
  EXPECT_THAT(ledger(), ElementsAre("ann 1 in ", "bob 0 out ", "cid 2 in unknown"));
  EXPECT_TRUE(state_->check(*state_->read()).ok());
  EXPECT_THAT(missing("r2"), ElementsAre("unknown cid cid"));
}
TEST_P(StateSuite, ALedgerThatIsNotThereIsMissed) {
  run("r1", {{"ann", "A"}});
  Record record = *state_->read();
  ASSERT_TRUE(state_->check(record).ok());
  ++record.generation;
  const Status lost = state_->check(record);
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().kind, ErrorKind::corrupt);
}
TEST_P(StateSuite, SalvagesWhatIsLeft) {
  run("r1", {{"ann", "A"}, {"bob", "B"}});
  const auto writer = take();
  {
    const auto work = begin(*writer, "r2");
    people(*work, {{"ann", "A"}, {"cid", "C"}});
    plan(*work);
    ASSERT_TRUE(work->seal().ok());
  }
  writer->record = {};
  writer->record.list = ListRecord{4711, "VIPs"};
  writer->record.open_run = OpenRun{"r2", "hash", 0, "{}"};
  ASSERT_TRUE(writer->salvage("the record is damaged", input_.now).ok());
  const Record record = *state_->read();
  EXPECT_FALSE(record.open_run);
  EXPECT_EQ(record.list->id, 4711);
  EXPECT_THAT(record.doubt->why, testing::Contains(testing::HasSubstr("the record is damaged")));
  EXPECT_TRUE(record.doubt->everything);
  EXPECT_FALSE(record.doubt->lost);
  EXPECT_EQ(record.standing.on_list, 1);
  EXPECT_TRUE(state_->check(record).ok());
  EXPECT_THAT(ledger(), ElementsAre("ann 1 in ", "bob 2 out unknown", "cid 2 in unknown"));
}
TEST_P(StateSuite, WhereNothingIsLeftTheLedgerIsLost) {
  const auto writer = take();
  ASSERT_TRUE(writer->salvage("the record is gone", input_.now).ok());
  const Record record = *state_->read();
  EXPECT_TRUE(record.doubt->everything && record.doubt->lost);
  EXPECT_THAT(ledger(), IsEmpty());
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
  EXPECT_EQ((*copy)->record.generation, state_->read()->generation);
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
TEST_P(StateSuite, AnAdditionMayShowLate) {
  run("r1", {{"ann", "A"}});
  const auto writer = take();
  const auto work = begin(*writer, "r2");
  ASSERT_TRUE(work->take_members(listed({})).ok());
  Listed how{.targets = targets_, .now = input_.now + Millis(1000), .settle = Millis(60'000)};
  ASSERT_TRUE(work->reconcile(how).ok());
  EXPECT_THAT(ledger(), ElementsAre("ann 1 in "));
  how.now += how.settle;
  ASSERT_TRUE(work->reconcile(how).ok());
  EXPECT_THAT(ledger(), ElementsAre("ann 0 in "));
}
TEST_P(StateSuite, RemovesAgainOnlyWhenToldTo) {
  run("r1", {{"ann", "A"}});
  run("r2", {});
  const auto writer = take();
  const auto work = begin(*writer, "r3");
  ASSERT_TRUE(work->take_members(listed({"ann"})).ok());
  Listed how{.targets = targets_, .now = input_.now};
  ASSERT_TRUE(work->reconcile(how).ok());
  EXPECT_THAT(ledger(), ElementsAre("ann 0 out "));
  how.remove_again = true;
  ASSERT_TRUE(work->reconcile(how).ok());
  EXPECT_THAT(ledger(), ElementsAre("ann 1 out "));
  people(*work, {});
  plan(*work);
  EXPECT_THAT(changes(*work), ElementsAre("ann left -"));
}
TEST_P(StateSuite, ReasonsOutliveTheReadingOfTheList) {
  {
    const auto writer = take();
    const auto work = begin(*writer, "r1");
    people(*work, {{"ann", "A"}, {"bob", "B"}});
    plan(*work);
    promote(*writer, *work, {{OutcomeKind::not_a_contact}, {OutcomeKind::unknown}});
  }
  const auto writer = take();
  writer->record.doubt = Doubt{{"why"}, true, false};
  const auto work = begin(*writer, "r2");
  ASSERT_TRUE(work->take_members(listed({"ann", "bob"})).ok());
  ASSERT_TRUE(work->reconcile({.targets = targets_, .now = input_.now}).ok());
  EXPECT_THAT(ledger(), ElementsAre("ann 0 in not_a_contact", "bob 1 in unknown"));
  EXPECT_TRUE(state_->read()->doubt) << "the record is the writer's";
  EXPECT_THAT(parked(), ElementsAre("ann"));
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

// --- A backup.

TEST_P(StateSuite, ABackupHoldsTheLedgerAndIsNoticedWhereItIsPut) {
  const auto kept = home_ / "kept";
  ASSERT_TRUE(state_->back_up(kept).ok());
  EXPECT_FALSE(std::filesystem::exists(kept));
  run("r1", {{"ada", "A"}, {"bob", "B"}});
  auto writer = take();  // somebody runs it meanwhile
  writer->record.open_run = OpenRun{.run_id = "r2", .catalog_hash = "h", .report_json = "{}"};
  ASSERT_TRUE(writer->write().ok());
  const Status done = state_->back_up(kept);
  ASSERT_TRUE(done.ok()) << done.error().text();
  run_with(*writer, "r3", {{"cy", "C"}});
  writer.reset();
  std::filesystem::create_directories(home_ / "new" / "activations");
  std::filesystem::rename(kept, home_ / "new" / "activations" / "a1");
  states_ = GetParam().open({home_ / "new"}, disk_, *leases_);
  state_ = states_->of("a1");
  EXPECT_THAT(ledger(), ElementsAre("ada 1 in ", "bob 1 in "));
  Record record = *state_->read();
  EXPECT_TRUE(record.copied);
  EXPECT_FALSE(record.open_run);
  const auto other = take();
  ASSERT_TRUE(other->write().ok());
  EXPECT_TRUE(state_->read()->copied) << "until somebody has made up their mind about it";
  other->record.copied = false;
  ASSERT_TRUE(other->write().ok());
  EXPECT_FALSE(state_->read()->copied);
}

// --- Somebody is forgotten.

TEST_P(StateSuite, ForgetsAPersonInEveryPlaceAndSpelling) {
  run("r1", {{"josé", "A"}, {"bob", "B"}});
  {
    const auto writer = take();
    const auto work = begin(*writer, "r2");
    people(*work, {{"josé", "X"}, {"bob", "Y"}, {"cy", "Z"}});
    plan(*work);
    ASSERT_TRUE(work->seal().ok());
    promote(*writer, *work,
            {{OutcomeKind::rejected, "no"},
             {OutcomeKind::rejected, "no"},
             {OutcomeKind::rejected, "no"}});
  }
  const auto told = [&] {
    std::vector<std::string> out;
    EXPECT_TRUE(state_
                    ->missing_people("r2", "all",
                                     [&](const MissingPerson& one) {
                                       out.push_back(name_of(one.key));
                                       return true;
                                     })
                    .ok());
    return out;
  };
  ASSERT_THAT(told(), testing::Contains("josé"));
  const auto others = [&] {
    auto out = told();
    std::erase(out, "josé");
    return out;
  }();
  const auto writer = take();
  const auto done = writer->forget("JOSÉ@x.co");
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_EQ(done->in_ledger, 1);
  EXPECT_EQ(done->in_past_runs, 1);
  EXPECT_EQ(ledger().size(), 2U);
  EXPECT_FALSE(*state_->find("josé@x.co"));
  EXPECT_EQ(told(), others);
  EXPECT_TRUE(state_->check(*state_->read()).ok());
  for (const auto& file : std::filesystem::recursive_directory_iterator(home_)) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(bytes.find("josé"), std::string::npos) << file.path();
  }
  const auto again = writer->forget("josé@x.co");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->in_ledger + again->in_past_runs, 0);
}

TEST_P(StateSuite, ACopyStaysOneWhoeverIsForgotten) {
  run("r1", {{"ada", "A"}, {"bob", "B"}});
  const auto writer = take();
  writer->record.copied = true;
  ASSERT_TRUE(writer->forget("ada@x.co").ok());
  EXPECT_TRUE(state_->read()->copied);
}

}  // namespace
}  // namespace rollcall::state
