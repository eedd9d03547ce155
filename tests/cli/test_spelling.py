"""Addresses with letters beyond ASCII: whether Iterable lowers É, too, is not known, and nothing may depend on it."""

import pytest

from world import customer

PEOPLE = 8


@pytest.fixture(params=["unicode", "ascii"])
def lowers(request):
    return request.param


def ready(make_world, project_type, lowers, *contacts, echo="as_sent", **options):
    world = make_world(project_type, double={"lowers": lowers, "echo": echo}, attributes=[], **options)
    for i in range(1, PEOPLE + 1):
        world.put(customer(i))
        world.double.add_contact(email=f"user{i}@example.com")
    for contact in contacts:
        world.double.add_contact(email=contact)
    return world


def run(world, *options):
    world.write_source()
    report = world.run(*options)
    assert report["status"] == "completed", report
    assert world.double.created == []
    return report


@pytest.mark.parametrize("project_type", ["hybrid", "email"])
def test_nobody_is_taken_off_while_another_spelling_of_hers_is_in_the_segment(make_world, project_type, lowers):
    world = ready(make_world, project_type, lowers, "josé@example.com")
    world.put(customer(100, email="josé@example.com"), customer(101, email="JOSÉ@example.com"))
    world.apply()
    assert run(world)["segment"]["duplicate_key"] == 1
    assert "josé@example.com" in world.members()
    world.change(101, vip=False)  # the other one stays
    run(world)
    assert "josé@example.com" in world.members()
    world.change(100, vip=False)
    world.change(101, vip=True)  # from one spelling to the other
    run(world)
    assert "josé@example.com" in world.members()
    world.change(101, vip=False)
    run(world)
    if lowers == "unicode":
        assert "josé@example.com" not in world.members()


def test_a_contact_is_found_by_the_address_as_it_is_written(make_world, lowers):
    world = ready(make_world, "hybrid", lowers, "ZOË@example.com")
    world.put(customer(100, email="ZOË@example.com"))
    world.apply()
    assert run(world)["outcomes"]["added"] == PEOPLE + 1
    assert world.double.lower("ZOË@example.com") in world.members()
    world.double.clear_log()
    report = run(world, "--full")  # the list is read, and tells her in its own spelling
    assert report["changes"]["entered"] == report["changes"]["left"] == 0
    audit = world.rollcall("audit", world.name, "--json").json
    assert audit["people"] == []
    for asked in ("zoë@example.com", " ZOË@Example.com\u200b"):
        told = world.rollcall("why", world.name, asked, "--json").json
        assert told["in_segment"] and told["state"] == "on_list" and told["next_run"].startswith("nothing:"), told


@pytest.mark.parametrize("echo", ["as_sent", "lower"])
def test_nobody_fails_every_run_for_the_spelling_of_an_answer(make_world, lowers, echo):
    world = ready(make_world, "hybrid", lowers, echo=echo)
    world.apply()
    run(world)
    world.put(customer(100, email="ZOË@example.com"))
    assert run(world)["outcomes"]["not_a_contact"] == 1
    assert run(world)["standing"]["not_a_contact"] == 1
    found = world.rollcall("check", "--json").json["findings"]
    assert not [one for one in found if "did not keep the promise" in one["message"]]


def test_what_nobody_sees_at_the_ends_of_an_address_is_trimmed_and_shown_elsewhere(make_world):
    world = ready(make_world, "hybrid", "unicode", "anna@example.com")
    world.put(customer(100, email="\ufeff\u00a0anna@example.com\u200b"), customer(101, email="bo\u200bb@example.com"))
    world.apply()
    report = run(world)
    assert "anna@example.com" in world.members() and report["segment"]["invalid_key"] == 1
    assert "bo\\u200bb@example.com" in world.rollcall("rejects", report["run_id"], "--kind", "invalid_key").out
