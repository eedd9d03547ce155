"""Every try of a write has its own proof: whoever somebody else deletes before it is not made anew."""

import pytest
from world import PAIR_NAMES, PAIRS, customer, populate, started

pairs = pytest.mark.parametrize(("project_type", "key"), PAIRS, ids=PAIR_NAMES)


@pairs
def test_who_is_deleted_before_a_write_is_repeated_is_not_made_anew(make_world, project_type, key):
    """While fields are made, in the trial, in the delivery, and as people are taken off."""
    world = make_world(project_type, key, double={"unknown_fields": "drop"})
    populate(world, people=40)
    world.write_source()
    world.apply()
    first = 0 if project_type == "email" else 1  # elsewhere fields are tried with the list first, whom that finds by bulkUpdate
    faults = [world.double.add_fault("throttle_retry_after", "users/bulkUpdate", deletes=True),
              world.double.add_fault("text_503", "lists/subscribe", times=2, skip=first, deletes=True),
              world.double.add_fault("throttle_retry_after", "lists/subscribe", skip=first, deletes=True)]
    world.run(expect=None)
    assert [fault.fired for fault in faults] == [1, 2, 1]
    world.run()
    leavers = [i for i in range(20, 40) if world.expected_members() & {f"user{i}@example.com", f"U{i}"}][:5]
    for i in leavers:
        world.change(i, vip=False)
    world.write_source()
    fault = world.double.add_fault("text_503", "lists/unsubscribe", deletes=True)
    report = world.run()
    assert fault.fired == 1
    assert report["outcomes"]["removed"] == 5
    assert report["proof"]["max_age_ms"] < 60_000
    world.assert_right(attributes=False)
    world.assert_clean()


@pytest.mark.parametrize("project_type", ["email", "hybrid"])
def test_another_persons_profile_proves_nobody_and_the_run_says_so(make_world, project_type):
    world = started(make_world(project_type, "email"))
    world.put(*[customer(i) for i in (201, 202, 203)])
    world.double.add_contact(email="user202@example.com", user_id="U202")
    world.write_source()
    # Of the parked, or of all, one is told with the profile of somebody else.
    world.double.add_contact(email="user2@example.com", user_id="U2")
    fault = world.double.add_fault("another_profile", "users/getByEmail", times=1000)
    report = world.run(expect=1)
    assert fault.fired > 0
    assert "another person's profile" in report["error"]["message"]
    assert "user2@example.com" not in world.members()
    world.double.faults.clear()
    world.run()
    world.assert_right()
    world.assert_clean()


def test_plan_tells_calls_time_and_risk_of_both_kinds_of_proof(make_world):
    world = make_world("email", "email")
    world.put(*[customer(i) for i in range(1, 9)])
    world.destination = {"proof": {"max_age": "30s"}}
    world.write_source()
    world.apply()
    told = world.rollcall("plan", world.name).out
    assert "at most 30 s" in told and "proof `by: fastest`" in told
    rules = world.rollcall("plan", world.name, "--json").json["proof_rules"]
    assert rules["by"] == "look_up" and rules["max_age_ms"] == 30_000
    assert rules["look_up"]["calls"] == 8 and rules["look_up"]["risk"] != rules["fastest"]["risk"]
    assert "max_age: 30s" in world.rollcall("export").out
