"""The company's data in a real Trino: the whole way, and what happens when it goes away meanwhile."""

import contextlib
import signal

from postgres import USER
from servers import a_whole_way, ended, served_by, wait_for, world  # noqa: F401
from servers import assert_next_run_is_right as next_run_is_right
from trino import Server
from world import populate

server = served_by(Server)


def running(server) -> list[str]:
    """The ids of the slow queries that run; not of those that only describe them."""
    return [query for (query,) in server.sql(
        f"SELECT query_id FROM system.runtime.queries WHERE \"user\" = '{USER}' AND state = 'RUNNING' AND query LIKE '%filler%' AND query NOT LIKE '%LIMIT 0'")]


def test_the_whole_way(world):
    a_whole_way(world)


def start_slow_run(world, server):
    """A run that is reading from the server: what it reads of is as good as endless."""
    populate(world)
    world.write_source()
    catalog = world.catalog()
    catalog["models"][0] |= {"sql": """
        SELECT p.*, g.filler FROM people p CROSS JOIN (
          SELECT max(a.nationkey * b.orderkey * c.orderkey) AS filler FROM tpch.tiny.nation a, tpch.tiny.lineitem b, tpch.tiny.lineitem c) g"""}
    catalog["models"][0].pop("table")
    catalog["models"][0].pop("fields", None)
    catalog["activations"][0]["attributes"] = [{"field": "first_name", "to": "firstName"}, {"field": "filler", "to": "filler", "create": True, "type": "long"}]
    world.apply(catalog=catalog)
    run = world.start("run", world.name, "--json")
    wait_for(lambda: running(server))
    return run


def assert_next_run_is_right(world):
    world.write_source()  # a server that was started anew has nothing in memory
    next_run_is_right(world)


def test_trino_killed_in_mid_query_sends_nothing_and_the_next_run_is_right(world, server):
    run = start_slow_run(world, server)
    server.stop(signal.SIGKILL)
    try:
        code, said = ended(run)
    finally:
        server.start()  # with nothing in memory; other tests need it, too
    assert code == 1, said
    # Pages are asked for one after another: the server may be gone before one is, or in its middle.
    assert "the connection to the server was lost" in said or "cannot connect" in said
    assert_next_run_is_right(world)


def test_a_query_ended_by_the_server_sends_nothing_and_the_next_run_is_right(world, server):
    run = start_slow_run(world, server)

    def end_it():  # one that is seen may be over before it can be ended
        for query in running(server):
            with contextlib.suppress(AssertionError):
                server.sql(f"CALL system.runtime.kill_query(query_id => '{query}', message => 'enough')")
        return run.poll() is not None

    wait_for(end_it)
    code, said = ended(run)
    assert code == 1, said
    assert "somebody ended the query on the server" in said
    assert_next_run_is_right(world)


def test_an_interrupted_run_ends_its_query(world, server):
    run = start_slow_run(world, server)
    run.send_signal(signal.SIGINT)
    code, said = ended(run)
    assert code == 130, said
    wait_for(lambda: not running(server))
    assert_next_run_is_right(world)


def test_a_killed_run_leaves_a_query_that_the_server_ends(world, server):
    run = start_slow_run(world, server)
    run.kill()
    ended(run)
    wait_for(lambda: not running(server), seconds=120)  # as long as it waits for its client
    assert_next_run_is_right(world)


def test_a_wrong_password_is_said_and_not_shown(world):
    populate(world)
    world.write_source()
    catalog = world.catalog()
    world.env["SHOP_PASSWORD"] = "n0t-the-one"
    world.apply(catalog=catalog)
    said = world.rollcall("check", expect=1)
    assert "does not let us in" in said.out + said.err
    assert "n0t-the-one" not in said.out + said.err
    assert world.double.write_calls() == []
