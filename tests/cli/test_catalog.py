"""Catalog files: what is wrong is named where it stands; apply and export agree; secrets stay secret."""

import re
import signal
import time
from pathlib import Path

import pytest

from world import customer

GOOD = """\
version: 1
sources:
  - name: shop
    kind: duckdb
    path: shop.duckdb
models:
  - name: customers
    type: users
    source: shop
    table: people
    primary_key: customer_id
segments:
  - name: Lapsed VIPs
    model: customers
    where: {field: vip, op: is_true}
destinations:
  - name: Iterable
    platform: iterable
    service: contact_lists
    base_url: BASE_URL
    project_type: hybrid
    api_key: ${ITERABLE_API_KEY}
    settle: 0s
activations:
  - segment: Lapsed VIPs
    destination: Iterable
    match_key: {type: email, field: email}
    attributes:
      - {field: first_name, to: firstName}
"""

# (what is replaced, by what, line:column of the complaint, words it must hold)
WRONG = {
    "an unknown key": ("    kind: duckdb\n", "    kind: duckdb\n    pth: x\n", "5:5", ["pth", "path"]),
    "an unknown section": ("sources:", "surces:", "2:1", ["surces", "sources"]),
    "an unknown kind of source": ("kind: duckdb", "kind: duckbd", "4:11", ["duckbd", "duckdb"]),
    "a dangling source": ("source: shop", "source: shoop", "9:13", ["shoop", "shop"]),
    "a dangling model": ("model: customers", "model: costumers", "14:12", ["costumers", "customers"]),
    "a dangling segment": ("segment: Lapsed VIPs", "segment: Lapsed VIP", "25:14", ["Lapsed VIP", "Lapsed VIPs"]),
    "a dangling destination": ("destination: Iterable", "destination: Iterabel", "26:18", ["Iterabel", "Iterable"]),
    "an unknown operator": ("op: is_true", "op: is_tru", "15:29", ["is_tru", "is_true"]),
    "a wrong type": ("path: shop.duckdb", "path: [shop.duckdb]", "5:11", ["path"]),
    "a missing match key": ("    match_key: {type: email, field: email}\n", "", "25:5", ["match_key"]),
    "an unknown match key": ("{type: email, field: email}", "{type: mail, field: email}", "27:23", ["mail", "email", "user_id"]),
    "an unknown project type": ("project_type: hybrid", "project_type: hybird", "21:19", ["hybird", "hybrid"]),
    "an unknown service": ("service: contact_lists", "service: contact_list", "19:14", ["contact_lists"]),
    "an unknown attribute type": ("to: firstName}", "to: firstName, type: number}", "29:50", ["number", "double"]),
    "an unset variable": ("${ITERABLE_API_KEY}", "${ITERABLE_KEY_THAT_IS_NOT_SET}", "22:14", ["ITERABLE_KEY_THAT_IS_NOT_SET"]),
    "a duration without a unit": ("settle: 0s", "settle: 60", "23:13", ["settle"]),
    "too quick a schedule": ("    attributes:\n", "    schedule: {every: 1m}\n    attributes:\n", "28:23", ["5"]),
    "a share above one hundred": ("    attributes:\n", "    guard: {max_removed_share: thirty}\n    attributes:\n", "28:32", ["max_removed_share"]),
    "a cycle of segments": ("where: {field: vip, op: is_true}", "where: {in_segment: Lapsed VIPs}", "13:5", ["Lapsed VIPs"]),
    "the same name twice": ("destinations:\n", "  - {name: Lapsed VIPs, model: customers}\ndestinations:\n", "16:12", ["Lapsed VIPs"]),
    "broken YAML": ("  - name: shop\n", "  - name: \"shop\n", None, []),
    "a tab": ("    kind: duckdb\n", "\tkind: duckdb\n", "4:", []),
    "an unknown version": ("version: 1", "version: 2", "1:10", ["version"]),
    "a key twice": ("    kind: duckdb\n", "    kind: duckdb\n    kind: csv\n", "5:5", ["kind"]),
    "no primary key": ("    primary_key: customer_id\n", "", "7:5", ["primary_key"]),
}


