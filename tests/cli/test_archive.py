"""archive: the end of an activation, with its list kept or emptied."""

import pytest
from world import started


@pytest.fixture
def world(started_world):
    started_world.double.clear_log()
    return started_world


def test_keeps_the_list_and_resumes(world):
    before = world.members()
    done = world.rollcall("archive", world.name, "--json").json
    assert done["archived"] is True and done["list"] == {"id": world.the_list().id, "left": "kept"}
    assert world.double.write_calls() == [] and world.members() == before
    assert world.rollcall("status", "--json").json == []
    assert "archived" in world.rollcall("run", world.name, expect=2).err
    world.apply()
    report = world.run()
    assert report["status"] == "completed" and sum(report["changes"].values()) == report["changes"]["retried"]
    world.assert_right()
    world.assert_clean()


def test_empties_the_list_of_ours_alone(world):
    stranger = world.double.contact(email="stranger1@example.com")
    world.double.join(world.the_list().id, stranger.id)
    world.double.show_everything()
    done = world.rollcall("archive", world.name, "--list", "empty", "--json").json
    assert done["list"]["left"] == "emptied" and done["run"]["status"] == "completed"
    assert done["run"]["changes"]["left"] > 0
    world.double.show_everything()
    assert world.members() == {getattr(stranger, world.key)}
    world.assert_clean()
    # Named again, it fills its list again.
    world.apply()
    world.run()
    world.double.show_everything()
    world.assert_right(foreign={getattr(stranger, world.key)})


def test_needs_neither_source_nor_guard_to_empty(make_world):
    world = started(make_world("hybrid", "email", activation={"guard": {"max_removed": 1}}))
    (world.folder / "shop.duckdb").unlink()
    assert "holds nobody of ours" in world.rollcall("archive", world.name, "--list", "empty").out
    world.double.show_everything()
    assert world.members() == set()


def test_is_not_archived_before_everybody_is_off(make_world):
    world = started(make_world("hybrid", "email"))
    world.double.add_fault("error_500", "lists/unsubscribe", times=100)
    done = world.rollcall("archive", world.name, "--list", "empty", expect=1)
    assert "not archived" in done.err
    assert world.rollcall("status", "--json").json[0]["activation"] == world.name
    world.double.calm()
    world.rollcall("archive", world.name, "--list", "empty")
    world.double.show_everything()
    assert world.members() == set()


def test_says_what_list_may_be(make_world):
    world = make_world("hybrid", "email")
    world.write_source()
    world.apply()
    done = world.rollcall("archive", world.name, "--list", "kept", expect=2)
    assert "keep or empty" in done.err
