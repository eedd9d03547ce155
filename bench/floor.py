"""What the work costs at least. Each runs as a process of its own: floor.py NAME --shape SHAPE [--at HOST PORT]."""

import argparse
import http.client
import json
import sys
import threading
import time
import urllib.parse

from data import SHAPES, everyone, make_fields
from machine import HERE, measured

CONNECTIONS = 2

def floor_difference(shape):
    """Reads, normalises, fingerprints and compares with what was there before, in one statement."""
    import duckdb

    _, attributes = SHAPES[shape]
    prints = ", ".join(f"coalesce(hash({field}), 0) AS f{n}" for n, (field, *_) in enumerate(attributes))
    now = f"(SELECT trim(user_id) AS key, {prints} FROM shop.customers WHERE subscribed)"
    differs = " OR ".join(f"s.f{n} <> l.f{n}" for n in range(len(attributes)))
    db = duckdb.connect(config={"threads": 2, "memory_limit": "300MB", "temp_directory": str(HERE / "spill")})
    db.execute(f"ATTACH '{HERE / 'shop.duckdb'}' AS shop (READ_ONLY)")
    before = HERE / "before.parquet"
    started, cpu = time.monotonic(), time.process_time()
    if not before.exists():
        db.execute(f"COPY {now} TO '{before}' (FORMAT parquet)")
        counts = (0, 0, 0)
    else:
        counts = db.execute(f"SELECT count(*) FILTER (l.key IS NULL), count(*) FILTER (s.key IS NULL), count(*) FILTER ({differs}) "
                            f"FROM {now} s FULL JOIN read_parquet('{before}') l ON s.key = l.key").fetchone()
    print(json.dumps({"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu, "counts": counts}))


def floor_replay(shape, host, port):
    """Posts bodies that are made already, over as many connections as the run has."""
    _, attributes = SHAPES[shape]

    def ask(connection, path, body, patient=False):
        while True:
            connection.request("POST", path, body, {"Api-Key": "0" * 32, "Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status == 200:
                return text
            assert patient and b"invalidListId" in text, text[:500]
            time.sleep(0.1)

    one = http.client.HTTPConnection(host, int(port))
    list_id = json.loads(ask(one, "/api/lists", json.dumps({"name": "Everyone"})))["listId"]
    bodies = []
    for people in everyone(shape):
        bodies.append(json.dumps({"listId": list_id, "subscribers": people, "updateExistingUsersOnly": True}).encode())
        if len(bodies) == 1:  # as the run does: a field that nobody made is dropped, which costs less
            make_fields(people, len(attributes), lambda body: ask(one, "/api/users/bulkUpdate", body))
    ask(one, "/api/lists/subscribe", bodies[0], patient=True)  # a new list takes nobody for a moment
    bodies.reverse()
    begin, failed = threading.Barrier(CONNECTIONS + 1), []

    def post():
        connection = http.client.HTTPConnection(host, int(port))
        begin.wait()
        try:
            while bodies:
                try:
                    body = bodies.pop()
                except IndexError:
                    return
                ask(connection, "/api/lists/subscribe", body)
        except Exception as error:  # told below
            failed.append(error)

    threads = [threading.Thread(target=post) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    begin.wait()
    started, cpu, calls = time.monotonic(), time.process_time(), len(bodies)
    for thread in threads:
        thread.join()
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    if failed:
        raise failed[0]
    time.sleep(2)  # a profile shows a write a moment later
    one.request("GET", "/api/users/byUserId/" + urllib.parse.quote(people[-1]["userId"], safe=""), headers={"Api-Key": "0" * 32})
    kept = json.loads(one.getresponse().read())["user"]["dataFields"]
    assert people[-1]["dataFields"].keys() <= kept.keys(), kept
    print(json.dumps({"seconds": seconds, "cpu": cpu, "calls": calls}))


def floor(name, shape, *words):
    _, _, peak, output = measured([sys.executable, __file__, name, "--shape", shape, *words])
    return json.loads(output) | {"peak_mb": peak}


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("name", choices=["difference", "replay"])
    arguments.add_argument("--shape", required=True)
    arguments.add_argument("--at", nargs=2)
    asked = arguments.parse_args()
    floor_difference(asked.shape) if asked.name == "difference" else floor_replay(asked.shape, *asked.at)
