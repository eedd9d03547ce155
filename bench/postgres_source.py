"""A first plan of two million people out of PostgreSQL, beside the draining of the same rows by PostgreSQL's own client."""

import json
import os
import shutil

from machine import HERE, Simulator, measured, rollcall
from postgres import ADMIN, PASSWORD, Server

PEOPLE = 2_000_000
FIELDS = {"first": "string", "hash": "string", "score": "double", "born": "date"}


def measure():
    shutil.rmtree(HERE / "home", ignore_errors=True)
    server = Server()
    try:
        server.create()
        server.sql("CREATE SCHEMA shop; SET search_path = shop; " + server.many + "ALTER TABLE many ADD PRIMARY KEY (id); ANALYZE many; "
                   f"GRANT USAGE ON SCHEMA shop TO {server.source()['user']};")
        query = f"COPY (SELECT id, email, {', '.join(FIELDS)} FROM shop.many) TO STDOUT (FORMAT binary)"
        psql = ["psql", "-X", "-q", "-h", "127.0.0.1", "-p", server.port, "-U", ADMIN, "-o", "/dev/null", "-c", query, "postgres"]
        drained, *_ = measured(psql, env=os.environ | {"PGPASSWORD": PASSWORD})
        with Simulator(1, "--project-type", "email") as simulator:
            catalog = {
                "version": 1,
                "sources": [server.source() | {"name": "shop", "password": PASSWORD}],
                "models": [{"name": "people", "type": "users", "source": "shop", "table": "many", "primary_key": "id"}],
                "segments": [{"name": "Everyone", "model": "people"}],
                "destinations": [{"name": "Iterable", "platform": "iterable", "base_url": simulator.address, "project_type": "email", "api_key": "0" * 32}],
                "activations": [{"segment": "Everyone", "destination": "Iterable", "match_key": {"type": "email", "field": "email"},
                                 "attributes": [{"field": field, "to": field, "type": kind, "create": True} for field, kind in FIELDS.items()]}],
            }
            (HERE / "catalog.yaml").write_text(json.dumps(catalog))
            rollcall("apply", HERE / "catalog.yaml")
            seconds, cpu, peak, output = rollcall("plan", "Everyone", "--json")
            assert json.loads(output)["changes"]["entered"] == PEOPLE, output[:2000]
    finally:
        server.remove()
    print(f"PostgreSQL, {PEOPLE:,} people: drained in {drained:.2f} s; a first plan {seconds:.2f} s, {cpu:.2f} s of CPU, {peak:.0f} MB: {seconds / drained:.2f} times")
    return {"drained": drained, "seconds": seconds, "cpu": cpu, "peak_mb": peak}