@pytest.fixture
def world(make_world):
    world = make_world()
    world.put(*[customer(i) for i in range(1, 5)])
    for i in range(1, 5):
        world.double.add_contact(email=f"user{i}@example.com", firstName="Old")
    world.write_source()
    return world


def good(world):
    return GOOD.replace("BASE_URL", world.double.url)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_in_a_catalog_is_named_where_it_stands(world, name):
    old, new, place, words = WRONG[name]
    text = good(world)
    assert text.count(old) >= 1
    done = world.apply(text=text.replace(old, new, 1), expect=2)
    file = str(world.folder / "shop.yaml")
    lines = [line for line in done.err.splitlines() if re.match(re.escape(file) + r":\d+:\d+: ", line)]
    assert lines, str(done)
    if place:
        assert any(line.startswith(f"{file}:{place}") for line in lines), str(done)
    for word in words:
        assert word in "\n".join(lines), str(done)
    assert world.double.log == [] or not world.double.write_calls()
    export = world.rollcall("export").out
    assert "shop" not in export, "nothing of a wrong file is stored"


def test_every_mistake_of_a_file_is_named_at_once(world):
    text = good(world).replace("source: shop", "source: shoop").replace("op: is_true", "op: is_tru").replace("hybrid", "hybird")
    done = world.apply(text=text, expect=2)
    for line in (9, 15, 21):
        assert f"shop.yaml:{line}:" in done.err


def test_a_file_that_is_not_there_is_a_wrong_command(world):
    done = world.rollcall("apply", str(world.folder / "nowhere.yaml"), expect=2)
    assert "nowhere.yaml" in done.err


def test_apply_of_an_export_changes_nothing(world):
    world.apply(text=good(world))
    exported = world.rollcall("export").out
    again = world.apply("--json", text=exported)
    assert world.rollcall("export").out == exported
    changes = again.json
    assert not [c for c in flat(changes) if c in ("created", "changed", "removed")] or not any(changes.get(k) for k in ("created", "changed", "removed"))


def flat(value):
    if isinstance(value, dict):
        for one in value.values():
            yield from flat(one)
    elif isinstance(value, list):
        for one in value:
            yield from flat(one)
    else:
        yield value


def test_an_export_reads_back_from_another_home_and_without_the_environment(world):
    world.apply(text=good(world))
    exported = world.rollcall("export").out
    assert "${ITERABLE_API_KEY}" in exported and world.double.api_key not in exported
    kept, world.home = world.home, world.folder / "second-home"
    world.apply(text=exported)
    assert world.rollcall("export").out == exported
    world.home = kept


def test_a_key_in_clear_is_exported_as_stored_and_read_as_unchanged(world):
    world.apply(text=good(world).replace("${ITERABLE_API_KEY}", world.double.api_key))
    (world.folder / "shop.yaml").unlink()
    exported = world.rollcall("export").out
    assert "stored" in exported and world.double.api_key not in exported
    world.apply(text=exported)
    assert world.run()["status"] == "completed"


def test_a_key_may_come_from_a_file(world):
    (world.folder / "key.txt").write_text(world.double.api_key + "\n")
    world.apply(text=good(world).replace("${ITERABLE_API_KEY}", "file:key.txt"))
    assert world.run()["status"] == "completed"
    assert "file:" in world.rollcall("export").out


def test_a_dry_run_stores_nothing(world):
    done = world.apply("--dry-run", text=good(world))
    assert "Lapsed VIPs" in done.out + done.err
    assert "shop" not in world.rollcall("export").out
    world.apply(text=good(world))
    before = world.rollcall("export").out
    world.apply("--dry-run", text=good(world).replace("hybrid", "email"))
    assert world.rollcall("export").out == before


