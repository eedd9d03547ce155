"""The demo shop from outside: made by one request, with its lists in a simulator that the service keeps running, and removed without a trace.

The oracle reads the shop's files itself, and knows the segments from their descriptions alone.
"""

import csv
import datetime
import decimal
import http.client
import json
import os
import signal
import sqlite3
import urllib.parse
from pathlib import Path

import pytest
from served import until
from test_openapi import judge
from test_serve import problem
from world import assert_sums, binary

API = "/api/v1"
LISTS = ["Lapsed VIPs", "Coffee lovers", "Newcomers without an order"]


def today():
    return datetime.datetime.now(datetime.timezone.utc).date()


class Shop:
    """The demo shop of a service, as its files and its simulator have it."""

    def __init__(self, world, service):
        self.world, self.service, self.admin = world, service, service.admin

    def standing(self):
        answer = self.admin.get(f"{API}/demo")
        assert answer.status == 200 and judge("get_demo", answer) == [], answer
        return answer.json

    def make(self):
        answer = self.admin("POST", f"{API}/demo")
        assert answer.status == 201 and judge("make_demo", answer) == [], answer
        return answer.json

    def day(self, run=True):
        answer = self.service.as_role("operator")("POST", f"{API}/demo/days", {"run": run})
        assert answer.status == 200 and judge("pass_demo_day", answer) == [], answer
        return answer.json

    def uids(self):
        return {name: self.admin.uid("activations", name) for name in LISTS}

    def reports(self, other_than=None):
        """The newest run of each, once it has come to its end."""
        out = {}
        for name, uid in self.uids().items():
            out[name] = self.service.until_run(uid, "completed", (other_than or {}).get(name, {}).get("uid"))
            assert_sums(out[name])
        return out

    # --- What the files say.

    def table(self, name):
        with (self.world.home / "demo" / "shop" / f"{name}.csv").open() as file:
            return list(csv.DictReader(file))

    def contacts(self):
        return {json.loads(line)["userId"] for line in (self.world.home / "demo" / "contacts.ndjson").read_text().splitlines()}

    def expected(self):
        """Whom each list must hold, by customer number."""
        def since(days):
            return (today() - datetime.timedelta(days=days)).isoformat()

        now = today()
        year_ago = now.replace(year=now.year - 1, day=min(now.day, 28) if now.month == 2 else now.day).isoformat()
        customers, contacts = self.table("customers"), self.contacts()
        category = {one["product_id"]: one["category"] for one in self.table("products")}
        with_coffee = {one["order_id"] for one in self.table("order_lines") if category[one["product_id"]] == "Coffee"}
        spent, last, coffee = {}, {}, {}
        for one in self.table("orders"):
            who = one["customer_id"]
            spent[who] = spent.get(who, 0) + decimal.Decimal(one["total"])
            last[who] = max(last.get(who, ""), one["ordered_on"])
            coffee[who] = coffee.get(who, 0) + (one["order_id"] in with_coffee and one["ordered_on"] >= year_ago)
        reads = {one["customer_id"] for one in customers if one["newsletter"] == "true"}
        everybody = {one["customer_id"]: one for one in customers}
        return {name: people & contacts for name, people in {
            "Lapsed VIPs": {who for who in everybody if spent.get(who, 0) >= 300 and last[who] < since(150) and who in reads},
            "Coffee lovers": {who for who in everybody if coffee.get(who, 0) >= 2 and who in reads},
            "Newcomers without an order": {who for who, one in everybody.items() if one["signed_up_on"] >= since(30) and who not in last},
        }.items()}

    # --- What the simulator holds.

    def sim(self, path):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.standing()["iterable"]["address"]).netloc, timeout=30)
        try:
            connection.request("GET", f"/_sim/{path}")
            answer = connection.getresponse()
            assert answer.status == 200
            return json.loads(answer.read())
        finally:
            connection.close()

    def members(self):
        lists = {one["name"]: one["id"] for one in self.sim("lists")["lists"]}
        assert sorted(lists) == sorted(LISTS)
        return {name: {one["userId"] for one in self.sim(f"lists/{number}/members")} for name, number in lists.items()}

    def simulators(self):
        return [pid for pid, words in self.service.jobs().items() if words[0] == "iterable-sim"]

    def assert_nothing_is_left(self):
        assert self.standing() == {"exists": False, "obstacle": None}
        assert not (self.world.home / "demo").exists()
        assert self.simulators() == []


def is_away(address):
    try:
        http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=5).connect()
    except ConnectionRefusedError:
        return True
    return False


