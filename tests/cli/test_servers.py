"""Several servers over one catalog in PostgreSQL: what moves there and back, who schedules, and what outlives a kill and a stop."""

import os
import random
import signal
import subprocess
import time
import urllib.parse

import pytest

from postgres import ADMIN, PASSWORD, Server
from served import Served, until
from world import LIST, customer, files_with, ready

API = "/api/v1"
TAKEN_OVER = 90.0  # seconds: a lease lasts 30, and what follows it takes longer with sanitizers
SOAK = float(os.environ.get("ROLLCALL_SERVERS_SECONDS", "60"))  # how long servers are killed and stopped in turns


@pytest.fixture(scope="module")
def postgres():
    server = Server()
    server.create()
    yield server
    server.remove()


@pytest.fixture
def database(postgres, tmp_path):
    """The address of an empty database."""
    name = "catalog_" + str(abs(hash(str(tmp_path))))
    postgres.sql(f"CREATE DATABASE {name}")
    return f"postgresql://{ADMIN}:{urllib.parse.quote(PASSWORD, safe='')}@127.0.0.1:{postgres.port}/{name}"


def rows(postgres, database, query):
    """Of a query in that database, each a list of texts."""
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", "|", "-v", "ON_ERROR_STOP=1", database, "-c", query],
                          capture_output=True, text=True, check=True)
    return [line.split("|") for line in done.stdout.splitlines()]


@pytest.fixture
def shared(make_world, database):
    """shared(**options): a world whose catalog is in the database."""
    def make(**options):
        world = make_world(**options)
        world.env["ROLLCALL_STORE"] = database
        return ready(world)
    return make


def no_password(world, *more):
    for secret in (PASSWORD, urllib.parse.quote(PASSWORD, safe="")):
        assert all(secret not in done.out + done.err for done in world.outputs)
        assert files_with(world.home, secret) == []
        assert all(secret not in text for text in more)


# --- Moving.

def test_a_home_moves_to_postgresql_and_back(make_world, database):
    world = ready(make_world())
    world.rollcall("token", "add", "kept")  # which the log tells
    world.run()
    world.assert_right()
    before = world.rollcall("export").out, world.rollcall("runs", "--json").json
    log = world.rollcall("log", "--json").json
    state = world.rollcall("status", "--json").json[0]["state"]

    moved = world.rollcall("home", "move", "--to", database)
    assert "the catalog is in postgresql://127.0.0.1" in moved.out
    forgotten = world.rollcall("status", expect=1)
    assert "the catalog of this home is in postgresql://127.0.0.1" in forgotten.err and "--store" in forgotten.err
    with_store = world.rollcall("--store", database, "status", "--json")
    assert with_store.json[0]["state"] == state

    world.env["ROLLCALL_STORE"] = database
    assert (world.rollcall("export").out, world.rollcall("runs", "--json").json) == before
    after = world.rollcall("log", "--json").json
    assert after[1:] == log and after[0]["action"] == "moved"
    world.change(1, vip=False)
    world.put(customer(501))
    world.double.add_contact(email="user501@example.com", user_id="U501")
    world.write_source()
    world.run()
    world.assert_right()
    assert "the catalog of this home is not in" in world.rollcall("home", "move", "--to", database, expect=1).err

    backup = world.folder / "kept.tar"
    world.rollcall("backup", str(backup))
    home, world.home = world.home, world.folder / "restored"
    said = world.rollcall("restore", str(backup))
    assert "rollcall home move --to" in said.err
    assert len(world.rollcall("runs", "--json", env={"ROLLCALL_STORE": ""}).json) == 2
    world.home = home

    world.rollcall("home", "move", "--to-sqlite")
    gone = world.rollcall("status", expect=1)
    assert "the catalog of this home is in" in gone.err and "Leave out --store, and unset ROLLCALL_STORE." in gone.err
    del world.env["ROLLCALL_STORE"]
    assert len(world.rollcall("runs", "--json").json) == 2
    world.change(2, vip=False)
    world.write_source()
    world.run()
    world.assert_right()
    no_password(world)