def test_two_applies_at_once_on_an_empty_home_store_everything_once(world):
    """The same file twice, and with it a file of another segment: nothing is stored twice, nothing is lost."""
    (world.folder / "shop.yaml").write_text(good(world))
    (world.folder / "more.yaml").write_text(good(world).split("destinations:")[0].replace("Lapsed VIPs", "All VIPs"))
    running = [world.start("apply", str(world.folder / name), "--json") for name in ("shop.yaml", "shop.yaml", "more.yaml")]
    for one in running:
        out, err = one.communicate(timeout=120)
        assert one.returncode == 0, out + err
    exported = world.rollcall("export").out
    for line in ("- name: shop", "- name: customers", "- name: Lapsed VIPs", "- name: All VIPs", "- name: Iterable", "- segment: Lapsed VIPs"):
        assert exported.count(line + "\n") == 1, exported
    found = world.rollcall("check", "--json").json["findings"]
    assert not [one for one in found if "twice" in one["message"]]


def test_apply_hears_the_first_ctrl_c_while_it_looks_at_the_data(world):
    endless = "sql: \"SELECT range AS customer_id, true AS vip, 'x' AS email, 'y' AS first_name FROM range(100000000000)\""
    (world.folder / "shop.yaml").write_text(good(world).replace("table: people", endless))
    process = world.start("apply", str(world.folder / "shop.yaml"))
    threads = Path(f"/proc/{process.pid}/task")
    deadline = time.monotonic() + 60
    while len(list(threads.iterdir())) < 3 and time.monotonic() < deadline:  # those of the query
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130 and b"nothing was stored" in err, out + err
    assert "shop" not in world.rollcall("export").out


def test_what_the_file_does_not_name_is_kept_or_pruned(world):
    world.apply(text=good(world))
    smaller = good(world).split("activations:")[0]
    world.apply(text=smaller)
    assert "activations:" in world.rollcall("export").out
    world.run()
    world.apply("--prune", text=smaller)
    exported = world.rollcall("export").out
    assert "firstName" not in exported
    # Naming it again resumes it: the same list, and nothing to do.
    world.double.clear_log()
    world.apply(text=good(world))
    report = world.run()
    assert report["list"]["created"] is False and world.double.write_calls() == []


def test_the_match_key_of_an_activation_with_a_list_stays(world):
    world.apply(text=good(world))
    world.run()
    changed = good(world).replace("{type: email, field: email}", "{type: user_id, field: user_id}")
    done = world.apply(text=changed, expect=2)
    assert "match" in done.err
    assert world.double.lists_named(world.name)


def test_the_api_key_is_in_no_file_log_or_output(world):
    """Also when Iterable refuses it, and when the service echoes it."""
    world.apply(text=good(world))
    world.run()
    world.double.add_fault("error_500", times=3)
    world.run(expect=None)
    for command in (["check"], ["fields", "Iterable"], ["export"], ["status"], ["runs"], ["plan", world.name], ["why", world.name, "user1@example.com"]):
        world.rollcall(*command, expect=None)
        world.rollcall(*command, "--json", expect=None)
    right = world.double.api_key
    world.double.api_key = "f" * 32
    world.env["ITERABLE_API_KEY"] = right
    world.rollcall("check", expect=None)
    world.run(expect=None)
    world.double.api_key = right
    assert (world.home / "key").stat().st_mode & 0o777 == 0o600
    assert (world.home / "rollcall.db").stat().st_mode & 0o077 == 0
    # World.assert_clean looks through the home and every output.


def test_a_catalog_in_the_words_of_a_person_reads(world):
    text = good(world) + """\
    guard: {max_removed_share: 0.5}
    audit: never
    schedule: {recurrences: [{days: [mon, wed], at: "09:00", tz: Europe/Paris}]}
"""
    world.apply(text=text)
    exported = world.rollcall("export").out
    assert "Europe/Paris" in exported and "0.5" in exported