def runs(pid):
    """A process that has ended and that nobody has asked about does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def world(make_world):
    world = make_world()
    world.whole_program = True
    return world


def test_it_is_made_goes_on_from_day_to_day_and_is_removed(world, serve):
    shop = Shop(world, serve(world))
    shop.assert_nothing_is_left()
    for role in ("viewer", "operator", "editor"):
        problem(shop.service.as_role(role)("POST", f"{API}/demo"), 403, "role_too_low")
    assert shop.service.as_role("viewer").get(f"{API}/demo").status == 200
    problem(shop.admin("POST", f"{API}/demo/days", {}), 404, "demo_missing")

    made = shop.make()
    assert made["exists"] and made["day"] == 0 and made["iterable"]["answers"] and len(made["activations"]) == 3
    problem(shop.admin("POST", f"{API}/demo"), 409, "demo_exists")
    problem(shop.service.as_role("viewer")("POST", f"{API}/demo/days", {}), 403, "role_too_low")
    first = shop.reports()
    assert shop.members() == shop.expected()
    sizes = {name: report["segment"]["members"] for name, report in first.items()}
    assert all(60 < size < 1500 for size in sizes.values()), sizes
    for name, report in first.items():
        assert report["standing"]["on_list"] == len(shop.members()[name]) < sizes[name], "one in ten is no contact"
        assert report["outcomes"]["not_a_contact"] > 0
    assert first["Lapsed VIPs"]["fields_created"] == ["lifetimeValue", "tier"]
    others = [one["name"] for one in shop.admin.items(f"{API}/segments") if one["name"] not in LISTS]
    for name in others:
        count = shop.admin.ok("GET", f"{API}/segments/{shop.admin.uid('segments', name)}/count")
        assert 10 < count["members"] < 2500, (name, count)

    before = shop.members()
    assert shop.day()["day"] == 1
    second = shop.reports(other_than=first)
    assert shop.members() == shop.expected() != before
    for name, report in second.items():
        assert report["outcomes"]["added"] + report["outcomes"]["removed"] > 0, (name, report)
    assert sum(one["changes"]["changed"] for one in second.values()) > 0
    assert sum(one["outcomes"]["removed"] for one in second.values()) > 0
    assert shop.day(run=False)["day"] == 2

    # Something else is made of it: it stays until that is gone.
    segment = shop.admin.ok("POST", f"{API}/segments", {"name": "Mine", "model": "demo customers", "where": {"field": "city", "op": "eq", "value": "Lyon"}}, status=201)
    refused = shop.admin("DELETE", f"{API}/demo")
    problem(refused, 409, "demo_in_use")
    assert "Mine" in refused.json["detail"] and shop.standing()["exists"]
    shop.admin.ok("DELETE", f"{API}/segments/{segment['uid']}", headers={"If-Match": "*"}, status=204)
    shop.admin.ok("POST", f"{API}/sources", {"name": "another", "kind": "csv", "path": str(world.folder)}, status=201)
    problem(shop.service.as_role("editor")("DELETE", f"{API}/demo"), 403, "role_too_low")
    address = made["iterable"]["address"]
    states = [world.home / "activations" / uid for uid in made["activations"]]
    assert all(one.exists() for one in states)
    answer = shop.admin("DELETE", f"{API}/demo")
    assert answer.status == 204 and judge("delete_demo", answer) == [], answer
    shop.assert_nothing_is_left()
    assert is_away(address) and not any(one.exists() for one in states)
    left = {kind: shop.admin.items(f"{API}/{kind}") for kind in ("sources", "models", "segments", "destinations", "activations")}
    assert [one["name"] for one in left.pop("sources")] == ["another"] and not any(left.values()), left
    assert shop.admin.items(f"{API}/activations?archived=true") == []
    problem(shop.admin("DELETE", f"{API}/demo"), 404, "demo_missing")
    assert [one["action"] for one in shop.admin.items(f"{API}/log?kind=demo")] == ["removed", "changed", "changed", "created"]
    assert len(shop.admin.items(f"{API}/runs")) >= 6, "what was stays in the history"

    # And once more.
    assert shop.make()["day"] == 0
    shop.reports()
    assert shop.members() == shop.expected()
    shop.admin.ok("DELETE", f"{API}/demo", status=204)
    shop.assert_nothing_is_left()


def test_its_lists_outlive_the_service_and_the_simulator(world, serve):
    shop = Shop(world, serve(world))
    address = shop.make()["iterable"]["address"]
    first = shop.reports()
    members = shop.members()

    # Ended as a service manager ends it.
    shop.service.end()
    assert is_away(address)
    shop = Shop(world, serve(world))
    until(lambda: shop.standing()["iterable"]["answers"], "the simulator was not started with the service")
    assert shop.standing()["iterable"]["address"] == address and shop.members() == members
    shop.admin.ok("POST", f"{API}/activations/{shop.uids()['Coffee lovers']}/run?wait=90", {})
    again = shop.service.last_run(shop.uids()["Coffee lovers"])
    assert again["status"] == "completed" and sum(again["outcomes"][one] for one in ("added", "removed", "updated")) == 0, again

    # Killed: nothing is left running, and nothing is lost.
    simulator, = shop.simulators()
    shop.service.kill()
    until(lambda: not runs(simulator), "the simulator outlived the service")
    assert is_away(address)
    shop = Shop(world, serve(world))
    until(lambda: shop.standing()["iterable"]["answers"])
    assert shop.members() == members

    # The simulator is killed: it comes again, and so do its lists.
    simulator, = shop.simulators()
    os.kill(simulator, signal.SIGKILL)
    until(lambda: shop.simulators() not in ([], [simulator]) and shop.standing()["iterable"]["answers"], "it was not started again")
    assert shop.members() == members
    assert first.keys() == members.keys()

    # Its files are gone, as in a restored home: they are made anew.
    table = shop.table("orders")
    shop.service.end()
    for path in (world.home / "demo" / "shop").iterdir():
        path.unlink()
    (world.home / "demo" / "contacts.ndjson").unlink()
    shop = Shop(world, serve(world))
    until(lambda: shop.standing()["iterable"]["answers"])
    assert shop.table("orders") == table


def test_where_a_name_is_taken_nothing_is_made(world, serve):
    world.put(*({"customer_id": i, "email": f"p{i}@example.com", "user_id": f"U{i}", "vip": True} | {name: None for name in (
        "first_name", "lifetime_value", "order_count", "newsletter", "born")} for i in range(3)))
    world.write_source()
    world.apply()
    shop = Shop(world, serve(world))
    before = {kind: shop.admin.items(f"{API}/{kind}") for kind in ("sources", "models", "segments", "destinations")}
    refused = shop.admin("POST", f"{API}/demo")
    problem(refused, 409, "name_taken")
    assert "`Lapsed VIPs`" in refused.json["detail"] and "home of its own" in refused.json["remedy"]
    shop.assert_nothing_is_left()
    assert {kind: shop.admin.items(f"{API}/{kind}") for kind in before} == before


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """A folder with the program in it, and whatever is put beside it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    try:
        os.link(binary(), folder / "rollcall")
    except OSError as refused:  # another disk
        pytest.skip(f"the program cannot be linked to: {refused}")
    monkeypatch.setenv("ROLLCALL_BIN", str(folder / "rollcall"))
    return folder


