"""The guard: a run that would do harm stops before its first write."""

import pytest

from world import World, customer


def ready(world: World, people=20, **activation):
    world.activation |= activation
    for i in range(1, people + 1):
        world.put(customer(i))
        world.double.add_contact(email=f"user{i}@example.com", user_id=f"U{i}", firstName="Old")
    world.write_source()
    world.apply()
    world.run()
    world.assert_right()
    world.double.clear_log()
    return world


def leave(world: World, numbers):
    for i in numbers:
        world.change(i, vip=False)
    world.write_source()


def assert_stopped(world: World, report, *words):
    assert report["status"] == "stopped"
    for word in words:
        assert word in report["error"]["message"]
    assert report["plan_id"] in report["error"]["remedy"]
    assert world.double.write_calls() == [], "no write before the stop"
    assert report["outcomes"]["not_sent"] == sum(report["changes"].values())


def test_an_emptied_segment_stops_and_an_approval_lets_it_pass(make_world):
    world = ready(make_world())
    before = world.members()
    leave(world, range(1, 21))
    report = world.run(expect=3)
    assert_stopped(world, report, "20", "allow_empty")
    assert world.members() == before
    again = world.run(expect=3)
    assert_stopped(world, again)
    approved = world.run("--approve", report["plan_id"])
    assert approved["status"] == "completed" and approved["outcomes"]["removed"] == 20
    assert world.members() == set()


def test_seventy_percent_leaving_stops_and_a_harmless_next_run_goes_on(make_world):
    world = ready(make_world())
    leave(world, range(1, 15))
    report = world.run(expect=3)
    assert_stopped(world, report, "max_removed_share", "70 %")
    for i in range(1, 15):
        world.change(i, vip=True)
    world.change(3, vip=False)
    world.write_source()
    report = world.run()
    assert report["status"] == "completed" and report["outcomes"]["removed"] == 1
    world.assert_right()


def test_an_approval_covers_the_plan_that_was_seen_and_no_more(make_world):
    world = ready(make_world())
    leave(world, range(1, 11))
    seen = world.rollcall("plan", world.name, "--json").json
    assert seen["guard"]["passed"] is False and seen["guard"]["removed"] == 10
    assert world.double.write_calls() == []
    leave(world, range(11, 15))
    assert_stopped(world, world.run("--approve", seen["plan_id"], expect=3), "max_removed_share")
    for i in range(11, 16):
        world.change(i, vip=True)
    world.write_source()
    assert world.run("--approve", seen["plan_id"])["outcomes"]["removed"] == 10
    world.assert_right()


def test_an_approval_counts_once(make_world):
    world = ready(make_world())
    leave(world, range(1, 11))
    seen = world.rollcall("plan", world.name, "--json").json
    world.run("--approve", seen["plan_id"])
    leave(world, range(11, 16))
    report = world.run("--approve", seen["plan_id"], expect=2)
    assert "counts once" in report["error"]["message"] and report["outcomes"]["removed"] == 0
    world.double.clear_log()
    assert_stopped(world, world.run(expect=3))


def test_a_run_that_was_interrupted_goes_on_with_its_approval(make_world):
    world = ready(make_world())
    leave(world, range(1, 11))
    seen = world.rollcall("plan", world.name, "--json").json
    death = {"ROLLCALL_KILL_AT": "plan.sealed"}
    world.rollcall("run", world.name, "--approve", seen["plan_id"], expect=-9, env=death)
    assert world.run("--approve", seen["plan_id"])["outcomes"]["removed"] == 10
    world.assert_right()


def test_an_approval_of_nothing_known_is_a_wrong_command(make_world):
    world = ready(make_world())
    done = world.rollcall("run", world.name, "--approve", "no-such-plan", "--json", expect=2)
    assert "no-such-plan" in done.err + done.out
    assert world.double.write_calls() == []


def test_many_values_turning_null_stop_the_run(make_world):
    world = ready(make_world())
    for i in range(1, 8):
        world.change(i, first_name=None)
    world.write_source()
    report = world.run(expect=3)
    assert_stopped(world, report, "firstName", "max_cleared_share")
    world.run("--approve", report["plan_id"])
    world.assert_right()


def test_an_absolute_number_binds_too(make_world):
    world = ready(make_world(), guard={"max_removed": 2})
    leave(world, [1, 2, 3])
    assert_stopped(world, world.run(expect=3), "max_removed")
    world.change(3, vip=True)
    world.write_source()
    assert world.run()["outcomes"]["removed"] == 2


def test_a_flood_of_newcomers_stops(make_world):
    world = ready(make_world(), people=8)
    for i in range(101, 133):
        world.put(customer(i))
        world.double.add_contact(email=f"user{i}@example.com", user_id=f"U{i}")
    world.write_source()
    assert_stopped(world, world.run(expect=3), "max_added_share")


def test_shares_do_not_bind_on_a_handful_of_people(make_world):
    world = ready(make_world(), people=4)
    leave(world, [1, 2, 3])
    assert world.run()["outcomes"]["removed"] == 3


def test_a_list_may_be_emptied_where_the_activation_allows_it(make_world):
    world = ready(make_world(), guard={"allow_empty": True, "max_removed_share": 1})
    leave(world, range(1, 21))
    assert world.run()["outcomes"]["removed"] == 20
    assert world.members() == set()


@pytest.mark.parametrize("people", [20, 3])
def test_a_vanished_source_is_an_error_and_no_empty_segment(make_world, people):
    world = ready(make_world(), people=people)
    before = world.members()
    (world.folder / "shop.duckdb").unlink()
    report = world.run(expect=1)
    assert report["status"] == "failed"
    assert "shop.duckdb" in report["error"]["message"] + report["error"]["remedy"]
    assert world.double.write_calls() == [] and world.members() == before
