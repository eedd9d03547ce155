"""What the network and the service do wrong: while it lasts nothing is claimed that is not known, and
within two runs after it stops the list is right."""

import datetime

import pytest

from world import PAIR_NAMES, PAIRS, World, a_day_of_changes, assert_sums, customer, populate

pairs = pytest.mark.parametrize("project_type, key", PAIRS, ids=PAIR_NAMES)


def ready(world: World, people=16):
    populate(world, people=people)
    world.write_source()
    world.apply()
    return world


def settle_down(world: World, runs=2):
    """Faults have stopped: right within two runs."""
    world.double.calm()
    for _ in range(runs):
        report = world.run(expect=None)
        if report["status"] == "completed":
            break
    assert report["status"] == "completed", report
    world.assert_right()
    world.assert_clean()


def assert_honest(world: World, report):
    """`completed` is only said when the list is right."""
    if report["status"] == "completed":
        world.assert_right()
    if report["standing"]["unknown"] or report["standing"]["not_sent"] or report["outcomes"]["unknown"]:
        assert report["status"] in ("failed", "interrupted", "stopped"), report


@pairs
@pytest.mark.parametrize("times", [1, 40])
def test_resets_after_writes_took_effect_double_nothing(make_world, project_type, key, times):
    world = ready(make_world(project_type, key))
    makes_fields = ["users/bulkUpdate"] if project_type == "email" else []  # elsewhere they come with the list
    faults = [world.double.add_fault("reset_after", endpoint, times=times) for endpoint in ["POST lists", "lists/subscribe", *makes_fields]]
    report = world.run(expect=None)
    assert faults[0].fired >= 1
    assert_honest(world, report)
    assert len(world.double.lists_named(world.name)) == 1
    settle_down(world)
    if times == 1:
        assert all(fault.fired for fault in faults)


@pairs
def test_a_reset_after_a_removal_took_effect_loses_nobody(make_world, project_type, key):
    world = ready(make_world(project_type, key), people=40)
    world.run()
    world.assert_right()
    a_day_of_changes(world)
    world.write_source()
    fault = world.double.add_fault("reset_after", "lists/unsubscribe", times=20)
    report = world.run(expect=None)
    assert fault.fired >= 1
    assert_honest(world, report)
    settle_down(world)


EVERYWHERE = ["error_500", "error_500_after", "text_503", "html_502", "throttle", "cut_body", "garbage", "reset_before", "wrong_counts"]


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_one_fault_at_each_endpoint_is_survived(make_world, kind):
    """Every endpoint that a first and a later run use answers wrongly once."""
    world = ready(make_world("email", "email"))
    endpoints = ["GET lists", "POST lists", "users/getFields", "users/getByEmail", "lists/subscribe", "users/bulkUpdate", "lists/unsubscribe"]
    counted = [one for one in endpoints if one.startswith("lists/") or one == "users/bulkUpdate"]
    faults = [world.double.add_fault(kind, one) for one in (counted if kind == "wrong_counts" else endpoints)]
    for leaver in (None, 4):
        if leaver:
            world.change(leaver, vip=False)
            world.write_source()
        for _ in range(len(endpoints) + 1):  # a run may end at each of them
            report = world.run(expect=None)
            assert_honest(world, report)
            if report["status"] == "completed":
                break
    assert [fault.endpoint for fault in faults if not fault.fired] == []
    settle_down(world)


# More seeds, with kills, in one process: tests/world/seeds_test.cpp.
@pytest.mark.parametrize("seed", [3, 5])
def test_bad_weather_then_calm_ends_right(make_world, seed):
    """A swarm: each seed leaves some kinds of fault out."""
    import random
    rng = random.Random(seed)
    project_type, key = PAIRS[seed % len(PAIRS)]
    kinds = rng.sample(EVERYWHERE + ["reset_after", "reset_after", "throttle_retry_after", "refuse_some"], 5)
    world = make_world(project_type, key)
    populate(world)
    world.write_source()
    world.apply()
    for phase in ("first", "later"):
        world.double.bad_weather(seed * 100, rng.choice([0.1, 0.3, 0.6]), kinds)
        for _ in range(2):
            assert_honest(world, world.run(expect=None))
            world.assert_clean()
        settle_down(world, runs=2)
        if phase == "first":
            a_day_of_changes(world)
            world.write_source()
    assert sum(world.double.fired.values()) > 0


def test_a_service_that_is_down_fails_the_run_and_creates_nothing(make_world):
    world = ready(make_world())
    world.double.bad_weather(1, 1.0, {"text_503"})
    report = world.run(expect=1)
    assert report["status"] == "failed" and report["error"]["message"]
    settle_down(world)


