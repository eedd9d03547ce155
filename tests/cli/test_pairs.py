"""The main job, for each of the five pairs of project type and match key."""

import pytest

from world import NEW_FIELDS, PAIR_NAMES, PAIRS, World, a_day_of_changes, customer, populate, started

pairs = pytest.mark.parametrize("project_type, key", PAIRS, ids=PAIR_NAMES)


def unmapped(world: World):
    return {c.id: {n: v for n, v in c.fields.items() if n in ("favouriteColour", "points")} for c in world.double.contacts()}


def strangers(world: World):
    return [(c.email, c.user_id, c.fields) for c in world.double.contacts() if c.user_id and c.user_id.startswith("S")]


@pairs
@pytest.mark.parametrize("source", ["duckdb", "parquet"])
def test_the_list_is_the_segments_contacts_at_first_and_after_a_day_of_changes(make_world, project_type, key, source):
    if source == "parquet" and (project_type, key) not in (("hybrid", "email"), ("email", "user_id")):
        pytest.skip("one kind of source is enough for the others")
    world = make_world(project_type, key, source=source)
    populate(world)
    world.write_source()
    world.apply()
    assert world.double.log == [] or not world.double.write_calls(), "apply writes nothing"
    others, before = strangers(world), unmapped(world)
    contacts = len(world.double.contacts())

    first = world.run()
    world.assert_right()
    assert first["status"] == "completed"
    assert first["kind"] == "full"
    assert first["list"] == {"id": world.the_list().id, "name": world.name, "created": True}
    assert first["segment"] == world.expected_counts()
    assert first["changes"] == {"entered": 30, "left": 0, "changed": 0, "retried": 0}
    assert first["outcomes"]["added"] == 25 and first["outcomes"]["not_a_contact"] == 5
    assert first["standing"]["on_list"] == 25 and first["standing"]["not_a_contact"] == 5
    assert sorted(first["fields_created"]) == sorted(NEW_FIELDS)
    assert first["fields_pending"] == []
    assert {n: t for n, t in world.double.field_types().items() if n in NEW_FIELDS} == NEW_FIELDS
    assert len(world.double.contacts()) == contacts
    assert unmapped(world) == before and strangers(world) == others
    assert first["proof"]["by"] == ("lookup" if project_type == "email" else "answer")
    assert first["calls"]["total"] == len(world.double.log)

    world.double.clear_log()
    idle = world.run()
    assert world.double.write_calls() == [], "a run with nothing to do makes no write call"
    assert idle["status"] == "completed" and idle["kind"] == "delta"
    assert idle["list"]["created"] is False and idle["list"]["id"] == world.the_list().id
    assert idle["changes"]["entered"] == idle["changes"]["left"] == idle["changes"]["changed"] == 0
    assert idle["outcomes"]["not_a_contact"] == idle["changes"]["retried"] == 5
    world.assert_right()

    a_day_of_changes(world)
    world.write_source()
    before, contacts = unmapped(world), len(world.double.contacts())
    second = world.run()
    world.assert_right()
    assert second["status"] == "completed"
    assert second["changes"] == {"entered": 4, "left": 3, "changed": 5, "retried": 5}
    assert second["outcomes"] == {"added": 4, "removed": 3, "updated": 4, "not_a_contact": 6, "rejected": 0, "unknown": 0, "not_sent": 0}
    assert second["segment"] == world.expected_counts()
    assert second["fields_created"] == []
    assert len(world.double.contacts()) == contacts
    assert unmapped(world) == before and strangers(world) == others

    world.double.clear_log()
    world.run()
    assert world.double.write_calls() == []
    world.assert_right()


@pairs
def test_whoever_becomes_a_contact_meanwhile_is_added(make_world, project_type, key):
    world = make_world(project_type, key)
    populate(world, people=16)
    world.write_source()
    world.apply()
    assert world.run()["standing"]["not_a_contact"] == 2
    world.double.add_contact(email="user2@example.com", user_id="U2", points=1)
    world.double.clear_log()
    report = world.run()
    world.assert_right()
    assert report["changes"] == {"entered": 0, "left": 0, "changed": 0, "retried": 2}
    assert report["outcomes"]["added"] == 1 and report["outcomes"]["not_a_contact"] == 1
    contact = world.contact("user2@example.com" if key == "email" else "U2")
    assert contact.fields["lifetimeValue"] == 200.0 and contact.fields["points"] == 1
    touched = {person for entry in world.double.write_calls() for person in entry.people}
    assert touched == {"user2@example.com" if key == "email" else "U2"}, "parked people are looked at by reads alone"


@pairs
def test_only_what_changed_is_sent(make_world, project_type, key):
    world = started(make_world(project_type, key), people=16)
    world.double.clear_log()
    world.change(4, lifetime_value=1.0)
    world.write_source()
    assert world.run()["outcomes"]["updated"] == 1
    writes = world.double.write_calls()
    assert len(writes) == 1
    people = writes[0].body.get("subscribers") or writes[0].body.get("users")
    assert [person["dataFields"] for person in people] == [{"lifetimeValue": 1.0}]
    world.assert_right()


