"""kill -9 at any moment, then a rerun: the same end as without it.

The named points are learnt from the program itself (ROLLCALL_POINTS names a file to which it appends
every point it passes), so that a new step is killed at as soon as it exists.
"""

import random
import signal
import time
from collections import Counter

import duckdb
import pytest

from world import PAIRS, World, a_day_of_changes, copy_home, customer, populate, restore_home


def points_passed(world: World) -> Counter:
    path = world.folder / "points"
    path.unlink(missing_ok=True)
    report = world.run(env={"ROLLCALL_POINTS": str(path)})
    assert report["status"] == "completed"
    return Counter(path.read_text().split("\n")[:-1])


def assert_the_same_end(world: World, report):
    assert report["status"] == "completed", report
    world.assert_right()
    world.assert_clean()
    assert report["standing"]["on_list"] == len(world.expected_members())
    assert report["list"]["id"] == world.the_list().id


def kill_at_every_point(world: World, phase: str):
    home, project, written = copy_home(world, "kept-" + phase), world.double.save(), {k: set(v) for k, v in world.written.items()}

    def as_before():
        restore_home(world, home)
        world.double.restore(project)
        world.written = {k: set(v) for k, v in written.items()}

    passed = points_passed(world)
    assert_the_same_end(world, world.run())
    assert passed, "the program names no points"
    killed, wrong = 0, []
    for point, times in passed.items():
        for occurrence in sorted({1, 2, times} & set(range(1, times + 1))):
            as_before()
            try:
                if not world.run_expecting_death(point, occurrence):
                    assert occurrence > 1, "the point was passed before, and not now"
                    continue
                killed += 1
                world.assert_clean()
                assert_the_same_end(world, world.run())
            except AssertionError as problem:
                wrong.append(f"{phase}, killed at {point}:{occurrence}: {problem}")
    assert not wrong, f"{len(wrong)} of {killed} kills end wrong\n" + "\n\n".join(wrong[:5])
    assert killed >= len(passed)
    as_before()
    return passed


# Of every kind of project in one process: tests/world/kills_test.cpp. Here the whole program is killed.
def test_a_first_run_killed_at_any_named_point_ends_the_same_after_a_rerun(make_world):
    world = make_world("hybrid", "email")
    populate(world, people=16)
    world.write_source()
    world.apply()
    passed = kill_at_every_point(world, "first run")
    for point in ("plan.sealed", "list.intended", "list.created", "list.recorded", "fields.made", "ledger.written", "ledger.promoted"):
        assert passed[point] >= 1, point


def test_a_later_run_killed_at_any_named_point_ends_the_same_after_a_rerun(make_world):
    world = make_world("email", "user_id")
    populate(world)
    world.write_source()
    world.apply()
    world.run()
    world.assert_right()
    a_day_of_changes(world)
    world.write_source()
    passed = kill_at_every_point(world, "later run")
    for point in ("add.journalled", "add.sent", "add.recorded", "remove.journalled", "remove.sent", "remove.recorded"):
        assert passed[point] >= 1, point


def test_a_run_of_several_batches_killed_between_them_ends_the_same_after_a_rerun(make_world):
    world = make_world("hybrid", "user_id")
    world.double.define_field("firstName", "string")
    world.put(*[customer(i) for i in range(1, 3301)])
    for i in range(1, 3301):
        if i % 11:
            world.double.add_contact(email=f"user{i}@example.com", user_id=f"U{i}")
    world.write_source()
    world.apply()
    passed = kill_at_every_point(world, "batches")
    assert passed["add.sent"] >= 3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kills_at_growing_delays_leave_one_list_with_the_right_members(make_world, seed):
    rng = random.Random(seed)
    project_type, key = PAIRS[(seed - 1) % len(PAIRS)] if seed != 3 else ("email", "email")
    world = make_world(project_type, key)
    populate(world)
    world.write_source()
    world.apply()
    for phase in ("first", "later"):
        delay, kills = 0.01, 0
        while True:
            process = world.start("run", world.name, "--json")
            time.sleep(delay * rng.uniform(0.7, 1.3))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            world.assert_clean()
            world.double.forget_rates()
            if process.returncode == 0:
                break
            assert process.returncode == -signal.SIGKILL
            kills += 1
            delay *= 1.6
        assert kills >= 3
        assert_the_same_end(world, world.run())
        if phase == "first":
            a_day_of_changes(world)
            world.write_source()


def test_a_killed_run_goes_on_under_its_own_id(make_world):
    world = make_world("hybrid", "email")
    populate(world, people=16)
    world.write_source()
    world.apply()
    assert world.run_expecting_death("add.sent", 1)
    listed = world.rollcall("runs", world.name, "--json").json
    report = world.run()
    assert [run["run_id"] for run in listed] == [report["run_id"]]
    assert report["changes"]["entered"] == 12, "the report covers the whole plan"
    assert_the_same_end(world, report)


def test_who_looks_into_the_work_database_is_no_run_in_progress(make_world):
    world = make_world("hybrid", "email")
    populate(world, people=16)
    world.write_source()
    world.apply()
    assert world.run_expecting_death("add.sent", 1)
    [database] = world.home.glob("activations/*/runs/*/work.duckdb")
    with duckdb.connect(str(database)):
        done = world.rollcall("run", world.name, expect=1)
    assert "work.duckdb" in done.err
    assert_the_same_end(world, world.run())


def test_a_killed_run_is_not_continued_under_another_catalog(make_world):
    world = make_world("hybrid", "email")
    populate(world, people=16)
    world.write_source()
    world.apply()
    assert world.run_expecting_death("add.sent", 1)
    first = world.rollcall("runs", world.name, "--json").json[0]["run_id"]
    world.attributes = world.attributes[:2]
    world.apply()
    report = world.run()
    assert report["run_id"] != first
    assert_the_same_end(world, report)
    shown = world.rollcall("show", first, "--json").json
    assert shown["status"] == "interrupted"


def test_an_interrupt_ends_with_130_and_a_rerun_carries_on(make_world):
    world = make_world("email", "email")
    populate(world, people=40)
    world.double.add_fault("throttle", "lists/subscribe", times=1000)
    world.double.add_fault("throttle", "users/bulkUpdate", times=1000)
    world.write_source()
    world.apply()
    process = world.start("run", world.name, "--json")
    deadline = time.monotonic() + 30
    while not world.double.fired["throttle"] and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err.decode()
    world.double.calm()
    assert_the_same_end(world, world.run())