def test_nothing_moves_while_somebody_works(make_world, serve, database):
    world = ready(make_world())
    service = serve(world)
    refused = world.rollcall("home", "move", "--to", database, expect=4)
    assert "Stop `rollcall serve` everywhere, and wait for runs to end." in refused.err
    service.end()
    world.rollcall("home", "move", "--to", database)


def test_an_address_is_never_shown(shared, serve, database):
    world = shared(double={})
    service = serve(world)
    gate = world.double.hold("lists/subscribe")
    uid = service.admin.items(f"{API}/activations")[0]["uid"]
    service.admin.ok("POST", f"{API}/activations/{uid}/run", {}, status=202)
    words = until(service.jobs, "no job began")
    until(lambda: world.double.calls("lists/subscribe"), "the run did not begin")
    gate.set()
    world.double.holds.clear()
    service.until_run(uid, "completed")
    typed = world.start("--store", database, "serve", "--listen", "127.0.0.1:0")
    typed.stdout.readline()
    shown = open(f"/proc/{typed.pid}/cmdline", encoding="utf-8", errors="replace").read()
    typed.send_signal(signal.SIGTERM)
    typed.communicate(timeout=90)
    assert "postgresql://*" in shown
    no_password(world, shown, str(words), service.end())
    for wrong in (database.replace("127.0.0.1", "127.0.0.1:1"), database.replace("%", "%%"), database.replace("%40", "@") + "/x"):
        world.rollcall("status", env={"ROLLCALL_STORE": wrong}, expect=None)
    world.rollcall("status", database, expect=2)
    no_password(world)


# --- Two servers.

def schedules(service):
    return service.nobody.ok("GET", f"{API}/ready")["schedules"]


def test_one_schedules_and_the_other_takes_over(shared, serve):
    world = shared(activation={"schedule": {"every": "5m"}})
    first = serve(world)
    until(lambda: schedules(first), "nobody schedules")
    uid = first.admin.items(f"{API}/activations")[0]["uid"]
    run = first.until_run(uid, "completed")
    assert run["trigger"] == "schedule"

    second = serve(world)
    assert not schedules(second)
    until(lambda: second.status(uid)["next_run_at"] == first.status(uid)["next_run_at"] is not None, "they tell different times")
    asked = second.admin.ok("POST", f"{API}/activations/{uid}/run?wait=120", {})
    assert asked["report"]["status"] == "completed", "what it is asked for, it does itself"
    status = world.rollcall("status")
    assert "what is due is started by `rollcall serve`, process " in status.err

    first.kill()
    began = time.monotonic()
    until(lambda: schedules(second), "nobody took over", deadline=TAKEN_OVER)
    assert time.monotonic() - began > 10, "before the lease ran out"
    assert len(second.admin.items(f"{API}/runs?activation={uid}")) == 2, "nothing was done twice"
    second.end()
    third = serve(world)
    until(lambda: schedules(third), "what was let go of is free at once", deadline=20)


def test_the_run_of_a_server_that_is_gone_is_carried_on_by_the_other(shared, serve):
    world = shared()
    first, second = serve(world), serve(world)
    uid = first.admin.items(f"{API}/activations")[0]["uid"]
    gate = world.double.hold("lists/subscribe")
    first.admin.ok("POST", f"{API}/activations/{uid}/run", {}, status=202)
    until(lambda: world.double.calls("lists/subscribe"), "the run did not begin")
    for pid in first.jobs():
        os.kill(pid, signal.SIGKILL)
    first.kill()
    gate.set()
    world.double.holds.clear()
    run = until(lambda: (one := second.last_run(uid)) and one["status"] == "completed" and one,
                lambda: f"it was not carried on: {second.last_run(uid)}\n{second.errors}", deadline=TAKEN_OVER + 30)
    assert len(second.admin.items(f"{API}/runs?activation={uid}")) == 1
    assert "carried on" in str(second.admin.ok("GET", f"{API}/runs/{run['uid']}"))
    world.assert_right()


def test_a_server_that_was_stopped_schedules_no_more(shared, serve):
    world = shared()
    first, second = serve(world), serve(world)
    until(lambda: schedules(first), "nobody schedules")
    first.process.send_signal(signal.SIGSTOP)
    until(lambda: schedules(second), "nobody took over", deadline=TAKEN_OVER)
    first.process.send_signal(signal.SIGCONT)
    until(lambda: not schedules(first), "two schedule", deadline=10)
    assert schedules(second)


