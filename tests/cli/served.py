"""The service of a World: a process that is started, asked over real sockets, and ended as a service manager ends it."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

from world import Done, World

PASSWORD = "four unrelated words here"
DEADLINE = 90.0  # seconds, for what a process with sanitizers on a busy machine may take


def until(what, says="it did not come about", deadline=DEADLINE, every=0.05):
    """The first true value of what(), which is asked again and again."""
    end = time.monotonic() + deadline
    while True:
        if got := what():
            return got
        assert time.monotonic() < end, says() if callable(says) else says
        time.sleep(every)


class Answer:
    """One answer, its header names in lower case and its body as it came."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes):
        self.status, self.body = status, body
        self.header_list = [(name.lower(), value) for name, value in headers]
        self.headers = dict(self.header_list)

    @property
    def type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0]

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self):
        assert self.type in ("application/json", "application/problem+json"), self
        return json.loads(self.body)

    @property
    def lines(self) -> list:
        assert self.type == "application/x-ndjson", self
        return [json.loads(line) for line in self.body.splitlines()]

    @property
    def cookie(self) -> str | None:
        """NAME=VALUE of the cookie that is set."""
        set_cookie = self.headers.get("set-cookie")
        return set_cookie and set_cookie.split(";")[0]

    def __repr__(self):
        return f"<{self.status} {self.headers.get('content-type')}: {self.body[:2000]!r}>"


class Events:
    """Server-sent events of one answer, as (name, data)."""

    def __init__(self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse):
        self.connection, self.answer = connection, answer

    def __iter__(self):
        name = data = None
        while line := self.answer.readline():
            text = line.decode().rstrip("\n")
            if text.startswith("event: "):
                name = text.removeprefix("event: ")
            elif text.startswith("data: "):
                data = json.loads(text.removeprefix("data: "))
            elif text == "" and name is not None:
                yield name, data
                name = data = None
            else:
                assert text == "" or text.startswith(":"), f"this is no event: {text!r}"

    def close(self):
        self.connection.close()


