"""Proof by an export of everybody: chosen where it is sooner than looking so many people up, and worth
no less. Here no contact index is kept from run to run, as where its file is lost each time."""

import shutil

from world import customer, World

PEOPLE = 6600
STRANGERS = [i for i in range(1, PEOPLE + 1) if i % 11 == 0]


def large_email_project(make_world) -> World:
    world = make_world("email", "email", double={"keep_bodies": False})
    world.double.define_field("firstName", "string")
    world.put(*[customer(i) for i in range(1, PEOPLE + 1)])
    world.destination = {"proof": {"by": "fastest"}}
    for i in range(1, PEOPLE + 1):
        if i % 11:
            world.double.add_contact(email=f"user{i}@example.com", user_id=f"U{i}")
    world.write_source()
    world.apply()
    return world


def run(world: World) -> dict:
    world.minutes_pass()
    shutil.rmtree(world.home / "contacts", ignore_errors=True)
    return world.run()


def test_many_people_of_an_email_project_are_proven_by_one_export(make_world):
    world = large_email_project(make_world)
    first = run(world)
    assert first["proof"]["by"] == "export", first
    assert first["outcomes"]["not_a_contact"] == len(STRANGERS)
    assert first["calls"]["by_endpoint"]["export/data.json"] == 1
    assert first["calls"]["total"] < 200
    assert first["proof"]["max_age_ms"] > 0
    world.assert_right()
    world.assert_clean()

    # Hundreds of parked people: one more export, and no write.
    world.double.clear_log()
    idle = run(world)
    assert idle["changes"]["retried"] == len(STRANGERS)
    assert idle["proof"]["by"] == "export"
    assert world.double.write_calls() == []
    world.assert_clean()

    # One of them appears; a member's contact is gone.
    world.double.add_contact(email="user11@example.com", user_id="U11")
    world.change(5, first_name="Somebody else")
    world.drop(7)
    world.write_source()
    third = run(world)
    assert third["outcomes"] == {"added": 1, "removed": 1, "updated": 1, "not_a_contact": len(STRANGERS) - 1, "rejected": 0, "unknown": 0, "not_sent": 0}
    world.assert_right()
    world.assert_clean()


def test_where_nobody_may_be_exported_people_are_looked_up(make_world):
    world = large_email_project(make_world)
    run(world)
    world.double.add_fault("unauthorized", "export/data.json", times=100)
    world.double.add_contact(email="user11@example.com", user_id="U11")
    report = run(world)
    assert report["proof"]["by"] == "lookup", report
    assert report["outcomes"]["added"] == 1
    assert any("looked up one by one" in warning for warning in report["warnings"]), report["warnings"]
    world.assert_right()
    world.assert_clean()


def test_an_export_that_lacks_people_proves_nobody_absent(make_world):
    world = large_email_project(make_world)
    run(world)
    leavers = range(6501, 6600)
    world.drop(*leavers)
    for i in STRANGERS:
        world.double.add_contact(email=f"user{i}@example.com", user_id=f"U{i}")
    world.write_source()
    world.double.add_fault("half", "export/data.json", times=100)
    report = run(world)
    assert report["proof"]["by"] == "lookup", report
    assert any("lacked people" in warning for warning in report["warnings"]), report["warnings"]
    assert report["outcomes"]["removed"] == sum(1 for i in leavers if i % 11)
    world.assert_right()
    world.assert_clean()