@pairs
def test_a_person_who_leaves_and_returns_is_removed_and_added(make_world, project_type, key):
    world = started(make_world(project_type, key), people=16)
    for vip in (False, True, False, True):
        world.change(6, vip=vip)
        world.write_source()
        report = world.run()
        assert report["status"] == "completed"
        assert report["outcomes"]["added" if vip else "removed"] == 1
        world.assert_right()


def test_an_email_key_in_a_user_id_project_is_a_wrong_setting(make_world):
    world = make_world("user_id", "email")
    populate(world, people=8)
    world.write_source()
    applied = world.apply(expect=None)
    done = applied if applied.code != 0 else world.rollcall("run", world.name, "--json", expect=None)
    assert done.code == 2, str(done)
    assert "user_id" in done.err + done.out
    assert world.double.write_calls() == []


@pytest.mark.parametrize("key, marks", [("email", "user3@example.com"), ("user_id", "U3")])
def test_the_source_speaks_as_csv_too(make_world, key, marks):
    world = make_world("hybrid", key, source="csv")
    populate(world, people=24)
    world.write_source()
    world.apply()
    world.run()
    world.assert_right()
    assert marks in world.members()
    world.change(3, vip=False)
    world.change(4, lifetime_value=417.0, first_name="Zoë")
    world.write_source()
    world.run()
    world.assert_right()
    assert world.contact("user4@example.com" if key == "email" else "U4").fields["lifetimeValue"] == 417.0


def test_a_new_email_address_leaves_under_the_old_and_enters_under_the_new(make_world):
    world = make_world("hybrid", "email")
    populate(world, people=16)
    world.double.add_contact(email="new4@example.com", user_id="N4")
    world.write_source()
    world.apply()
    world.run()
    world.change(4, email="new4@example.com")
    world.write_source()
    report = world.run()
    assert report["outcomes"]["added"] == 1 and report["outcomes"]["removed"] == 1
    world.assert_right()


def test_an_attribute_mapped_later_is_filled_for_every_member(make_world):
    world = make_world("hybrid", "email")
    populate(world, people=16)
    world.attributes = world.attributes[:1]
    world.write_source()
    world.apply()
    world.run()
    from world import ATTRIBUTES
    world.attributes = [dict(a) for a in ATTRIBUTES]
    world.apply()
    report = world.run()
    assert report["status"] == "completed"
    assert sorted(report["fields_created"]) == sorted(NEW_FIELDS)
    assert report["outcomes"]["updated"] == 10
    world.assert_right()


@pytest.mark.parametrize("on_null", ["clear", "keep"])
def test_a_value_that_turns_null_is_cleared_or_kept_as_the_activation_says(make_world, on_null):
    world = make_world("hybrid", "email", activation={"on_null": on_null})
    populate(world, people=16)
    world.change(6, first_name=None)  # null at the first write: what Iterable knew stays
    world.write_source()
    world.apply()
    world.run()
    assert world.contact("user6@example.com").fields["firstName"] == "Old 6"
    world.change(4, first_name=None)
    world.write_source()
    report = world.run()
    assert report["status"] == "completed"
    assert world.contact("user4@example.com").fields.get("firstName") == (None if on_null == "clear" else "Name 4")
    world.double.clear_log()
    world.run()
    assert world.double.write_calls() == []


def test_nobody_is_a_contact_and_nobody_becomes_one(make_world):
    for project_type, key in PAIRS:
        world = make_world(project_type, key)
        world.put(*[customer(i) for i in range(1, 21)])
        world.double.add_contact(email="stranger@example.com", user_id="S")
        world.write_source()
        world.apply()
        for _ in range(2):
            report = world.run()
            assert report["standing"]["not_a_contact"] == 20, (project_type, key)
        assert len(world.double.contacts()) == 1
        assert world.members() == set()


@pairs
def test_a_full_run_mends_what_others_did_to_the_list(make_world, project_type, key):
    """Members taken off behind our back come back; people put on it by others are foreign and stay."""
    world = make_world(project_type, key)
    populate(world, people=24)
    world.write_source()
    world.apply()
    world.run()
    the_list = world.the_list()
    stranger = world.double._find("stranger1@example.com", None) or world.double._find(None, "S1")
    world.double.join(the_list.id, next(iter(stranger)))
    victim = world.double._find("user4@example.com", None) or world.double._find(None, "U4")
    world.double.state.leave(the_list.id, next(iter(victim)))
    report = world.run("--full")
    assert report["status"] == "completed" and report["kind"] == "full"
    world.assert_right(foreign={"stranger1@example.com" if key == "email" else "S1"})
