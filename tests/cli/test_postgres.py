"""The company's data in a real PostgreSQL: the whole way, and what happens when it goes away meanwhile."""

import os
import signal
import time
from pathlib import Path

from postgres import PASSWORD, Server
from servers import a_whole_way, assert_next_run_is_right, ended, served_by, wait_for, world  # noqa: F401
from world import customer, populate

server = served_by(Server)


def queries(server) -> str:
    return server.sql("SELECT query FROM pg_stat_activity WHERE application_name = 'rollcall' AND state = 'active'")


def reader_of(pid: int) -> int | None:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else None


def test_the_whole_way(world):
    a_whole_way(world)


def slow_model(world):
    """The same people, five a second. `filler` is mapped, so that it is read."""
    catalog = world.catalog()
    catalog["models"][0] |= {"sql": "SELECT p.*, repeat('x', 100000) || CASE WHEN pg_sleep(0.2) IS NULL THEN '' ELSE '' END AS filler FROM people p"}
    catalog["models"][0].pop("table")
    catalog["activations"][0]["attributes"] = [{"field": "first_name", "to": "firstName"}, {"field": "filler", "to": "filler", "create": True, "type": "string"}]
    return catalog


def start_slow_run(world, server):
    """A run that is reading from the server."""
    populate(world)
    world.write_source()
    world.apply(catalog=slow_model(world))
    run = world.start("run", world.name, "--json")
    wait_for(lambda: "pg_sleep" in queries(server))
    time.sleep(0.5)
    return run


def test_postgresql_restarted_in_mid_read_sends_nothing_and_the_next_run_is_right(world, server):
    run = start_slow_run(world, server)
    server.restart()
    code, said = ended(run)
    assert code == 1, said
    assert "the connection to the server was lost" in said
    assert_next_run_is_right(world)


def test_a_reader_that_crashes_sends_nothing_and_the_next_run_is_right(world, server):
    run = start_slow_run(world, server)
    os.kill(wait_for(lambda: reader_of(run.pid)), signal.SIGKILL)
    code, said = ended(run)
    assert code == 1, said
    assert "the reader died (signal 9" in said
    assert_next_run_is_right(world)


def test_an_interrupted_run_ends_its_query_and_its_reader(world, server):
    run = start_slow_run(world, server)
    reader = reader_of(run.pid)
    run.send_signal(signal.SIGINT)
    code, said = ended(run)
    assert code == 130, said
    wait_for(lambda: "pg_sleep" not in queries(server))
    assert not Path(f"/proc/{reader}").exists()
    assert_next_run_is_right(world)


def test_a_killed_run_leaves_no_reader_and_no_query(world, server):
    run = start_slow_run(world, server)
    reader = reader_of(run.pid)
    assert PASSWORD.encode() not in Path(f"/proc/{reader}/cmdline").read_bytes()
    assert PASSWORD.encode() not in Path(f"/proc/{reader}/environ").read_bytes()
    run.kill()
    ended(run)
    wait_for(lambda: not Path(f"/proc/{reader}").exists())
    wait_for(lambda: "pg_sleep" not in queries(server))
    assert_next_run_is_right(world)


def test_a_wrong_password_is_said_and_not_shown(world):
    world.put(customer(1))
    world.write_source()
    catalog = world.catalog()
    world.env["SHOP_PASSWORD"] = "n0t-the-one"
    world.apply(catalog=catalog)
    said = world.rollcall("check", expect=1)
    assert "password authentication failed" in said.out + said.err
    assert "n0t-the-one" not in said.out + said.err
    code = world.rollcall("run", world.name, "--json", expect=1)
    assert "n0t-the-one" not in code.out + code.err
    assert world.double.write_calls() == []
