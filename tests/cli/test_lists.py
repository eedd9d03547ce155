"""The list's life: made once, known by its id, never silently made again."""

import time

import pytest

from world import LIST, World, customer


def ready(world: World, people=12):
    for i in range(1, people + 1):
        world.put(customer(i))
        world.double.add_contact(email=f"user{i}@example.com", user_id=f"U{i}", firstName="Old")
    world.write_source()
    world.apply()
    return world


def test_a_list_that_somebody_deleted_is_reported_and_not_made_again(make_world):
    world = ready(make_world())
    old = world.run()["list"]["id"]
    world.double.delete_list(old)
    world.double.clear_log()
    for _ in range(2):
        report = world.run(expect=1)
        assert report["status"] == "failed"
        assert str(old) in report["error"]["message"]
        assert "--new-list" in report["error"]["remedy"]
        assert world.double.write_calls() == [] and world.double.lists_named(LIST) == []
    report = world.run("--new-list")
    assert report["status"] == "completed" and report["list"]["created"] is True
    assert report["list"]["id"] == world.the_list().id != old
    world.assert_right()
    world.double.clear_log()
    world.run()
    assert world.double.write_calls() == []


def test_a_new_list_is_refused_while_the_old_one_is_there(make_world):
    world = ready(make_world())
    world.run()
    world.double.clear_log()
    world.run("--new-list", expect=1)
    assert world.double.write_calls() == []


def test_a_name_that_is_taken_stops_the_run_with_the_id_and_the_remedies(make_world):
    world = ready(make_world())
    id = world.double.make_list(LIST)
    report = world.run(expect=1)
    assert report["status"] == "failed"
    assert world.double.write_calls() == []
    assert str(id) in report["error"]["message"] and "adopt" in report["error"]["remedy"]


def test_an_adopted_list_keeps_foreign_people_and_gains_the_segments(make_world):
    world = ready(make_world())
    strangers = [world.double.add_contact(email=f"stranger{i}@example.com") for i in range(3)]
    members = [next(iter(world.double._find(f"user{i}@example.com", None))) for i in (1, 2, 3)]
    id = world.double.make_list("Somebody's list", strangers + members)
    world.name = "Somebody's list"
    world.activation["list"] = {"adopt": id}
    world.apply()
    report = world.run()
    assert report["list"] == {"id": id, "name": "Somebody's list", "created": False}
    foreign = {f"stranger{i}@example.com" for i in range(3)}
    world.assert_right(foreign=foreign)
    world.change(2, vip=False)   # was on the list before us, was confirmed in the segment: ours now
    world.write_source()
    assert world.run()["outcomes"]["removed"] == 1
    world.assert_right(foreign=foreign)


def test_foreign_people_are_removed_where_the_activation_says_so(make_world):
    world = ready(make_world())
    strangers = [world.double.add_contact(email=f"stranger{i}@example.com") for i in range(2)]
    members = [next(iter(world.double._find(f"user{i}@example.com", None))) for i in (1, 2, 3)]
    id = world.double.make_list(LIST, strangers + members)
    world.activation |= {"list": {"adopt": id}, "foreign_members": "remove"}
    world.apply()
    report = world.run()
    assert report["outcomes"]["removed"] == 2
    world.assert_right()
    world.double.join(id, strangers[0])
    world.run("--full")
    world.assert_right()


def test_an_adopted_list_that_would_lose_everybody_stops_first(make_world):
    world = ready(make_world())
    id = world.double.make_list(LIST, [world.double.add_contact(email=f"stranger{i}@example.com") for i in range(2)])
    world.activation |= {"list": {"adopt": id}, "foreign_members": "remove"}
    world.apply()
    report = world.run(expect=3)
    assert world.double.write_calls() == []
    world.run("--approve", report["plan_id"])
    world.assert_right()


def test_only_a_standard_list_can_be_adopted(make_world):
    world = ready(make_world())
    id = world.double.make_list("Moving", type="Dynamic")
    world.activation["list"] = {"adopt": id}
    world.apply()
    report = world.run(expect=1)
    assert "Dynamic" in report["error"]["message"] and world.double.write_calls() == []


def test_a_list_to_adopt_that_is_not_there_is_an_error(make_world):
    world = ready(make_world())
    world.activation["list"] = {"adopt": 99}
    world.apply()
    assert "99" in world.run(expect=1)["error"]["message"]
    assert world.double.write_calls() == []


def test_a_list_renamed_at_iterable_is_still_ours(make_world):
    world = ready(make_world())
    id = world.run()["list"]["id"]
    world.double.state.lists[id].name = "Renamed"
    world.change(1, vip=False)
    world.write_source()
    report = world.run()
    assert report["outcomes"]["removed"] == 1 and report["list"]["id"] == id
    assert any("Renamed" in warning for warning in report["warnings"])


