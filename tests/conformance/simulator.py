"""Starts iterable-sim for a test, and speaks to it: over raw HTTP, and by its side door."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
API_KEY = "0123456789abcdef0123456789abcdef"


def binary() -> Path:
    if chosen := os.environ.get("ITERABLE_SIM_BIN"):
        return Path(chosen)
    for place in ("build/test/bin/iterable-sim", "build/bin/iterable-sim"):
        if (ROOT / place).exists():
            return ROOT / place
    raise AssertionError("there is no iterable-sim to test: build it, or set ITERABLE_SIM_BIN")


class Answer:
    """One answer, its header names in lower case and its body as it came."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes):
        self.status = status
        self.header_list = [(name.lower(), value) for name, value in headers]
        self.headers = dict(self.header_list)
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.headers.get('content-type')}: {self.body[:500]!r}>"


class Simulator:
    """One running iterable-sim. `switches` are turned at the start; delays are off unless asked for."""

    PROMPT = {"list_ready_after_ms": 0, "visible_after_ms": 0, "size_lag_ms": 0, "export_lag_ms": 0, "deleted_stay_ms": 0}

    def __init__(self, project_type="hybrid", *args: str, switches: dict | None = None, prompt=True):
        wanted = (self.PROMPT if prompt else {}) | (switches or {})
        command = [str(binary()), "--listen", "127.0.0.1:0", "--project-type", project_type, *args]
        for name, value in wanted.items():
            command += ["--switch", f"{name}={value}"]
        self.project_type = project_type
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("iterable-sim: listening on "):
            self.process.kill()
            raise AssertionError(f"iterable-sim did not start: {line}{self.process.stderr.read()}")
        self.url = line.split()[-1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.terminate()
        out, err = self.process.communicate(timeout=60)
        if error[0] is None:  # a test that failed says more than what followed from it
            assert self.process.returncode == 0, f"iterable-sim ended with {self.process.returncode}\n{err}"
            assert "internal error" not in err and "failed:" not in err, err

    def send(self, method: str, target: str, body: bytes | str | dict | list | None = None, headers: dict | None = None) -> Answer:
        """One request on a connection of its own, with the key unless `headers` says otherwise."""
        sent = {"Api-Key": API_KEY} if headers is None else dict(headers)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, target, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def get(self, target: str) -> Answer:
        return self.send("GET", target)

    def post(self, target: str, body) -> Answer:
        return self.send("POST", target, body)

    # --- The side door: the truth, without lag.

    def side(self, method: str, target: str, body=None):
        answer = self.send(method, "/_sim/" + target, body)
        assert answer.status == 200, answer
        return answer.json

    def turn(self, **switches):
        self.side("PUT", "switches", switches)

    def add_people(self, *people: dict):
        report = self.send("POST", "/_sim/contacts", "\n".join(json.dumps(one) for one in people))
        assert report.status == 200, report

    def contact(self, **identifier) -> dict | None:
        (name, value), = identifier.items()
        answer = self.get(f"/_sim/contacts?{name}={value.replace('+', '%2B').replace('@', '%40')}")
        return answer.json if answer.status == 200 else None

    def members(self, list_id: int) -> set[str]:
        return {one.get("email", one.get("userId")) for one in self.side("GET", f"lists/{list_id}/members")}

    def make_list(self, name="a list", **more) -> int:
        return self.side("POST", "lists", {"name": name} | more)["id"]
