"""audit: the real list against the ledger, by name; and what --repair mends."""

import pytest
from world import World, customer, started


@pytest.fixture
def world(started_world) -> World:
    return started_world


def audit(world: World, *options, expect=0) -> dict:
    return world.rollcall("audit", world.name, "--json", *options, expect=expect).json


def named(report: dict, kind: str) -> set:
    return {one["key"] for one in report["people"] if one["kind"] == kind}


def test_finds_nothing_where_nothing_was_touched(world):
    report = audit(world)
    assert report["true_to_ledger"] is True
    assert (report["missing"], report["extra"], report["foreign"]) == (0, 0, 0)
    assert report["listed"] == report["expected"] == len(world.expected_members())
    assert report["people"] == [] and report["repair"] is None


def test_names_whom_others_took_off_and_put_on_and_repairs(world):
    members = sorted(world.members())
    taken_off, stranger = members[:2], world.double.contact(email="stranger1@example.com")
    for key in taken_off:
        world.double.leave(world.the_list().id, world.double.contact(**{world.key: key}).id)
    world.double.join(world.the_list().id, stranger.id)
    world.double.show_everything()
    world.double.clear_log()

    report = audit(world)
    assert named(report, "missing") == set(taken_off)
    assert len(named(report, "foreign")) == 1 and report["extra"] == 0
    assert report["true_to_ledger"] is False
    assert world.double.write_calls() == []

    assert world.rollcall("status", "--json").json[0]["last_audit"]["missing"] == 2
    text = world.rollcall("audit", world.name).out
    assert all(key in text for key in taken_off) and "--repair" in text
    csv = world.rollcall("audit", world.name, "--csv").out.splitlines()
    assert csv[0] == "kind,key,why" and len(csv) == 4

    world.double.forget_rates()
    mended = audit(world, "--repair")
    assert mended["repair"]["status"] == "completed"
    assert mended["repair"]["changes"]["entered"] == len(taken_off)
    assert mended["repair"]["changes"]["changed"] == 0  # others are not sent anew
    foreign = getattr(stranger, world.key)
    world.double.show_everything()
    world.assert_right(foreign={foreign})
    world.double.forget_rates()
    assert audit(world)["true_to_ledger"] is True
    world.assert_clean()


def test_puts_off_again_whom_it_removed_lately(world):
    left = sorted(world.members())[0]
    number = next(row["customer_id"] for row in world.rows if world.spokesmen().get(left) is row)
    world.change(number, vip=False)
    world.write_source()
    world.run()
    world.double.join(world.the_list().id, world.double.contact(**{world.key: left}).id)
    world.double.show_everything()
    report = audit(world, "--repair")
    assert named(report, "extra") == {left}
    assert report["repair"]["outcomes"]["removed"] == 1
    world.double.show_everything()
    world.assert_right()
    world.assert_clean()


def test_the_guard_stops_a_repair_that_goes_too_far(make_world):
    world = started(make_world("hybrid", "email", activation={"guard": {"max_added_share": 0.1}}), people=40)
    for key in sorted(world.members())[:20]:
        world.double.leave(world.the_list().id, world.double.contact(email=key).id)
    world.double.show_everything()
    before = world.members()
    report = audit(world, "--repair", expect=3)
    assert report["repair"]["status"] == "stopped"
    assert world.members() == before


def test_says_what_it_needs(make_world):
    world = make_world("hybrid", "email")
    world.put(customer(1))
    world.write_source()
    world.apply()
    done = world.rollcall("audit", world.name, expect=2)
    assert "no list yet" in done.err and "rollcall run" in done.err


def test_a_list_that_breaks_off_is_read_again(make_world):
    world = started(make_world("hybrid", "email"))
    world.double.forget_rates()
    world.double.add_fault("cut_body", "lists/getUsers", times=2)
    assert audit(world)["true_to_ledger"] is True


def test_a_million_names_are_never_held(make_world):
    """Streams: of many strangers a sample is told, and with --all everybody."""
    world = started(make_world("hybrid", "email"))
    for i in range(1, 1301):
        world.double.join(world.the_list().id, world.double.add_contact(email=f"other{i}@example.com", user_id=f"O{i}"))
    world.double.show_everything()
    some = audit(world)
    assert some["foreign"] == 1300 and len(some["people"]) == 20 and some["people_complete"] is False
    world.double.forget_rates()
    everybody = audit(world, "--all")
    assert len(named(everybody, "foreign")) == 1300 and everybody["people_complete"] is True
