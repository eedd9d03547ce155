"""A double of Iterable's API for the black-box tests: in memory, threaded, and stricter than the service.

It is written from the description of the API alone and shares nothing with the program or with the
simulator, so that a misreading cannot agree with itself. Where the documents leave something open it
takes the reading that is harder on the client: an email-based project creates whoever it does not know,
on subscribe, on bulkUpdate and on unsubscribe; an integer is no double; a test top-level domain is no
e-mail address; an unknown key in a body is a mistake and not ignored.

What the client did wrong is not only answered as the service would but also kept in `violations`, and
everything it did is kept in `log`. Faults are data (`Fault`) and count how often they fired.
"""

from __future__ import annotations

import copy
import datetime
import json
import random
import re
import socket
import struct
import threading
import time
import urllib.parse
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, Callable

API_KEY = "5ec2e7a11ce0f00d5ec2e7a11ce0f00d"

BODY_BYTES_MAX = 4_000_000
PEOPLE_PER_CALL_MAX = 1_000
FIELDS_MAX = 1_000
VALUE_CHARACTERS_MAX = 32_000

# Published limits: requests, seconds. Per project and endpoint.
LIMITS = {
    "GET lists": (100, 1.0),
    "lists/getUsers": (5, 60.0),
    "lists/previewUsers": (5, 60.0),
    "lists/size": (5, 60.0),
    "users/update": (500, 1.0),
    "users/bulkUpdate": (5, 1.0),
    "users/getByEmail": (100, 1.0),
    "users/byUserId": (100, 1.0),
    "users/getFields": (3, 1.0),
    "export/data.json": (4, 60.0),
}
# Requests that leave evenly spaced may arrive a little bunched; a window is judged at this share.
WINDOW = 0.9
# What comes while this process stands still, for longer than this, is stamped together at its end.
STILL = 0.05

WRITES = {"POST lists", "lists/subscribe", "lists/unsubscribe", "users/bulkUpdate", "users/update"}

FAILURES = (
    "invalidEmails", "invalidUserIds", "conflictEmails", "conflictUserIds", "forgottenEmails",
    "forgottenUserIds", "invalidDataEmails", "invalidDataUserIds", "notFoundEmails", "notFoundUserIds",
)

# Enough of the registry for tests; everything else is unknown, as .test and .invalid are.
TOP_LEVEL_DOMAINS = {"com", "org", "net", "edu", "gov", "io", "fr", "de", "uk", "nl", "es", "it", "eu", "cn", "jp", "dev"}

OWN_FIELDS = {
    "email": "string", "userId": "string", "signupDate": "date", "signupSource": "string",
    "profileUpdatedAt": "date", "emailListIds": "long", "userListIds": "long",
    "subscribedMessageTypeIds": "long", "unsubscribedChannelIds": "long", "unsubscribedMessageTypeIds": "long",
    "itblInternal": "object", "itblInternal.documentCreatedAt": "date", "itblInternal.documentUpdatedAt": "date",
    "itblInternal.emailDomain": "string",
}

KINDS_OF_FAULT = {
    "reset_before",   # the connection is reset, and nothing was done
    "reset_after",    # it was done, and the connection is reset instead of an answer
    "error_500", "error_500_after", "text_503", "html_502",
    "throttle", "throttle_retry_after",
    "cut_body",       # it was done, and half of the answer arrives
    "garbage",        # it was done, and a 200 with something that is no JSON comes back
    "refuse_some",    # a 200 that names the first person of the batch, who was not written
    "unauthorized",   # the key may not call this
    "half",           # an export that shows half of the people, and says nothing of it
    "wrong_counts",   # it was done, and the counts do not add up
    "deleted_after",  # somebody else deletes the contact that was just looked up
    "another_profile",  # a look-up is answered with the profile of somebody else
}


@dataclass
class Fault:
    kind: str
    endpoint: str | None = None   # nothing: any
    times: int = 1
    skip: int = 0                 # so many matching requests pass first
    deletes: bool = False         # and somebody else deletes the first person of the batch
    fired: int = 0

    def __post_init__(self):
        assert self.kind in KINDS_OF_FAULT, self.kind


@dataclass
class Entry:
    """One request, as it came."""
    at: float                     # monotonic seconds
    method: str
    endpoint: str
    query: dict
    body: Any
    bytes: int
    people: list                  # identifiers in the batch
    status: int = 0
    answer: Any = None
    fault: str | None = None
    pause: float = 0.0            # seconds that the answer takes


@dataclass
class Contact:
    id: int
    email: str | None
    user_id: str | None
    fields: dict
    created_at: float = 0.0
    updated_at: float = 0.0


@dataclass
class List:
    id: int
    name: str
    description: str | None
    type: str
    created_at: float             # unix seconds
    members: dict = field(default_factory=dict)  # contact id -> True, in the order of joining


