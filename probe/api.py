"""Iterable's API as the probe calls it: the standard library's HTTP, one request at a time, patient with 429."""

from __future__ import annotations

import http.client
import json
import time
import urllib.parse

WAIT_MAX_S = 75.0  # the longest published period is a minute


class Answer:
    def __init__(self, status: int, headers, body: bytes, seconds: float):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body
        self.seconds = seconds

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def json(self):
        """The body as JSON; an empty object where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    def get(self, name, default=None):
        value = self.json
        return value.get(name, default) if isinstance(value, dict) else default

    def failed(self, array: str) -> list:
        """One of the failure arrays, wherever it stands."""
        nested = self.get("failedUpdates") or {}
        return nested.get(array) or self.get(array) or []

    @property
    def brief(self) -> str:
        """Status and code: bodies of errors can echo the request, the key included."""
        code = self.get("code")
        return f"status {self.status}" + (f", code {code}" if isinstance(code, str) else "")


class Api:
    def __init__(self, base_url: str, key: str):
        parts = urllib.parse.urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"'{base_url}' is no address such as https://api.iterable.com")
        self._parts = parts
        self._key = key
        self.calls = 0

    def once(self, method: str, target: str, body=None) -> Answer:
        """One request and its answer, whatever it is. `body`: bytes as they are, anything else as JSON."""
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._parts.hostname, self._parts.port, timeout=120)
        headers = {"Api-Key": self._key}
        if body is not None:
            headers["Content-Type"] = "application/json"
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
        self.calls += 1
        begun = time.monotonic()
        try:
            try:
                connection.request(method, self._parts.path.rstrip("/") + target, body, headers)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before it was read to the end: the answer may be there all the same
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read(), time.monotonic() - begun)
        finally:
            connection.close()

    def call(self, method: str, target: str, body=None) -> Answer:
        """As once(), but waits when a limit is met, and tries again after a fault of the service."""
        waited, pause, faults = 0.0, 1.0, 0
        while True:
            answer = self.once(method, target, body)
            if answer.status == 429 and waited < WAIT_MAX_S:
                told = answer.headers.get("retry-after", "")
                pause = float(told) if told.isdigit() and told != "0" else min(pause * 2, 13.0)
            elif answer.status in (500, 502, 503, 504) and faults < 3:
                faults += 1
            else:
                return answer
            time.sleep(pause)
            waited += pause

    def download(self, url: str) -> Answer:
        """A file of an export: without the key."""
        parts = urllib.parse.urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname, parts.port, timeout=120)
        try:
            connection.request("GET", parts.path + ("?" + parts.query if parts.query else ""))
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read(), 0)
        finally:
            connection.close()
