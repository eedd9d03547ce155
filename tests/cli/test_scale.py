"""A hundred thousand members: few calls, full batches, bounded memory."""

import resource

from world import COLUMNS, World, sanitized

PEOPLE = 100_000
PEAK_MB_MAX = 400

CUSTOMERS = f"""
SELECT i, 'user' || i || '@example.com', 'U' || i, 'Name ' || i, i / 2.0, i, i % 3 = 0, DATE '1950-01-01' + CAST(i % 20000 AS INTEGER), true
FROM range(1, {PEOPLE} + 1) t(i)
"""


def test_a_hundred_thousand_members_take_few_calls_and_little_memory(make_world):
    world: World = make_world("hybrid", "user_id", double={"keep_bodies": False}, columns=dict(COLUMNS))
    for i in range(1, PEOPLE + 1):
        world.double._new_contact(f"user{i}@example.com", f"U{i}")
    world.whole_program = True  # its memory is measured
    world.double.define_field("firstName", "string")
    world.write_source(CUSTOMERS)
    world.apply()
    report = world.run()
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    assert report["status"] == "completed"
    assert report["outcomes"]["added"] == PEOPLE == len(world.the_list().members)
    writes = world.double.write_calls()
    assert len(writes) <= PEOPLE // 1000 + 10
    assert max(len(entry.people) for entry in writes) <= 1000
    assert max(entry.bytes for entry in writes) <= 4_000_000
    assert report["calls"]["total"] == len(world.double.log)
    if not sanitized():
        assert peak_mb < PEAK_MB_MAX

    world.double.clear_log()
    assert world.run()["outcomes"] == {k: 0 for k in report["outcomes"]}
    assert world.double.write_calls() == []

    world.write_source(CUSTOMERS.replace("'Name '", "CASE WHEN i % 100 = 0 THEN 'New ' ELSE 'Name ' END").replace("true\nFROM", "i % 101 <> 0\nFROM"))
    second = world.run()
    gone = PEOPLE // 101
    assert second["status"] == "completed"
    assert second["outcomes"]["removed"] == gone
    assert second["standing"] == {k: PEOPLE - gone if k == "on_list" else 0 for k in second["standing"]}
    assert second["outcomes"]["updated"] == PEOPLE // 100 - PEOPLE // 10100
    assert len(world.the_list().members) == PEOPLE - gone
    assert len(world.double.write_calls()) <= 4
    assert world.contact(f"U{PEOPLE}").fields["firstName"] == f"New {PEOPLE}"


def test_bodies_stay_below_four_megabytes_with_long_values(make_world):
    world: World = make_world("hybrid", "user_id", double={"keep_bodies": False})
    for i in range(1, 2001):
        world.double._new_contact(None, f"U{i}")
    world.double.define_field("firstName", "string")
    world.attributes = world.attributes[:1]
    world.write_source("SELECT i, NULL, 'U' || i, repeat('李', 1500) || i, 0, 0, true, NULL, true FROM range(1, 2001) t(i)")
    world.apply()
    report = world.run()
    assert report["outcomes"]["added"] == 2000
    sizes = [entry.bytes for entry in world.double.calls("lists/subscribe")]
    assert max(sizes) <= 4_000_000
    assert world.contact("U77").fields["firstName"] == "李" * 1500 + "77"