class State:
    """What a project holds. Every change is a method, so that a delayed copy can follow by replaying."""

    def __init__(self):
        self.contacts: dict[int, Contact] = {}
        self.by_email: dict[str, set] = {}
        self.by_user_id: dict[str, set] = {}
        self.lists: dict[int, List] = {}
        self.types: dict[str, str] = dict(OWN_FIELDS)

    def put_contact(self, id, email, user_id, at):
        self.contacts[id] = Contact(id, email, user_id, {}, at, at)
        self.name_contact(id, email, user_id)

    def name_contact(self, id, email, user_id):
        contact = self.contacts[id]
        for index, old, new in ((self.by_email, contact.email, email), (self.by_user_id, contact.user_id, user_id)):
            if old is not None:
                index.get(old, set()).discard(id)
            if new is not None:
                index.setdefault(new, set()).add(id)
        contact.email, contact.user_id = email, user_id

    def drop_contact(self, id):
        contact = self.contacts.pop(id)
        self.by_email.get(contact.email, set()).discard(id)
        self.by_user_id.get(contact.user_id, set()).discard(id)
        for one in self.lists.values():
            one.members.pop(id, None)

    def set_fields(self, id, values, at):
        contact = self.contacts.get(id)
        if contact is None:
            return
        for name, value in values.items():
            if value is None:
                contact.fields.pop(name, None)
            else:
                contact.fields[name] = value
        contact.updated_at = at

    def put_list(self, id, name, description, type, at):
        self.lists[id] = List(id, name, description, type, at)

    def drop_list(self, id):
        self.lists.pop(id, None)

    def join(self, list_id, id):
        if list_id in self.lists and id in self.contacts:
            self.lists[list_id].members[id] = True

    def leave(self, list_id, id):
        if list_id in self.lists:
            self.lists[list_id].members.pop(id, None)

    def put_type(self, name, type):
        self.types.setdefault(name, type)


class Refused(Exception):
    """An answer other than 200."""

    def __init__(self, status, body, text=None):
        self.status, self.body, self.text = status, body, text


def envelope(status, code, msg, params=None):
    return Refused(status, {"msg": msg, "code": code, "params": params})