def test_a_burst_of_429_is_waited_for(make_world):
    world = ready(make_world())
    world.double.add_fault("throttle", "lists/subscribe", times=2)
    world.double.add_fault("throttle_retry_after", "users/getFields", times=1)
    report = world.run()
    assert report["status"] == "completed"
    assert report["calls"]["throttled"] == 3
    world.assert_right()


def test_a_new_list_that_is_not_usable_yet_is_waited_for(make_world):
    world = ready(make_world(double={"list_warmup": 2.5}))
    report = world.run()
    assert report["status"] == "completed"
    world.assert_right()


def test_a_lost_answer_to_the_making_of_the_list_is_found_again(make_world):
    world = ready(make_world())
    world.double.make_list("Other")
    fault = world.double.add_fault("reset_after", "POST lists")
    report = world.run()
    assert fault.fired == 1
    assert report["list"]["created"] is True
    assert report["list"]["id"] == world.the_list().id
    world.assert_right()


def test_somebody_the_service_refuses_is_named_and_tried_again(make_world):
    world = ready(make_world())
    world.double.refuses["user4@example.com"] = "invalidData"
    report = world.run()
    assert report["status"] == "completed_with_rejects"
    assert report["outcomes"]["rejected"] == 1 and report["standing"]["rejected"] == 1
    assert world.members() == world.expected_members() - {"user4@example.com"}
    people = world.rollcall("rejects", report["run_id"], "--json").json
    assert [(p["key"], p["kind"]) for p in people] == [("user4@example.com", "rejected")]
    del world.double.refuses["user4@example.com"]
    again = world.run()
    assert again["changes"]["retried"] == 3 and again["outcomes"]["added"] == 1
    assert again["status"] == "completed"
    world.assert_right()


def test_a_forgotten_person_is_not_tried_again(make_world):
    world = ready(make_world())
    world.double.forgotten.add("user4@example.com")
    report = world.run()
    assert report["status"] == "completed_with_rejects"
    world.double.clear_log()
    world.run()
    assert world.double.write_calls() == [], "Iterable can never accept this person"


@pytest.mark.parametrize("project_type, key", [("hybrid", "email"), ("email", "email")])
def test_one_bad_value_in_a_batch_that_is_refused_whole_stands_alone_at_the_end(make_world, project_type, key):
    world = make_world(project_type, key, double={"type_conflict": "batch"})
    world.attributes = world.attributes[:1]
    populate(world, people=40)
    world.change(4, first_name="x" * 40_000)  # too long for a value
    world.write_source()
    world.apply()
    report = world.run()
    assert report["status"] == "completed_with_rejects"
    assert report["outcomes"]["rejected"] == 1
    assert world.members() >= world.expected_members() - {"user4@example.com"}
    assert world.contact("user5@example.com").fields["firstName"] == "Name 5"


def test_counts_that_do_not_add_up_are_settled_in_halves(make_world):
    world = ready(make_world())
    fault = world.double.add_fault("wrong_counts", "lists/subscribe", times=1, skip=1)
    report = world.run()
    assert fault.fired == 1
    assert report["status"] == "completed"
    world.assert_right()


@pytest.mark.parametrize("unknown", ["json", "text"])
def test_both_generations_of_the_answer_for_an_unknown_user_id_are_understood(make_world, unknown):
    world = ready(make_world("user_id", "user_id", double={"user_id_unknown": unknown}))
    assert world.run()["standing"]["not_a_contact"] == 2
    world.assert_right()


@pytest.mark.parametrize("key", ["email", "user_id"])
def test_a_project_that_creates_whatever_the_flag_says_is_found_out_with_one_person_at_most(make_world, key):
    """Other vendors report hybrid projects that create all the same: the trial risks one person, no more."""
    world = ready(make_world("hybrid", key, double={"flag_holds": False}), people=40)
    report = world.run(expect=None)
    assert len(world.double.created) <= 1
    assert any("updateExistingUsersOnly" in warning for warning in report["warnings"]) or report["error"]
    created = {name for _, name in world.double.created}
    world.double.created.clear()
    world.run(expect=None)
    world.run(expect=None)
    assert world.double.created == []
    assert world.members() - created == world.expected_members() - created


def test_a_project_that_skips_without_naming_is_looked_up_instead(make_world):
    world = ready(make_world("hybrid", "email", double={"names_not_found": False}), people=40)
    world.run()
    report = world.run()
    assert report["status"] == "completed"
    assert report["standing"]["not_a_contact"] == 5
    world.assert_right()


def test_writes_that_show_late_are_waited_for_within_settle(make_world):
    world = ready(make_world("hybrid", "email", settle="3s", double={"visible_after": 0.8}))
    report = world.run()
    assert report["status"] == "completed" and report["proof"]["by"] == "answer"
    world.assert_right()


