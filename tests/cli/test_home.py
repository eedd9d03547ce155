"""The home as a whole: held against a file."""

import copy
import json

import pytest

from world import LIST, started


@pytest.fixture
def world(make_world):
    return make_world()


# --- diff

def diff(world, catalog, *options, expect):
    (world.folder / "shop.yaml").write_text(json.dumps(catalog))
    return world.rollcall("diff", str(world.folder / "shop.yaml"), *options, expect=expect)


def test_a_file_that_was_applied_differs_in_nothing(world):
    started(world)
    assert diff(world, world.catalog(), expect=0).out.startswith("Nothing to change; 5 unchanged.")
    told = diff(world, world.catalog(), "--json", expect=0).json
    assert told["differs"] is False and told["counts"] == {"unchanged": 5} and told["warnings"] == []
    exported = world.rollcall("export").out
    (world.folder / "exported.yaml").write_text(exported)
    world.rollcall("diff", str(world.folder / "exported.yaml"), expect=0)


def test_what_differs_is_named_without_a_look_at_the_data_and_nothing_is_stored(world):
    started(world)
    before = world.rollcall("export").out
    (world.folder / "shop.duckdb").unlink()
    changed = world.catalog()
    changed["segments"][0]["where"] = {"field": "nobody_has_this", "op": "is_true"}
    changed["segments"].append({"name": "New", "model": "customers", "where": world.rule})
    changed["activations"] = []
    told = diff(world, changed, "--json", expect=1).json
    assert told["differs"] is True
    assert {(one["what"], one["kind"], one["name"]) for one in told["changes"] if one["what"] != "unchanged"} == {
        ("changed", "segment", "Lapsed VIPs"), ("created", "segment", "New"), ("archived", "activation", LIST)}
    text = diff(world, changed, expect=1).out
    assert "3 changes to make" in text and "archived" in text and "nothing was stored" in text
    assert world.rollcall("export").out == before


def test_a_file_that_is_wrong_ends_with_2(world):
    started(world)
    wrong = copy.deepcopy(world.catalog())
    wrong["segments"][0]["model"] = "custmers"
    done = diff(world, wrong, "--json", expect=2)
    assert "did you mean `customers`?" in done.err and done.json["problems"][0]["message"]
    assert "there is no file" in world.rollcall("diff", str(world.folder / "none.yaml"), expect=2).err