class Double:
    def __init__(self, project_type="hybrid", *, api_key=API_KEY, limits="record", list_warmup=0.0, visible_after=0.0,
                 unsubscribe_creates=True, flag_holds=True, names_not_found=True, unknown_fields="add", type_conflict="row",
                 user_id_unknown="json", keep_bodies=True, export_seconds=0.0, lowers="unicode", echo="as_sent"):
        assert project_type in ("hybrid", "user_id", "email")
        self.project_type = project_type
        self.api_key = api_key
        self.limits = limits                            # record | enforce | off
        self.list_warmup = list_warmup                  # seconds that a new list answers invalidListId
        self.visible_after = visible_after              # seconds until reads show a write
        self.unsubscribe_creates = unsubscribe_creates  # email-based projects only
        self.flag_holds = flag_holds                    # false: updateExistingUsersOnly is not honoured
        self.names_not_found = names_not_found          # false: skipped people are not named
        self.unknown_fields = unknown_fields            # add | drop: the project's setting
        self.type_conflict = type_conflict              # row: invalidData… in a 200; batch: 400 for all
        self.user_id_unknown = user_id_unknown          # json | text: both generations of that answer
        self.keep_bodies = keep_bodies
        self.export_seconds = export_seconds            # that a whole export takes; one of some people takes its share
        self.lowers = lowers                            # unicode | ascii: the letters of an address that are lowered
        self.echo = echo                                # as_sent | lower: how failed addresses come back
        self.forgotten: set[str] = set()
        self.fails_at: dict[str, str] = {}              # e-mail address -> part of the endpoints that answer 500 for it
        self.holds: dict[str, threading.Event] = {}     # endpoint -> its answers wait until this is set
        self.refuses: dict[str, str] = {}               # identifier -> "invalidData" | "conflict" | "invalid"
        self.state = State()
        self.shown = self.state
        self._pending: deque = deque()
        self._next_contact, self._next_list = 1, 4711
        self._usable_at: dict[int, float] = {}          # list id -> monotonic
        self.faults: list[Fault] = []
        self._weather: tuple | None = None
        self.fired: Counter = Counter()
        self.lock = threading.RLock()
        self.forget_what_happened()
        if visible_after:
            self.shown = copy.deepcopy(self.state)
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.settimeout(None)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._closed = False
        self._awake = time.monotonic()
        self._pauses = deque(maxlen=100)  # since, until
        threading.Thread(target=self._accept, daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()

    # --- For tests: the world before, and what became of it.

    def clear_log(self):
        """From here on; what must never happen stays noted."""
        with self.lock:
            self.log: list[Entry] = []

    def forget_what_happened(self):
        with self.lock:
            self.clear_log()
            self.violations: list[str] = []
            self.created: list[tuple] = []      # endpoint, identifier
            self.deleted: list[str] = []
            self.channel_unsubscribes = 0
            self.prefer_user_id = 0
            self.subscribe_events: Counter = Counter()   # contact id -> times
            self._arrivals: dict[str, deque] = {}

    def forget_rates(self):
        """Runs that follow each other at once in a test lie minutes apart in life."""
        with self.lock:
            self._arrivals = {}

    def save(self):
        with self.lock:
            assert not self._pending
            return copy.deepcopy((self.state, self._next_contact, self._next_list))

    def restore(self, saved):
        with self.lock:
            self.state, self._next_contact, self._next_list = copy.deepcopy(saved)
            self.shown = copy.deepcopy(self.state) if self.visible_after else self.state
            self._pending.clear()
            self.faults.clear()
            self.forget_what_happened()

    def lower(self, email: str) -> str:
        """An address as it is stored. What Iterable does beyond ASCII is not known."""
        return email.lower() if self.lowers == "unicode" else "".join(c.lower() if c.isascii() else c for c in email)

    def add_contact(self, email=None, user_id=None, **fields):
        """Somebody who is a contact already; no part of what the client did."""
        with self.lock:
            assert self.project_type != "email" or email
            assert self.project_type != "user_id" or user_id
            for name, value in fields.items():
                self._do("put_type", name, self._type_of(value))
            id = self._new_contact(self.lower(email) if email else None, user_id)
            self._do("set_fields", id, {n: self._stored(v) for n, v in fields.items()}, time.time())
            return id

    def grow_old(self, seconds):
        """So long ago was everything that is there now."""
        with self.lock:
            for state in {id(one): one for one in (self.state, self.shown)}.values():
                for contact in state.contacts.values():
                    contact.created_at -= seconds
                    contact.updated_at -= seconds

    def change_contact(self, id, **fields):
        with self.lock:
            self._do("set_fields", id, fields, time.time())

    def remove_contact(self, *, email=None, user_id=None):
        """Somebody else deleted this person."""
        with self.lock:
            for id in list(self._find(email, user_id)):
                self._do("drop_contact", id)

    def contact(self, *, email=None, user_id=None) -> Contact | None:
        with self.lock:
            found = self._find(self.lower(email) if email else None, user_id)
            assert len(found) <= 1, "several contacts"
            return copy.deepcopy(self.state.contacts[next(iter(found))]) if found else None

    def contacts(self) -> list[Contact]:
        with self.lock:
            return copy.deepcopy(list(self.state.contacts.values()))

    def define_field(self, name, type):
        with self.lock:
            self._do("put_type", name, type)

    def field_types(self):
        with self.lock:
            return {n: t for n, t in self.state.types.items() if n not in OWN_FIELDS}

    def make_list(self, name, members=(), type="Standard"):
        """A list that somebody else made."""
        with self.lock:
            id = self._next_list
            self._next_list += 1
            self._do("put_list", id, name, None, type, time.time() - 86400)
            for one in members:
                self._do("join", id, one)
            return id

    def join(self, list_id, contact_id):
        with self.lock:
            self._do("join", list_id, contact_id)

    def leave(self, list_id, contact_id):
        with self.lock:
            self._do("leave", list_id, contact_id)

    def delete_list(self, id):
        with self.lock:
            self._do("drop_list", id)

    def lists_named(self, name) -> list[List]:
        with self.lock:
            return [copy.copy(one) for one in self.state.lists.values() if one.name == name]

    def members(self, list_id, by) -> set:
        """Identifiers of the people on a list; by: "email" or "user_id"."""
        with self.lock:
            out = [getattr(self.state.contacts[id], by) for id in self.state.lists[list_id].members]
            assert len(set(out)) == len(out), "two members with one identifier"
            return set(out)

    def write_calls(self):
        with self.lock:
            return [entry for entry in self.log if entry.endpoint in WRITES]

    def calls(self, endpoint):
        with self.lock:
            return [entry for entry in self.log if entry.endpoint == endpoint]

    def membership_writes(self, key):
        """(time, endpoint) of every subscribe and unsubscribe of one person, as they arrived."""
        with self.lock:
            return [(e.at, e.endpoint) for e in self.log
                    if e.endpoint in ("lists/subscribe", "lists/unsubscribe") and key in e.people]

    def add_fault(self, kind, endpoint=None, times=1, skip=0, deletes=False) -> Fault:
        with self.lock:
            fault = Fault(kind, endpoint, times, skip, deletes)
            self.faults.append(fault)
            return fault

    def bad_weather(self, seed, rate, kinds, endpoints=None):
        """From now on each request meets a fault at this rate, drawn from the seed."""
        assert set(kinds) <= KINDS_OF_FAULT
        with self.lock:
            self._weather = (random.Random(seed), rate, sorted(kinds), endpoints)

    def hold(self, endpoint) -> threading.Event:
        """From now on calls of it are carried out, and answered once the event is set."""
        return self.holds.setdefault(endpoint, threading.Event())

    def calm(self):
        with self.lock:
            self._weather = None
            self.faults.clear()
            self.fails_at.clear()

    def close(self):
        self._closed = True
        for gate in self.holds.values():
            gate.set()
        # Closing alone does not wake a thread that waits in accept().
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        with self.lock:
            sockets = list(self._sockets)
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    # --- State: now, and as reads show it.

    def _do(self, change, *args):
        getattr(self.state, change)(*args)
        if self.visible_after:
            self._pending.append((time.monotonic() + self.visible_after, change, copy.deepcopy(args)))

    def _view(self) -> State:
        if not self.visible_after:
            return self.state
        now = time.monotonic()
        while self._pending and self._pending[0][0] <= now:
            _, change, args = self._pending.popleft()
            try:
                getattr(self.shown, change)(*args)
            except KeyError:
                pass
        return self.shown

    def show_everything(self):
        """As if the delay had passed: for contacts and lists that were there long before."""
        with self.lock:
            self._pending.clear()
            self.shown = copy.deepcopy(self.state) if self.visible_after else self.state

    def _new_contact(self, email, user_id):
        id = self._next_contact
        self._next_contact += 1
        self._do("put_contact", id, email, user_id, time.time())
        return id

    def _find(self, email, user_id, state=None) -> set:
        state = state or self.state
        if email is not None:
            return state.by_email.get(email, set())
        return state.by_user_id.get(user_id, set())

    # --- Sockets.

    def _accept(self):
        while not self._closed:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self.lock:
                self._sockets.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = connection.makefile("rb")
        try:
            while not self._closed:
                request = self._read(connection, stream)
                if request is None or not self._answer(connection, *request):
                    return
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self._sockets.discard(connection)
            stream.close()
            connection.close()

    def _read(self, connection, stream):
        line = stream.readline(65536)
        if not line:
            return None
        method, target, _ = line.decode("latin-1").split(" ", 2)
        headers = {}
        while True:
            line = stream.readline(65536)
            if line in (b"\r\n", b"\n", b""):
                break
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = b""
        if "chunked" in headers.get("transfer-encoding", ""):
            while size := int(stream.readline().split(b";")[0], 16):
                body += stream.read(size)
                stream.readline()
            stream.readline()
        elif length := int(headers.get("content-length", 0)):
            body = stream.read(length)
            if len(body) < length:
                return None  # the client died while it spoke: the request was never whole
        return method, target, headers, body

    def _send(self, connection, status, body: bytes, content_type, cut=False, retry_after=None):
        reason = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 409: "Conflict", 413: "Payload Too Large",
                  429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}[status]
        head = [f"HTTP/1.1 {status} {reason}", f"Content-Type: {content_type}", "Connection: keep-alive", "Request-Time: 3",
                "Vary: Origin,Accept-Encoding", "Server: iterable-ingress 0d0b", f"Content-Length: {len(body)}",
                "Date: " + datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")]
        if retry_after is not None:
            head.append(f"Retry-After: {retry_after}")
        message = ("\r\n".join(head) + "\r\n\r\n").encode("latin-1")
        connection.sendall(message + (body[: len(body) // 2] if cut else body))
        return not cut

    @staticmethod
    def _reset(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        return False

    # --- One request.

    def _answer(self, connection, method, target, headers, raw):
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query)))
        endpoint, handler, argument = self._route(method, url.path)
        entry = Entry(time.monotonic(), method, endpoint, query, None, len(raw), [])
        with self.lock:
            self.log.append(entry)
            fault = self._draw(endpoint)
            entry.fault = fault
            # When a kept connection dies under a request, HTTP libraries send it again at once on a fresh
            # one; that is no second call in the books of the service.
            throttled = not (fault or "").startswith("reset") and self._count(endpoint, entry.at)
            try:
                self._check(entry, headers, raw)
                if throttled and self.limits == "enforce":
                    raise self._throttle(endpoint, url.path)
                if self._deletes:
                    person = (entry.body.get("subscribers") or entry.body.get("users"))[0]
                    for id in list(self._find(person.get("email"), person.get("userId"))):
                        self._do("drop_contact", id)
                if fault == "reset_before":
                    return self._reset(connection)
                if fault in ("throttle", "throttle_retry_after"):
                    raise self._throttle(endpoint, url.path)
                if fault == "unauthorized":
                    raise envelope(401, "BadApiKey", "Invalid API key", {"ip": "127.0.0.1", "endpoint": url.path})
                if fault == "error_500":
                    raise envelope(500, "GenericError", "An internal error occurred. Please try again later")
                if fault == "text_503":
                    raise Refused(503, None, "upstream request timeout")
                if fault == "html_502":
                    raise Refused(502, None, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>")
                if any(part in endpoint and key in urllib.parse.unquote(target) + raw.decode() for key, part in self.fails_at.items()):
                    raise envelope(500, "GenericError", "An internal error occurred. Please try again later")
                if handler is None:
                    raise Refused(404, None, "<!DOCTYPE html><html><head><title>Action not found</title></head></html>")
                answer = handler(entry, argument, refuse_some=fault == "refuse_some")
                if fault == "half":
                    answer = answer[: answer.index("\n", len(answer) // 2) + 1]
                if fault == "wrong_counts" and isinstance(answer, dict) and "successCount" in answer:
                    answer["successCount"] += 1
                if fault == "another_profile" and isinstance(answer, dict) and answer.get("user"):
                    other = next(one for one in self.state.contacts.values() if one.email != answer["user"].get("email"))
                    for told in (answer["user"], answer["user"].get("dataFields", {})):
                        told.update(email=other.email, userId=other.user_id)
                if fault == "deleted_after" and isinstance(answer, dict) and answer.get("user"):
                    for id in list(self._find(answer["user"].get("email"), answer["user"].get("userId"))):
                        self._do("drop_contact", id)
                status, body, kind = 200, answer, "application/json"
            except Refused as refused:
                status, body, kind = refused.status, refused.body, "application/json"
                if refused.text is not None:
                    body, kind = refused.text, "text/html" if refused.text.startswith("<") else "text/plain"
            if fault == "error_500_after":
                status, body, kind = 500, {"msg": "An internal error occurred", "code": "GenericError", "params": None}, "application/json"
            entry.status, entry.answer = status, body
            if not self.keep_bodies:
                entry.body = entry.answer = None
        time.sleep(entry.pause)
        if gate := self.holds.get(endpoint):
            gate.wait(300)
        if fault == "reset_after":
            return self._reset(connection)
        if fault == "garbage":
            body, kind = "<html><body>It works!</body></html>", "text/html"
        if isinstance(body, str):
            text, kind = body, kind if kind != "application/json" else "text/plain; charset=utf-8"
        else:
            text = json.dumps(body)
        wait = 1 if fault == "throttle_retry_after" else None
        return self._send(connection, status, text.encode(), kind, cut=fault == "cut_body", retry_after=wait)

    def _route(self, method, path):
        path = path.removeprefix("/api/")
        table: dict[tuple, tuple[str, Callable]] = {
            ("GET", "lists"): ("GET lists", self._get_lists),
            ("POST", "lists"): ("POST lists", self._post_lists),
            ("POST", "lists/subscribe"): ("lists/subscribe", self._subscribe),
            ("POST", "lists/unsubscribe"): ("lists/unsubscribe", self._unsubscribe),
            ("GET", "lists/getUsers"): ("lists/getUsers", self._get_users),
            ("GET", "export/data.json"): ("export/data.json", self._export),
            ("GET", "users/getByEmail"): ("users/getByEmail", self._by_email),
            ("GET", "users/byUserId"): ("users/byUserId", self._by_user_id),
            ("GET", "users/getFields"): ("users/getFields", self._get_fields),
            ("POST", "users/bulkUpdate"): ("users/bulkUpdate", self._bulk_update),
            ("POST", "users/update"): ("users/update", self._update),
        }
        if (method, path) in table:
            return *table[method, path], None
        if method == "GET" and (found := re.fullmatch(r"lists/(\d+)/size", path)):
            return "lists/size", self._size, int(found[1])
        if method == "GET" and path.startswith("users/byUserId/"):
            return "users/byUserId", self._by_user_id, urllib.parse.unquote(path.removeprefix("users/byUserId/"))
        if method == "GET" and re.fullmatch(r"users/[^/]*(@|%40)[^/]*", path):
            return "users/getByEmail", self._by_email, urllib.parse.unquote(path.removeprefix("users/"))
        return f"{method} {path}", None, None

    def _count(self, endpoint, at):
        if self.limits == "off" or endpoint not in LIMITS:
            return False
        most, seconds = LIMITS[endpoint]
        window = self._arrivals.setdefault(endpoint, deque())
        while window and at - window[0] >= seconds * WINDOW:
            window.popleft()
        window.append(at)
        if len(window) <= most:
            return False
        if self.limits == "record" and len(window) > most * (1 + self._stood_still(at, seconds) / seconds):
            self.violations.append(f"more than {most} calls of {endpoint} in {seconds:g} s")
        return True

    def _stood_still(self, at, seconds):
        """So many of the last seconds."""
        return sum(until - since for since, until in [*self._pauses, (self._awake, at)]
                   if until - since > STILL and at - until < seconds)

    def _watch(self):
        while not self._closed:
            time.sleep(STILL / 5)
            now = time.monotonic()
            if now - self._awake > STILL:
                self._pauses.append((self._awake, now))
            self._awake = now

    def _throttle(self, endpoint, path):
        most, seconds = LIMITS.get(endpoint, (5, 1.0))
        unit = "minute" if seconds == 60 else "second"
        return Refused(429, {"msg": f"Exceeded rate limit of {most}.0 per {unit} for endpoint: {path}, project: 2158 ",
                             "code": "RateLimitExceeded", "params": {}})

    def _draw(self, endpoint):
        self._deletes = False
        for fault in self.faults:
            if fault.endpoint not in (None, endpoint) or fault.fired >= fault.times:
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.fired += 1
            self.fired[fault.kind] += 1
            self._deletes = fault.deletes
            return fault.kind
        if self._weather:
            rng, rate, kinds, endpoints = self._weather
            if (endpoints is None or endpoint in endpoints) and rng.random() < rate:
                kind = rng.choice(kinds)
                self.fired[kind] += 1
                return kind
        return None

    def _check(self, entry, headers, raw):
        if entry.method == "DELETE" or re.search("forget|merge", entry.endpoint):
            self.violations.append(f"a call that deletes: {entry.method} {entry.endpoint}")
        if headers.get("api-key") != self.api_key:
            raise envelope(401, "BadApiKey", "Invalid API key", {"ip": "127.0.0.1", "endpoint": "/api/" + entry.endpoint})
        if self.api_key in json.dumps(entry.query):
            self.violations.append("the key stands in the address")
        if entry.method != "POST":
            return
        if not headers.get("content-type", "").startswith("application/json"):
            self.violations.append(f"{entry.endpoint} without a JSON content type")
        if len(raw) > BODY_BYTES_MAX:
            self.violations.append(f"a body of {len(raw)} bytes")
            raise Refused(413, None, "Payload Too Large")
        try:
            entry.body = json.loads(raw.decode("utf-8"), object_pairs_hook=self._object, parse_constant=self._no_number)
        except ValueError:
            self.violations.append(f"{entry.endpoint}: the body is no JSON")
            raise self._bad_json(entry, {"obj": "JSON expected"}) from None

    @staticmethod
    def _object(pairs):
        out = dict(pairs)
        if len(out) != len(pairs):
            raise ValueError("a key twice")
        return out

    @staticmethod
    def _no_number(word):
        raise ValueError(word)

    @staticmethod
    def _bad_json(entry, params):
        return envelope(400, "BadJsonBody", f"[/api/{entry.endpoint}] Invalid JSON body", params)

    def _form(self, entry, shape, value, required=(), at="obj"):
        """The JSON types of one object; a wrong one refuses the whole request, as the service does."""
        if not isinstance(value, dict):
            raise self._bad_json(entry, {at: "Object value expected"})
        for name in required:
            if name not in value:
                raise self._bad_json(entry, {f"{at}.{name}": [{"msg": "error.path.missing", "args": []}]})
        for name, one in value.items():
            if name not in shape:
                self.violations.append(f"{entry.endpoint} does not know `{name}`")
                raise self._bad_json(entry, {f"{at}.{name}": "unexpected"})
            wanted = shape[name]
            if not isinstance(one, wanted) or (wanted is int and isinstance(one, bool)):
                self.violations.append(f"{entry.endpoint}: `{name}` is of a wrong type")
                raise self._bad_json(entry, {f"{at}.{name}": f"{wanted.__name__} value expected"})

    # --- Lists.

    def _get_lists(self, entry, argument, refuse_some):
        out = []
        for one in sorted(self._view().lists.values(), key=lambda l: -l.id):
            row = {"id": one.id, "name": one.name, "createdAt": int(one.created_at * 1000), "listType": one.type}
            if one.description is not None:
                row["description"] = one.description
            out.append(row)
        return {"lists": out}

    def _post_lists(self, entry, argument, refuse_some):
        self._form(entry, {"name": str, "description": str}, entry.body, required=["name"])
        id = self._next_list
        self._next_list += 1
        self._do("put_list", id, entry.body["name"], entry.body.get("description") or None, "Standard", time.time())
        self._usable_at[id] = time.monotonic() + self.list_warmup
        return {"listId": id}

    def _usable_list(self, entry):
        id = entry.body["listId"]
        if id not in self.state.lists or time.monotonic() < self._usable_at.get(id, 0):
            raise envelope(400, "Success", f"error.lists.invalidListId({id})", {"projectId": 2158, "listId": id})
        if self.state.lists[id].type != "Standard":
            self.violations.append(f"list {id} is of type {self.state.lists[id].type}")
        return id

    def _batch(self, entry, people, shape):
        entry.people = [p.get("email") or p.get("userId") for p in people if isinstance(p, dict)]
        if len(people) > PEOPLE_PER_CALL_MAX:
            self.violations.append(f"{len(people)} people in one call")
            raise envelope(400, "BatchTooLarge", "Batch too large")
        for i, person in enumerate(people):
            self._form(entry, shape, person, at=f"obj.subscribers[{i}]")
            if "email" not in person and "userId" not in person:
                self.violations.append("a person without email and userId")
                raise envelope(400, "BadParams", "Either email or userId must be set")
            if person.get("preferUserId"):
                self.prefer_user_id += 1
        twice = [k for k, n in Counter((self.lower(p.get("email", "")), p.get("userId")) for p in people).items() if n > 1]
        if twice:
            self.violations.append(f"{len(twice)} people twice in one batch")

    def _identify(self, person, creates, counted_as):
        """(contact ids, failure) of one person of a batch; may create."""
        email, user_id = person.get("email"), person.get("userId")
        tail = "Emails" if email is not None else "UserIds"
        if email is not None:
            if not good_email(email):
                return set(), "invalidEmails"
            email = self.lower(email)
        if user_id is not None and not good_user_id(user_id):
            return set(), "invalidUserIds"
        key = email if email is not None else user_id
        if key in self.forgotten:
            return set(), "forgotten" + tail
        if key in self.refuses:
            return set(), self.refuses[key] + tail
        if email is not None and self.project_type == "user_id" and user_id is None:
            return set(), "notFoundEmails"  # an e-mail identifies nobody there
        found = set(self._find(email, user_id if email is None or self.project_type == "user_id" else None))
        if self.project_type == "user_id" and user_id is not None:
            found = set(self._find(None, user_id))
        if not found and self.project_type == "hybrid" and email is not None and user_id is not None:
            found = set(self._find(None, user_id))
        if found:
            return found, None
        if not creates:
            return set(), "notFound" + tail
        if self.project_type == "email" and email is None:
            if not person.get("preferUserId"):
                return set(), "notFoundUserIds"
            email = f"{user_id.lower()}@placeholder.email"
        self.created.append((counted_as, key))
        return {self._new_contact(email, user_id)}, None

    def _outcome(self, people, each, refuse_some):
        failed = {name: [] for name in FAILURES}
        success = fail = 0
        created_fields, dropped = set(), set()
        silent = 0
        for i, person in enumerate(people):
            key = person.get("email") if "email" in person else person.get("userId")
            if refuse_some and i == 0:
                name = "invalidDataEmails" if "email" in person else "invalidDataUserIds"
            else:
                name, made, left_out = each(person)
                created_fields |= made
                dropped |= left_out
            if name is None:
                success += 1
            elif name.startswith("notFound") and not self.names_not_found:
                silent += 1
            else:
                fail += 1
                failed[name].append(self.lower(key) if self.echo == "lower" and "email" in person else key)
        return {"successCount": success, "failCount": fail, "createdFields": sorted(created_fields), "filteredOutFields": sorted(dropped),
                "invalidEmails": failed["invalidEmails"], "invalidUserIds": failed["invalidUserIds"], "failedUpdates": failed}

    def _subscribe(self, entry, argument, refuse_some):
        self._form(entry, {"listId": int, "subscribers": list, "updateExistingUsersOnly": bool}, entry.body, required=["listId", "subscribers"])
        people = entry.body["subscribers"]
        self._batch(entry, people, {"email": str, "userId": str, "dataFields": dict, "mergeNestedObjects": bool, "preferUserId": bool})
        list_id = self._usable_list(entry)
        only_existing = entry.body.get("updateExistingUsersOnly", False) and self.project_type != "email" and self.flag_holds
        self._refuse_batch(people)

        def each(person):
            ids, failure = self._identify(person, not only_existing, entry.endpoint)
            made, left_out = set(), set()
            if failure is None and person.get("dataFields"):
                failure, made, left_out = self._write(ids, person, self.unknown_fields == "add")
            if failure is None:
                for id in ids:
                    self._do("join", list_id, id)
                    self.subscribe_events[id] += 1
            return failure, made, left_out

        return self._outcome(people, each, refuse_some)

    def _unsubscribe(self, entry, argument, refuse_some):
        self._form(entry, {"listId": int, "subscribers": list, "campaignId": int, "channelUnsubscribe": bool}, entry.body,
                   required=["listId", "subscribers"])
        people = entry.body["subscribers"]
        self._batch(entry, people, {"email": str, "userId": str})
        # The documents disagree about the default, so leaving it out counts as true.
        if entry.body.get("channelUnsubscribe", True):
            self.channel_unsubscribes += len(people)
        list_id = self._usable_list(entry)
        creates = self.project_type == "email" and self.unsubscribe_creates

        def each(person):
            ids, failure = self._identify(person, creates, entry.endpoint)
            if failure is None:
                for id in ids:
                    self._do("leave", list_id, id)
            return failure, set(), set()

        return self._outcome(people, each, refuse_some)

    def _known_list_in_query(self, entry):
        id = int(entry.query.get("listId", "0"))
        view = self._view()
        if id not in view.lists:
            raise envelope(400, "BadParams", "Invalid email list id", {"projectId": "2158", "listId": str(id)})
        return view, view.lists[id]

    def _get_users(self, entry, argument, refuse_some):
        view, one = self._known_list_in_query(entry)
        prefer = entry.query.get("preferUserId", "false") == "true" and self.project_type == "hybrid"
        lines = []
        for id in one.members:
            contact = view.contacts[id]
            if self.project_type == "user_id" or (prefer and contact.user_id) or contact.email is None:
                lines.append(contact.user_id)
            else:
                lines.append(contact.email)
        return "".join(line + "\n" for line in lines)

    def _export(self, entry, argument, refuse_some):
        if entry.query.get("dataTypeName") != "user":
            raise envelope(400, "BadParams", "only users are exported here")
        if entry.query.get("range") == "All":
            since, until = float("-inf"), float("inf")
        else:  # by the last update: the start is included, the end is not
            since, until = (parse_date(entry.query.get(name, "")) for name in ("startDateTime", "endDateTime"))
            if since is None or until is None:
                raise envelope(400, "BadParams", "Either range or startDateTime and endDateTime must be set")
            since, until = since.timestamp(), until.timestamp()
        lines, everybody = [], self._view().contacts.values()
        chosen = [one for one in everybody if since <= one.updated_at < until]
        entry.pause = self.export_seconds * len(chosen) / max(len(everybody), 1)
        for contact in chosen:
            names = (("email", contact.email), ("userId", contact.user_id))
            lines.append(json.dumps({name: value for name, value in names if value is not None}))
        return "".join(line + "\n" for line in lines)

    def _size(self, entry, list_id, refuse_some):
        view = self._view()
        if list_id not in view.lists:
            raise envelope(400, "BadParams", "Invalid email list id", {"projectId": "2158", "listId": str(list_id)})
        return str(len(view.lists[list_id].members))

    # --- People.

    def _profile(self, view, contact):
        stamp = lambda t: datetime.datetime.fromtimestamp(t, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S +00:00")
        data = dict(contact.fields)
        user: dict[str, Any] = {}
        for name, value in (("email", contact.email), ("userId", contact.user_id)):
            if value is not None:
                user[name] = data[name] = value
        name = "emailListIds" if self.project_type == "email" else "userListIds"
        lists = [one.id for one in view.lists.values() if contact.id in one.members and one.type == "Standard"]
        if lists:
            data |= {name: lists, "subscribedMessageTypeIds": [], "unsubscribedChannelIds": [], "unsubscribedMessageTypeIds": []}
        data |= {"signupDate": stamp(contact.created_at), "signupSource": "API", "profileUpdatedAt": stamp(contact.updated_at),
                 "itblInternal": {"documentCreatedAt": stamp(contact.created_at), "documentUpdatedAt": stamp(contact.updated_at)}}
        user["dataFields"] = data
        return {"user": user}

    def _by_email(self, entry, argument, refuse_some):
        email = argument if argument is not None else entry.query.get("email", "")
        entry.people = [self.lower(email)]
        if not good_email(email):
            raise envelope(400, "InvalidEmailAddressError", f"Invalid email: {email}")
        view = self._view()
        found = self._find(self.lower(email), None, view)
        return self._profile(view, view.contacts[min(found)]) if found else {}

    def _by_user_id(self, entry, argument, refuse_some):
        user_id = argument if argument is not None else entry.query.get("userId", "")
        entry.people = [user_id]
        view = self._view()
        found = self._find(None, user_id, view)
        if found:
            return self._profile(view, view.contacts[max(found)])
        if self.user_id_unknown == "text":
            raise Refused(400, None, "No user with that id exists!")
        raise Refused(400, {"msg": "No user with that id exists!", "code": "error.users.noUserWithIdExists", "params": {"userId": user_id}})

    def _get_fields(self, entry, argument, refuse_some):
        return {"fields": dict(self._view().types)}

    def _bulk_update(self, entry, argument, refuse_some):
        self._form(entry, {"users": list, "createNewFields": bool}, entry.body, required=["users"])
        people = entry.body["users"]
        self._batch(entry, people, {"email": str, "userId": str, "dataFields": dict, "mergeNestedObjects": bool, "preferUserId": bool})
        if not people:
            raise envelope(400, "InvalidEmailAddressError", "Emails invalid: ")
        adds = entry.body.get("createNewFields", self.unknown_fields == "add")
        self._refuse_batch(people)

        def each(person):
            ids, failure = self._identify(person, True, entry.endpoint)
            if failure is not None:
                return failure, set(), set()
            return self._write(ids, person, adds)

        answer = self._outcome(people, each, refuse_some)
        return answer | {"noOpEmails": [], "noOpUserIds": []}

    def _update(self, entry, argument, refuse_some):
        self._form(entry, {"email": str, "userId": str, "dataFields": dict, "mergeNestedObjects": bool, "createNewFields": bool,
                           "preferUserId": bool}, entry.body)
        person = entry.body
        entry.people = [person.get("email") or person.get("userId")]
        ids, failure = self._identify(person, True, entry.endpoint)
        if failure is None:
            failure, _, _ = self._write(ids, person, entry.body.get("createNewFields", self.unknown_fields == "add"))
        if failure is not None:
            raise envelope(400, "BadParams", failure)
        return {"msg": "", "code": "Success", "params": None}

    # --- Fields: the first value fixes the type, for ever.

    def _type_of(self, value):
        if isinstance(value, list):
            kinds = {self._type_of(one) for one in value}
            return kinds.pop() if len(kinds) == 1 else None
        if isinstance(value, bool):
            return "boolean"
        if isinstance(value, int):
            return "long"
        if isinstance(value, float):
            return "double"
        if isinstance(value, dict):
            return "object"
        if isinstance(value, str):
            return "date" if parse_date(value) else "string"
        return None

    def _stored(self, value):
        if isinstance(value, str) and (at := parse_date(value)):
            return at.strftime("%Y-%m-%d %H:%M:%S +00:00")
        return value

    def _fits(self, name, value, new: dict, adds: bool, dropped: set):
        """Whether a value may be written; notes what it would make of the registry in `new`."""
        if isinstance(value, dict):
            for inner, one in value.items():
                if one is not None and not self._fits(f"{name}.{inner}", one, new, adds, dropped):
                    return False
        if isinstance(value, str) and len(value) > VALUE_CHARACTERS_MAX:
            return False
        known = self.state.types.get(name) or new.get(name)
        if isinstance(value, list) and not value:
            return True
        kind = self._type_of(value)
        if kind is None:
            return False
        if known is None:
            if adds:
                new[name] = kind
            else:
                dropped.add(name)
            return True
        if known == "string":
            return all(isinstance(one, str) for one in (value if isinstance(value, list) else [value]))
        return kind == known

    def _write(self, ids, person, adds):
        tail = "Emails" if "email" in person else "UserIds"
        values, new, dropped = {}, {}, set()
        for name, value in person.get("dataFields", {}).items():
            if name in ("email", "userId") or name in ("emailListIds", "userListIds"):
                self.violations.append(f"`{name}` is written as a field")
            if value is None:
                values[name] = None
                continue
            if not self._fits(name, value, new, adds, dropped):
                return "invalidData" + tail, set(), set()
            if name not in dropped:
                known = self.state.types.get(name) or new.get(name)
                values[name] = self._stored(value) if known == "date" else value
        if len(self.state.types) + len(new) > FIELDS_MAX:
            raise envelope(400, "UniqueFieldsLimitExceeded", "exceeds the limit of 1000",
                           {"limit": FIELDS_MAX, "requestedTotal": len(self.state.types) + len(new), "newFields": sorted(new)})
        for name, kind in new.items():
            self._do("put_type", name, kind)
        for id in ids:
            written = dict(values)
            if person.get("mergeNestedObjects"):
                for name, value in values.items():
                    old = self.state.contacts[id].fields.get(name)
                    if isinstance(value, dict) and isinstance(old, dict):
                        merged = old | value
                        written[name] = {k: v for k, v in merged.items() if v is not None}
            self._do("set_fields", id, written, time.time())
        return None, set(new), dropped

    def _refuse_batch(self, people):
        if self.type_conflict != "batch":
            return
        for person in people:
            for name, value in person.get("dataFields", {}).items():
                if value is not None and not self._fits(name, value, {}, True, set()):
                    raise envelope(400, "RequestFieldsTypesMismatched",
                                   "Project 2158: The request does not have the same data types as the data previously submitted. "
                                   f"Field '{name}' already exists for type 'user' and has a data type of '{self.state.types.get(name)}' "
                                   "but possible types 'string, keyword' in the request.",
                                   {"validationErrors": {name: {"incomingTypes": ["string", "keyword"],
                                                                "expectedType": self.state.types.get(name), "_type": "UnexpectedType",
                                                                "offendingValue": value, "category": "user"}}})


# --- Forms of identifiers and dates.

_ATOM = r"(?:[^\s\x00-\x1f\x7f()<>@,;:\\\".\[\]]|')+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def good_email(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    if not at or text != text.strip() or len(local) > 64 or len(text) > 254 or not _LOCAL.fullmatch(local):
        return False
    labels = domain.split(".")
    return len(labels) >= 2 and all(_LABEL.fullmatch(label) for label in labels) and labels[-1].lower() in TOP_LEVEL_DOMAINS


def good_user_id(text: str) -> bool:
    return 0 < len(text) <= 52 and all(" " <= c <= "~" for c in text) and not text.endswith(" ")


_DATES = (
    (re.compile(r"\d{4}-\d\d-\d\d"), "%Y-%m-%d"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "%Y-%m-%d %H:%M:%S"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d"), "%Y-%m-%d %H:%M:%S %z"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d"), "%Y-%m-%dT%H:%M:%S.%f%z"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "%Y-%m-%dT%H:%M:%S.%f%z"),
)


def parse_date(text: str) -> datetime.datetime | None:
    for pattern, form in _DATES:
        if pattern.fullmatch(text):
            try:
                at = datetime.datetime.strptime(text, form)
            except ValueError:
                return None
            return at.replace(tzinfo=datetime.timezone.utc) if at.tzinfo is None else at.astimezone(datetime.timezone.utc)
    return None