class Caller:
    """Somebody who asks: with a token, with a session's cookie, or nobody."""

    def __init__(self, service: "Served", headers: dict | None = None):
        self.service, self.headers = service, dict(headers or {})

    def __call__(self, method: str, target: str, body=None, headers: dict | None = None, timeout=DEADLINE) -> Answer:
        """One request on a connection of its own. A dict or list goes as JSON. A header of None is left out."""
        connection, answer = self._ask(method, target, body, headers, timeout)
        try:
            got = Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()
        self.service.heard.append(got)
        return got

    def _ask(self, method, target, body, headers, timeout):
        sent = dict(self.headers)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            sent["Content-Type"] = "application/json"
        for name, value in (headers or {}).items():
            sent.pop(name, None)
            if value is not None:
                sent[name] = value
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=timeout)
        connection.request(method, target, body.encode() if isinstance(body, str) else body, sent)
        return connection, connection.getresponse()

    def get(self, target: str, **headers) -> Answer:
        return self("GET", target, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def ok(self, method: str, target: str, body=None, headers=None, status=200):
        """The JSON of an answer that must be of this status."""
        answer = self(method, target, body, headers)
        assert answer.status == status, f"{method} {target}: {answer}"
        return answer.json if answer.body else None

    def events(self, target: str, timeout=DEADLINE) -> Events:
        connection, answer = self._ask("GET", target, None, None, timeout)
        assert answer.status == 200 and answer.getheader("content-type") == "text/event-stream"
        return Events(connection, answer)

    def items(self, target: str) -> list:
        """All pages of a list."""
        out, cursor, joint = [], None, "&" if "?" in target else "?"
        while True:
            page = self.ok("GET", target + (f"{joint}cursor={urllib.parse.quote(cursor)}" if cursor else ""))
            out += page["items"]
            if not (cursor := page["next_cursor"]):
                return out

    def uid(self, kind: str, name: str) -> str:
        one, = self.items(f"/api/v1/{kind}?name={urllib.parse.quote(name)}")
        return one["uid"]


class Served:
    """A running `rollcall serve` of the world's home, its time spans shortened to a test's. `port` is where it listens when the options
    say so; otherwise one that is free is taken."""

    def __init__(self, world: World, *options: str, env: dict | None = None, port: int | None = None):
        self.world = world
        self.heard: list[Answer] = []
        self.error_lines: list[str] = []
        self._stopped = False
        listening = [] if port else ["--listen", "127.0.0.1:0"]
        self.process = world.start("serve", *listening, "--retry-after", "1", *options, env=env)
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()
        self.out_lines: list[str] = []
        line = self.process.stdout.readline().decode()
        told = re.fullmatch(r"rollcall serves (http://[^ ]+:(\d+))\n", line)
        if not told:
            if line:  # it goes on, and says something else
                self.process.kill()
            self.process.wait(DEADLINE)
            self._reader.join(DEADLINE)
            raise AssertionError(f"the service did not start: {line}{self.errors}")
        self.url, self.port = told[1], port or int(told[2])
        self._out_reader = threading.Thread(target=self._read_out, daemon=True)
        self._out_reader.start()
        try:
            until(lambda: self.nobody.get("/api/v1/ready").status == 200, "the service did not become ready")
        except BaseException:
            self.kill()
            raise

    def _read_errors(self):
        for line in self.process.stderr:
            self.error_lines.append(line.decode(errors="replace"))

    def _read_out(self):
        for line in self.process.stdout:
            self.out_lines.append(line.decode(errors="replace"))

    @property
    def errors(self) -> str:
        return "".join(self.error_lines)

    # --- Who asks.

    @property
    def nobody(self) -> Caller:
        return Caller(self)

    def as_role(self, role: str) -> Caller:
        """A program with a token of this role."""
        tokens = self.world.__dict__.setdefault("tokens", {})
        if role not in tokens:
            tokens[role] = self.world.rollcall("token", "add", role, "--role", role).out.strip()
        return Caller(self, {"Authorization": f"Bearer {tokens[role]}"})

    @property
    def admin(self) -> Caller:
        return self.as_role("admin")

    def setup_word(self) -> str:
        """Of the link that the first start prints."""
        link = until(lambda: re.search(r"(http://\S+)/setup\?word=(\S+)", "".join(self.out_lines)), "no set-up link was printed")
        assert link[1] == self.url
        return link[2]

    def signed_in(self, answer: Answer) -> Caller:
        """A page's session, as a browser holds it after this answer."""
        assert answer.status == 200, answer
        return Caller(self, {"Cookie": answer.cookie, "X-CSRF-Token": answer.json["csrf_token"]})

    # --- Its jobs.

    def jobs(self) -> dict[int, list[str]]:
        """Its child processes and their words."""
        out = {}
        for path in Path("/proc").glob("[0-9]*"):
            try:
                stat = (path / "stat").read_text()
                if int(stat[stat.rindex(")") + 2:].split()[1]) == self.process.pid:
                    words = (path / "cmdline").read_bytes().decode().split("\0")[:-1]
                    if words:
                        out[int(path.name)] = words
            except (OSError, ValueError):  # it has ended
                continue
        return out

    # --- Its end.

    def stop(self):
        """SIGTERM, as a service manager sends. Once: a second one would end it where it stands."""
        if not self._stopped and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self._stopped = True

    def end(self, expect=0) -> str:
        """Stops it, and waits for its end; what it said on stderr."""
        self.stop()
        self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        self._out_reader.join(DEADLINE)
        self._keep()
        assert expect is None or self.process.returncode == expect, f"ended with {self.process.returncode}\n{self.errors}"
        return self.errors

    def kill(self):
        """As the machine's lack of memory does; its jobs are left to themselves."""
        self.process.kill()
        self.process.wait(DEADLINE)
        self._keep()

    def _keep(self):
        """What it said is looked through at the end of the test, as that of any command."""
        self.world.outputs.append(Done(("serve",), self.process.returncode, "".join(self.out_lines), self.errors, 0.0))

    # --- Runs.

    def status(self, uid: str) -> dict:
        return self.admin.ok("GET", f"/api/v1/activations/{uid}/status")

    def last_run(self, uid: str) -> dict | None:
        items = self.admin.ok("GET", f"/api/v1/runs?activation={uid}&limit=1")["items"]
        return items[0] if items else None

    def until_run(self, uid: str, status: str, other_than: str | None = None) -> dict:
        """The newest run, once it has this status and is another than the given one."""
        def found():
            run = self.last_run(uid)
            return run if run and run["status"] == status and run["uid"] != other_than else None
        return until(found, lambda: f"no run became {status}: {self.last_run(uid)}\n{self.status(uid)}\n{self.errors}")