def test_the_name_and_description_go_to_iterable_verbatim(make_world):
    name = "Zoë's “VIPs” & 李 / '); DROP TABLE lists;--"
    world = make_world(name=name, activation={"description": "Spent a lot,\nsilent for a quarter"})
    ready(world)
    world.run()
    assert world.the_list().name == name
    assert world.the_list().description == "Spent a lot,\nsilent for a quarter"


def test_the_lists_name_is_the_segments_name_by_default(make_world):
    world = make_world()
    catalog = None
    ready(world)
    catalog = world.catalog()
    del catalog["activations"][0]["name"]
    world.apply(catalog=catalog)
    world.run()
    assert world.the_list().name == "Lapsed VIPs"


@pytest.mark.parametrize("project_type, key", [("hybrid", "email"), ("email", "email")])
def test_opposite_writes_for_one_person_keep_settle_between_them(make_world, project_type, key):
    world = ready(make_world(project_type, key, settle="2s"))
    world.run()
    for vip in (False, True, False):
        world.change(4, vip=vip)
        world.write_source()
        assert world.run()["status"] == "completed"
    writes = world.double.membership_writes("user4@example.com")
    # The trial may write a person twice in one way; what counts is where the way changes.
    turns = [(a, b) for a, b in zip(writes, writes[1:]) if a[1] != b[1]]
    assert len(turns) == 3
    assert all(b[0] - a[0] >= 1.95 for a, b in turns), turns
    world.assert_right()


def test_those_who_need_not_wait_do_not(make_world):
    world = ready(make_world(settle="3s"))
    world.run()
    world.change(4, vip=False)
    world.write_source()
    world.run()
    world.change(4, vip=True)
    world.change(5, vip=False)
    world.write_source()
    world.double.clear_log()
    started = time.monotonic()
    world.run()
    left = world.double.membership_writes("user5@example.com")[0][0]
    returned = world.double.membership_writes("user4@example.com")[0][0]
    assert left < returned
    assert time.monotonic() - started < 60
    world.assert_right()


# --- A project that is not what it is declared to be.

@pytest.mark.parametrize("declared, real, key", [
    ("hybrid", "email", "email"), ("hybrid", "email", "user_id"), ("user_id", "email", "user_id"), ("email", "hybrid", "email"),
    ("email", "hybrid", "user_id"), ("email", "user_id", "user_id"),
])
def test_a_contradicted_project_type_stops_the_run_naming_both(make_world, declared, real, key):
    world = make_world(real, key, declared=declared)
    ready(world)
    world.put(*[customer(i) for i in range(50, 56)])
    world.double.add_contact(email="user55@example.com", user_id="U55")
    world.write_source()
    contacts = len(world.double.contacts())
    for again in range(3):
        report = world.run(expect=1)
        text = report["error"]["message"] + report["error"]["remedy"]
        assert declared in text
        assert ("email-based" if real == "email" else "hybrid") in text
        assert "project_type" in text
        assert len(world.double.contacts()) == contacts
        assert len(world.the_list().members) <= 12, "only the few of the trial, and of the new fields, were written"
        if again:
            assert world.double.write_calls() == [], "those few tell it without another write"
        world.double.clear_log()


def test_a_trial_held_under_another_declaration_says_nothing(make_world):
    """Passed as the email-based project it is, then declared hybrid: the flag must not be trusted."""
    world = ready(make_world("email", "email"), people=12)
    world.run()
    world.put(*[customer(i) for i in range(50, 60)])
    world.double.add_contact(email="user55@example.com", user_id="U55")
    world.write_source()
    world.declared = "hybrid"
    world.apply()
    report = world.run(expect=1)
    assert "hybrid" in report["error"]["message"]
    assert world.double.created == [] and world.double.contact(email="user50@example.com") is None
    world.declared = "email"
    world.apply()
    world.run()
    world.assert_right()


def test_a_key_of_another_project_is_noticed_by_when_the_list_was_made(make_world):
    world = ready(make_world())
    world.run()
    world.run()
    world.double.clear_log()
    with world.double.lock:
        for one in world.double.state.lists.values():
            one.created_at += 86_400
    world.change(2, vip=False)
    world.write_source()
    report = world.run(expect=1)
    assert "another project" in report["error"]["remedy"]
    assert world.double.write_calls() == []
    findings = world.rollcall("check", world.name, "--json", expect=1).json["findings"]
    assert any("made at another time" in one["message"] for one in findings)