# --- A while of trouble.

def test_servers_that_are_killed_and_stopped_in_turns_do_what_is_due_once(shared, postgres, database):
    """ROLLCALL_SERVERS_SECONDS says how long."""
    world = shared(activation={"schedule": {"cron": "* * * * *", "tz": "UTC"}})
    catalog = world.catalog()
    model = catalog["activations"][0]
    catalog["activations"] += [model | {"name": f"List {i}"} for i in range(2)]
    world.apply(catalog=catalog)
    rng = random.Random(7)
    servers = [Served(world, "--grace", "5"), Served(world, "--grace", "5")]
    uids = [one["uid"] for one in servers[0].admin.items(f"{API}/activations")]
    began = time.time()
    try:
        while time.time() - began < SOAK:
            for i, server in enumerate(servers):
                how = rng.choice(["kill", "kill with its jobs", "stop", "leave"])
                jobs = list(server.jobs())
                if how.startswith("kill"):
                    if "jobs" in how:
                        for pid in jobs:
                            try:
                                os.kill(pid, signal.SIGKILL)
                            except ProcessLookupError:
                                pass
                    server.kill()
                    servers[i] = Served(world, "--grace", "5")
                elif how == "stop":
                    stopped = [server.process.pid, *jobs]
                    for pid in stopped:
                        try:
                            os.kill(pid, signal.SIGSTOP)
                        except ProcessLookupError:
                            pass
                    time.sleep(rng.choice([2, 35]))
                    for pid in reversed(stopped):
                        try:
                            os.kill(pid, signal.SIGCONT)
                        except ProcessLookupError:
                            pass
                world.change(rng.randrange(1, 24), vip=rng.random() < 0.8)
                world.write_source()
                answer = servers[i].admin("POST", f"{API}/activations/{rng.choice(uids)}/run", {})
                assert answer.status in (202, 409), answer
                time.sleep(rng.uniform(1, 4))
        # They are left in peace: what was due is done, and what was cut off is carried on.
        settled = time.time()
        until(lambda: all(int(rows(postgres, database, f"SELECT coalesce(max(until_ms), 0) FROM run WHERE activation_uid = '{uid}' "
                                                       "AND status IN ('completed', 'completed_with_rejects')")[0][0]) > (settled + 60) * 1000
                          for uid in uids),
              lambda: "\n".join(str(servers[0].last_run(uid)) for uid in uids) + servers[0].errors[-4000:], deadline=240)
    finally:
        for server in servers:
            if server.process.poll() is None:
                server.end(expect=None)
    for uid in uids:
        # Of those that the schedule began, each had a minute of its own, and none was left out for longer than a lease lasts.
        untils = [int(until_ms) / 1000 for (until_ms,) in rows(
            postgres, database, f"SELECT until_ms FROM run WHERE activation_uid = '{uid}' AND report::json->>'trigger' = 'schedule' "
                                "AND status NOT IN ('running', 'interrupted') ORDER BY until_ms")]
        assert len(untils) >= 2, uid
        for one, following in zip(untils, untils[1:]):
            assert int(following // 60) > int(one // 60), f"a minute was dealt with twice: {untils}"
        statuses = rows(postgres, database, f"SELECT status, count(*) FROM run WHERE activation_uid = '{uid}' GROUP BY 1")
        assert not {status for status, _ in statuses} & {"failed", "running", "stopped"}, statuses
    for name in (LIST, "List 0", "List 1"):
        the_list, = world.double.lists_named(name)
        assert world.double.members(the_list.id, by=world.key) == world.expected_members(), name


# --- What is for one machine alone.

def test_the_demo_shop_is_for_a_home_with_its_own_catalog(shared, serve):
    service = serve(shared())
    obstacle = service.admin.ok("GET", f"{API}/demo")["obstacle"]
    assert obstacle["code"] == "demo_needs_own_store" and "--home DIR" in obstacle["remedy"]
    refused = service.admin("POST", f"{API}/demo")
    assert refused.status == 409 and refused.json["code"] == "demo_needs_own_store", refused