def test_a_project_whose_writes_are_not_seen_within_settle_is_looked_up_person_by_person(make_world):
    world = ready(make_world("hybrid", "email", settle="0s", double={"visible_after": 3.0}))
    report = world.run(expect=None)
    assert report["proof"]["by"] == "lookup"
    assert world.members() == world.expected_members()


def test_a_revoked_key_fails_with_its_cause(make_world):
    world = ready(make_world())
    world.run()
    key = world.double.api_key
    world.double.api_key = "another"
    world.env["ITERABLE_API_KEY"] = key
    report = world.run(expect=1)
    assert report["status"] == "failed"
    assert "key" in report["error"]["message"].lower()
    world.double.api_key = key
    settle_down(world)


@pairs
def test_a_contact_deleted_while_fields_are_made_is_not_made_anew(make_world, project_type, key):
    world = ready(make_world(project_type, key))
    fault = world.double.add_fault("deleted_after", "users/getByEmail" if key == "email" else "users/byUserId")
    world.run(expect=None)
    assert fault.fired == 1
    assert world.double.created == []
    settle_down(world)


def test_a_member_deleted_before_an_update_is_on_the_list_again_where_he_is_made_anew(make_world):
    world = ready(make_world("email", "email"))
    world.run()
    world.change(4, first_name="Zoë")
    world.write_source()
    fault = world.double.add_fault("deleted_after", "users/getByEmail")
    world.run(expect=None)
    assert fault.fired == 1
    world.double.created.clear()
    for _ in range(2):
        world.run()
    world.assert_right(attributes=False)


def contact_of(world, i):
    return world.contact(f"user{i}@example.com" if world.key == "email" else f"U{i}")


# --- Nulls: what Rollcall wrote is cleared, also where it does not know that it did.

@pairs
@pytest.mark.parametrize("fault", ["reset_after", "error_500_after"])
def test_a_value_of_which_no_answer_came_is_cleared(make_world, project_type, key, fault):
    world = ready(make_world(project_type, key))
    world.run()
    world.change(4, first_name="Anna", born=None)
    world.change(6, order_count=None)
    world.put(customer(8, vip=True))  # enters
    world.write_source()
    world.run()
    world.change(4, born=datetime.date(2000, 1, 1))  # was null, and is written without an answer
    world.put(customer(9, vip=True))
    world.write_source()
    world.double.add_fault(fault, "lists/subscribe", times=1000)
    assert world.run(expect=None)["standing"]["unknown"] > 0
    assert "birthDate" in contact_of(world, 4).fields
    world.change(4, born=None)
    world.change(9, born=None, first_name=None)
    world.write_source()
    settle_down(world)
    assert "birthDate" not in contact_of(world, 4).fields
    assert "firstName" not in contact_of(world, 9).fields


def test_who_returns_without_a_value_has_it_cleared(started_world):
    world = started_world
    world.change(4, vip=False)
    world.write_source()
    world.run()
    world.change(4, vip=True, born=None, first_name=None)
    world.write_source()
    world.run()
    world.assert_right()
    assert not {"birthDate", "firstName"} & set(contact_of(world, 4).fields)


@pytest.mark.parametrize("service", ["double", "simulator"])
@pytest.mark.parametrize("project_type, endpoint", [("hybrid", "lists/"), ("email", "getBy")], ids=["writes", "look-ups"])
def test_one_person_whom_the_service_fails_at_holds_nobody_up(make_world, project_type, endpoint, service):
    """Each batch has one, and everybody else is added, removed and updated all the same."""
    world = ready(make_world(project_type, "email", service=service), people=12)
    world.double.fails_at = {"user3@example.com": endpoint}
    first = world.run(expect=1)
    assert first["outcomes"]["unknown"] == 1 and "1 person" in first["error"]["message"], first
    assert world.members() == world.expected_members() - {"user3@example.com"}
    named = world.rollcall("rejects", first["run_id"], "--kind", "unknown").out
    assert "user3@example.com" in named and "500" in named
    if endpoint == "lists/":
        world.put(customer(5, vip=False), customer(7, vip=False), customer(6, first_name="New"), customer(8, first_name="New"))
        world.write_source()
        world.double.fails_at |= {"user5@example.com": endpoint, "user6@example.com": endpoint}
        second = world.run(expect=1)
        assert second["outcomes"]["unknown"] == 3, second
        assert world.members() == world.expected_members() - {"user3@example.com"} | {"user5@example.com"}
        assert world.contact("user8@example.com").fields["firstName"] == "New"
    settle_down(world)