def test_without_the_simulator_it_says_why_there_is_no_demo(beside, world, serve):
    shop = Shop(world, serve(world))
    obstacle = shop.standing()["obstacle"]
    assert obstacle["code"] == "simulator_missing" and "iterable-sim" in obstacle["message"] and "package" in obstacle["remedy"]
    problem(shop.admin("POST", f"{API}/demo"), 409, "simulator_missing")
    assert not (world.home / "demo").exists()


def test_where_the_simulator_does_not_come_up_nothing_is_left(beside, world, serve):
    (beside / "iterable-sim").write_text("#!/bin/sh\necho cannot listen for once >&2\nexit 1\n")
    (beside / "iterable-sim").chmod(0o755)
    shop = Shop(world, serve(world))
    refused = shop.admin("POST", f"{API}/demo")
    problem(refused, 503, "simulator_away")
    assert "cannot listen for once" in refused.json["detail"]
    shop.assert_nothing_is_left()
    assert all(shop.admin.items(f"{API}/{kind}") == [] for kind in ("sources", "models", "segments", "destinations", "activations"))


def test_what_a_kill_left_half_made_is_cleared_away(world, serve):
    shop = Shop(world, serve(world))
    shop.make()
    shop.reports()
    shop.service.end()
    # As the record stands until all of it is there.
    with sqlite3.connect(world.home / "rollcall.db") as database:
        text, = database.execute("SELECT json FROM record WHERE kind = 'demo'").fetchone()
        half = json.loads(text) | {"complete": False, "objects": []}
        database.execute("UPDATE record SET json = ? WHERE kind = 'demo'", (json.dumps(half),))
    database.close()
    shop = Shop(world, serve(world))
    assert not shop.standing()["exists"]
    assert shop.make()["exists"]
    shop.reports()
    assert shop.members() == shop.expected()
    assert len(shop.admin.items(f"{API}/segments")) == 6
