"""A small company with one segment, one Iterable project (the double) and one home for Rollcall.

`World` writes the customers to a source file, the catalog to YAML, runs the real binary, and says what
must be true afterwards. Its oracle is written from the contract: whom the list must hold, what their
attributes must be, which sums a report keeps.
"""

from __future__ import annotations

import datetime
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from double import API_KEY, Double

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

LIST = "Lapsed VIPs"

PAIRS = [("hybrid", "email"), ("hybrid", "user_id"), ("user_id", "user_id"), ("email", "email"), ("email", "user_id")]
PAIR_NAMES = ["/".join(pair) for pair in PAIRS]

COLUMNS = {
    "customer_id": "BIGINT", "email": "VARCHAR", "user_id": "VARCHAR", "first_name": "VARCHAR", "lifetime_value": "DOUBLE",
    "order_count": "BIGINT", "newsletter": "BOOLEAN", "born": "DATE", "vip": "BOOLEAN",
}

ATTRIBUTES = [
    {"field": "first_name", "to": "firstName"},
    {"field": "lifetime_value", "to": "lifetimeValue", "type": "double", "create": True},
    {"field": "order_count", "to": "orderCount", "type": "long", "create": True},
    {"field": "newsletter", "to": "newsletter", "type": "boolean", "create": True},
    {"field": "born", "to": "birthDate", "type": "date", "create": True},
]
NEW_FIELDS = {"lifetimeValue": "double", "orderCount": "long", "newsletter": "boolean", "birthDate": "date"}


def binary() -> Path:
    if chosen := os.environ.get("ROLLCALL_BIN"):
        return Path(chosen)
    for place in ("build/test/bin/rollcall", "build/bin/rollcall"):
        if (ROOT / place).exists():
            return ROOT / place
    raise AssertionError("there is no rollcall to test: build it, or set ROLLCALL_BIN")


def sanitized() -> bool:
    """Whether the binary carries a sanitizer, whose memory says nothing about the program's own."""
    return b"__asan_init" in binary().read_bytes() or b"__tsan_init" in binary().read_bytes()


class Many:
    """A process that carries out one command after another (src/app/many.cpp): most of what a short command takes is the start and
    the end of a process with sanitizers. None where there is none beside the binary: then each command has a process of its own."""

    def __init__(self, folder: Path, environment: dict):
        self.environment = environment
        self.said = (folder / "many.err").open("a+b")  # by sanitizers
        self.process = subprocess.Popen([str(binary().with_name("rollcall-many"))], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.said, env=environment, cwd=folder)

    def carry_out(self, args, timeout: float):
        """(code, stdout, stderr); a negative code: the process died of it. TimeoutExpired where it takes too long."""
        words = [str(arg).encode() for arg in args]
        too_late = threading.Event()
        late = threading.Timer(timeout, lambda: (too_late.set(), self.process.kill()))
        late.start()
        try:
            self.process.stdin.write(b"%d " % len(words) + b"".join(b"%d %b" % (len(word), word) for word in words) + b"\n")
            self.process.stdin.flush()
            head = self.process.stdout.readline().split()
            if len(head) == 3:
                code, out, err = map(int, head)
                return code, self.process.stdout.read(out), self.process.stdout.read(err)
        except BrokenPipeError:
            pass
        finally:
            late.cancel()
        code = self.process.wait()
        if too_late.is_set():
            raise subprocess.TimeoutExpired(args, timeout, stderr=self.all_said())
        return code, b"", self.all_said()

    def all_said(self) -> bytes:
        self.said.seek(0)
        return self.said.read()

    @property
    def lives(self) -> bool:
        return self.process.poll() is None

    def end(self) -> bytes:
        """Ends it, and returns what sanitizers said, leaks among it."""
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()
        return self.all_said()


@dataclass
class Done:
    args: tuple
    code: int
    out: str
    err: str
    seconds: float

    @property
    def json(self):
        """The one JSON value on stdout; anything beside it is an error."""
        return json.loads(self.out)

    def __str__(self):
        return f"rollcall {' '.join(self.args)} ended with {self.code}\n--- stdout\n{self.out[-6000:]}\n--- stderr\n{self.err[-6000:]}"


def customer(i: int, **changes) -> dict:
    """The i-th customer, with values of every type that differ from everybody else's."""
    row = {
        "customer_id": i, "email": f"user{i}@example.com", "user_id": f"U{i}", "first_name": f"Name {i}",
        "lifetime_value": 100.0 * i + (0.5 if i % 2 else 0.0), "order_count": i * 3, "newsletter": i % 3 == 0,
        "born": datetime.date(1950, 1, 1) + datetime.timedelta(days=37 * i), "vip": True,
    }
    assert set(changes) <= set(COLUMNS)
    return row | changes


# --- The oracle.

def normal_key(kind: str, text: str | None) -> tuple[str, str | None]:
    """("good", key) or the reason why a row is nobody, as the contract defines it."""
    if text is None or not text.strip(" \t\r\n\v\f"):
        return "no_key", None
    if kind == "user_id":
        ok = len(text) <= 52 and all(" " <= c <= "~" for c in text) and not text.endswith(" ")
        return ("good", text) if ok else ("invalid_key", None)
    key = "".join(c.lower() if c.isascii() else c for c in text.strip(" \t\r\n\v\f"))
    local, at, domain = key.partition("@")
    labels = domain.split(".")
    ok = (at and local and "@" not in domain and len(local.encode()) <= 64 and len(key.encode()) <= 254
          and len(labels) >= 2 and all(labels) and not any(c.isspace() for c in key))
    return ("good", key) if ok else ("invalid_key", None)


def number_or_text(value):
    return value if isinstance(value, int) else str(value).encode()


def stored(value):
    """How the service tells a value that was written."""
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S +00:00")
    if isinstance(value, datetime.date):
        return value.strftime("%Y-%m-%d 00:00:00 +00:00")
    return value


def assert_sums(report: dict):
    """The three sums that hold in every report, and the statuses that follow from them."""
    s, c, o, t = report["segment"], report["changes"], report["outcomes"], report["standing"]
    for group in (s, c, o, t):
        assert all(isinstance(n, int) and n >= 0 for n in group.values()), report
    assert s["rows"] == s["members"] + s["no_key"] + s["invalid_key"] + s["duplicate_key"], report
    assert sum(c.values()) == sum(o.values()), report
    assert set(c) == {"entered", "left", "changed", "retried"}
    assert set(o) == {"added", "removed", "updated", "not_a_contact", "rejected", "unknown", "not_sent"}
    assert set(t) == {"on_list", "not_a_contact", "rejected", "unknown", "not_sent", "leavers_on_list"}
    open_ones = t["rejected"] + t["unknown"] + t["not_sent"] + t["leavers_on_list"]
    if report["status"] == "completed":
        assert open_ones == 0, report
    if report["status"] in ("completed", "completed_with_rejects"):
        assert t["unknown"] == t["not_sent"] == 0, report
        assert report["error"] is None, report
        assert s["members"] == sum(t.values()) - t["leavers_on_list"], report
    else:
        assert report["error"] is not None, report
    assert report["calls"]["total"] == sum(report["calls"]["by_endpoint"].values()), report


@dataclass
class World:
    folder: Path
    double: Double
    key: str = "email"
    declared: str | None = None            # the project type in the catalog; the double's own when nothing
    source: str = "duckdb"                 # duckdb | parquet | csv
    server: object = None                  # instead of a file: with source(), put_table(), password
    attributes: list = field(default_factory=lambda: [dict(a) for a in ATTRIBUTES])
    settle: str = "0s"
    rule: dict = field(default_factory=lambda: {"field": "vip", "op": "is_true"})
    columns: dict = field(default_factory=lambda: dict(COLUMNS))
    activation: dict = field(default_factory=dict)   # further keys of the activation
    destination: dict = field(default_factory=dict)  # further keys of the destination
    name: str = LIST

    def __post_init__(self):
        self.home = self.folder / "home"
        self.rows: list[dict] = []
        self.outputs: list[Done] = []
        self.written: dict[str, set] = {}  # key -> fields that Iterable has had a value of from us
        self.env: dict[str, str] = {}
        self.many: Many | None = None
        self.whole_program = not binary().with_name("rollcall-many").exists()  # each command in a process of its own

    # --- The customers.

    def put(self, *rows):
        """Adds customers, or replaces those of the same number."""
        new = {row["customer_id"]: row for row in rows}
        self.rows = [new.pop(row["customer_id"], row) for row in self.rows] + list(new.values())

    def change(self, i, **values):
        for row in self.rows:
            if row["customer_id"] == i:
                assert set(values) <= set(self.columns)
                row.update(values)
                return
        raise KeyError(i)

    def drop(self, *numbers):
        self.rows = [row for row in self.rows if row["customer_id"] not in numbers]

    def write_source(self, sql: str | None = None):
        """Writes the source file anew and puts it in place by renaming; or the table of a server."""
        if self.server:
            return self.server.put_table("people", self.columns, self.rows, sql)
        path = self.folder / {"duckdb": "shop.duckdb", "parquet": "people.parquet", "csv": "people.csv"}[self.source]
        fresh = path.with_name("fresh-" + path.name)
        fresh.unlink(missing_ok=True)
        connection = duckdb.connect(str(fresh) if self.source == "duckdb" else ":memory:")
        try:
            connection.execute("CREATE TABLE people (" + ", ".join(f'"{n}" {t}' for n, t in self.columns.items()) + ")")
            if sql:
                connection.execute("INSERT INTO people " + sql)
            elif len(self.rows) > 1000:  # by way of a file, which is much faster
                lines = self.folder / "rows.json"
                lines.write_text("".join(json.dumps(row, default=str) + "\n" for row in self.rows))
                types = ", ".join(f"'{n}': '{t}'" for n, t in self.columns.items())
                connection.execute(f"INSERT INTO people SELECT * FROM read_json('{lines}', format = 'newline_delimited', columns = {{{types}}})")
            elif self.rows:
                places = ", ".join(f"CAST(? AS {t})" for t in self.columns.values())
                values = ", ".join([f"({places})"] * len(self.rows))
                connection.execute(f"INSERT INTO people VALUES {values}", [row[n] for row in self.rows for n in self.columns])
            if self.source == "parquet":
                connection.execute(f"COPY people TO '{fresh}' (FORMAT parquet)")
            if self.source == "csv":
                connection.execute(f"COPY people TO '{fresh}' (FORMAT csv, HEADER)")
        finally:
            connection.close()
        os.replace(fresh, path)

    # --- The catalog.

    def source_entry(self) -> dict:
        if self.server:
            secret = {}
            if self.server.password:
                self.env["SHOP_PASSWORD"] = self.server.password
                secret = {getattr(self.server, "secret", "password"): "${SHOP_PASSWORD}"}
            return {"name": "shop"} | secret | self.server.source()
        path = {"duckdb": "shop.duckdb", "parquet": "people.parquet", "csv": "people.csv"}[self.source]
        return {"name": "shop", "kind": self.source, "path": path}

    def catalog(self) -> dict:
        return {
            "version": 1,
            "sources": [self.source_entry()],
            "models": [{"name": "customers", "type": "users", "source": "shop", "table": "people", "primary_key": "customer_id"}],
            "segments": [{"name": "Lapsed VIPs", "model": "customers", "where": self.rule}],
            "destinations": [{"name": "Iterable", "platform": "iterable", "service": "contact_lists", "base_url": self.double.url,
                              "project_type": self.declared or self.double.project_type, "api_key": "${ITERABLE_API_KEY}",
                              "settle": self.settle} | self.destination],
            "activations": [{"segment": "Lapsed VIPs", "destination": "Iterable", "name": self.name,
                             "match_key": {"type": self.key, "field": self.key}, "attributes": self.attributes,
                             "schedule": "manual"} | self.activation],
        }

    def apply(self, *options, catalog=None, text=None, expect=0) -> Done:
        path = self.folder / "shop.yaml"
        # JSON is YAML; what people write by hand is tested where the catalog itself is.
        path.write_text(text if text is not None else json.dumps(catalog or self.catalog(), indent=1, ensure_ascii=False))
        return self.rollcall("apply", str(path), *options, expect=expect)

    # --- The program.

    def environment(self, **more) -> dict:
        kept = {name: value for name, value in os.environ.items()
                if name in ("PATH", "LD_LIBRARY_PATH", "LANG", "TZ") or name.endswith("SAN_OPTIONS")}
        kept.setdefault("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=1")
        kept.setdefault("LSAN_OPTIONS", f"suppressions={Path(__file__).parent.parent / 'lsan.supp'}:print_suppressions=0")
        kept.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
        kept["HOME"] = str(self.folder)
        kept["ITERABLE_API_KEY"] = self.double.api_key
        return kept | self.env | more

    def start(self, *args, env=None) -> subprocess.Popen:
        return subprocess.Popen([str(binary()), "--home", str(self.home), *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=self.environment(**(env or {})), cwd=self.folder)

    def rollcall(self, *args, expect: int | None = 0, env=None, timeout=300) -> Done:
        self.double.forget_rates()
        started = time.monotonic()
        try:
            code, out, err = self.carry_out(args, env, timeout)
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"rollcall {' '.join(args)} did not end within {timeout} s\n"
                                 f"{(late.stderr or b'').decode(errors='replace')[-4000:]}") from None
        done = Done(args, code, out.decode(), err.decode(), time.monotonic() - started)
        self.outputs.append(done)
        assert expect is None or done.code == expect, str(done)
        return done

    def carry_out(self, args, env, timeout):
        if self.whole_program or env:
            process = self.start(*args, env=env)
            try:
                out, err = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                out, err = process.communicate()
                raise subprocess.TimeoutExpired(args, timeout, out, err) from None
            return process.returncode, out, err
        if self.many and not (self.many.lives and self.many.environment == self.environment()):
            self.end_many()
        if not self.many:
            self.many = Many(self.folder, self.environment())
        return self.many.carry_out(["--home", self.home, *args], timeout)

    def end_many(self):
        if self.many:
            many, self.many = self.many, None
            said = many.end().decode(errors="replace")
            assert many.process.returncode <= 0 and "Sanitizer" not in said and "runtime error:" not in said, said[-6000:]

    def run(self, *options, expect: int | None = 0, env=None, timeout=120) -> dict:
        """One run; its report, whose sums are checked."""
        done = self.rollcall("run", self.name, "--json", *options, expect=expect, env=env, timeout=timeout)
        assert done.out.strip(), str(done)
        report = done.json
        assert_sums(report)
        wanted = {"completed": 0, "completed_with_rejects": 0, "stopped": 3, "failed": 1, "interrupted": 130}
        assert done.code == wanted[report["status"]] or (report["status"] == "failed" and done.code == 2), str(done)
        return report

    def minutes_pass(self):
        """Runs that follow each other at once in a test lie minutes apart in life: no call has to wait for its place."""
        shutil.rmtree(self.home / "pace", ignore_errors=True)

    def run_expecting_death(self, point: str, occurrence: int) -> bool:
        """Runs until the named point is passed for the nth time; false when it never was."""
        done = self.rollcall("run", self.name, "--json", expect=None, env={"ROLLCALL_KILL_AT": f"{point}:{occurrence}"})
        if done.code == -signal.SIGKILL:
            return True
        assert done.code == 0, str(done)
        return False

    # --- What must be true.

    def spokesmen(self) -> dict[str, dict]:
        """The segment's people by key: of several rows the smallest primary key speaks."""
        out: dict[str, dict] = {}
        for row in sorted(self.segment_rows(), key=lambda r: number_or_text(r["customer_id"])):
            form, key = normal_key(self.key, row[self.key])
            if form == "good":
                out.setdefault(key, row)
        return out

    def segment_rows(self):
        return [row for row in self.rows if row["vip"]]

    def expected_counts(self) -> dict:
        counts = {"rows": 0, "members": 0, "no_key": 0, "invalid_key": 0, "duplicate_key": 0}
        seen = set()
        for row in self.segment_rows():
            counts["rows"] += 1
            form, key = normal_key(self.key, row[self.key])
            if form == "good":
                counts["duplicate_key" if key in seen else "members"] += 1
                seen.add(key)
            else:
                counts[form] += 1
        return counts

    def contact(self, key):
        return self.double.contact(**{self.key: key})

    def expected_members(self) -> set:
        return {key for key in self.spokesmen() if self.contact(key) is not None}

    def the_list(self):
        lists = self.double.lists_named(self.name)
        assert len(lists) == 1, f"{len(lists)} lists are named {self.name}"
        return lists[0]

    def members(self) -> set:
        return self.double.members(self.the_list().id, self.key)

    def assert_right(self, foreign=(), attributes=True):
        """The list holds exactly the segment's contacts, and their attributes equal the source."""
        assert self.members() - set(foreign) == self.expected_members() - set(foreign)
        assert set(foreign) <= self.members()
        if attributes:
            self.assert_attributes()

    def assert_attributes(self):
        """A null clears what we wrote before, and is left out where we never wrote: `written` remembers."""
        for key, row in self.spokesmen().items():
            contact = self.contact(key)
            if contact is None:
                continue
            for attribute in self.attributes:
                value, name = stored(row[attribute["field"]]), attribute["to"]
                if value is not None:
                    assert contact.fields.get(name) == value, (key, name)
                    assert type(contact.fields[name]) is type(value), (key, name)
                    self.written.setdefault(key, set()).add(name)
                elif name in self.written.get(key, ()):
                    assert name not in contact.fields, (key, name)

    def assert_clean(self):
        """What holds at any moment, whatever was done."""
        double = self.double
        assert double.created == [], "contacts were created"
        assert double.deleted == []
        assert double.violations == []
        assert double.channel_unsubscribes == 0
        assert double.prefer_user_id == 0
        for done in self.outputs:
            assert double.api_key not in done.out + done.err, f"the API key is in what `{' '.join(done.args)}` printed"
            for word in ("AddressSanitizer", "runtime error:", "ThreadSanitizer", "LeakSanitizer"):
                assert word not in done.err, str(done)
        assert files_with(self.home, double.api_key) == []
        if self.server and (password := self.server.password):
            for secret in (password, json.dumps(password)[1:-1], urllib.parse.quote(password)):
                assert all(secret not in done.out + done.err for done in self.outputs)
                assert files_with(self.home, secret) == []


def files_with(folder: Path, text: str) -> list[str]:
    return [str(path.relative_to(folder)) for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink() and text.encode() in path.read_bytes()]


# --- Populations.

def populate(world: World, people=40, seed=1):
    """Customers of whom some are in the segment and some are contacts; strangers that are contacts only.

    Of every eight: six are in the segment; of those one is no contact. E-mail addresses are written
    carelessly, as people write them.
    """
    rng = random.Random(seed)
    for i in range(1, people + 1):
        row = customer(i, vip=i % 8 not in (0, 1))
        if i % 8 == 3:
            row["email"] = f"  User{i}@Example.COM "
        world.put(row)
        if i % 8 != 2:
            world.double.add_contact(email=f"user{i}@example.com", user_id=f"U{i}", firstName=f"Old {i}", favouriteColour=rng.choice(["red", "blue"]),
                                     points=i)
    for i in range(1, 6):
        world.double.add_contact(email=f"stranger{i}@example.com", user_id=f"S{i}", firstName="Stranger", points=0)
    world.double.show_everything()


def ready(world: World, people=24) -> World:
    """Populated and applied."""
    populate(world, people=people)
    world.write_source()
    world.apply()
    return world


def started(world: World, people=24) -> World:
    """Ready, and after its first run."""
    ready(world, people).run()
    return world


def a_day_of_changes(world: World):
    """Every kind of change that a day can bring, for a world made by `populate` with 40 people."""
    world.change(4, vip=False)                                  # leaves
    world.drop(5)                                               # leaves, with the row
    world.change(8, vip=True)                                   # enters, a contact
    world.change(9, vip=True)                                   # enters, a contact
    world.put(customer(101), customer(102))                     # new customers: one a contact, one not
    world.double.add_contact(email="user101@example.com", user_id="U101", points=1)
    world.double.add_contact(email="user10@example.com", user_id="U10", points=1)   # was not a contact
    world.change(6, first_name="Zoë", lifetime_value=417.0)
    world.change(7, order_count=0, newsletter=None)
    world.change(11, born=datetime.date(2001, 2, 3), newsletter=True)
    world.change(12, first_name=None, lifetime_value=None, order_count=None, newsletter=None, born=None)
    world.change(13, email="  USER13@example.com")              # the same person, written otherwise
    world.double.remove_contact(**{"user_id": "U14"} if world.double.project_type != "email" else {"email": "user14@example.com"})
    world.change(14, vip=False)                                 # deleted at Iterable, and leaves
    world.double.remove_contact(**{"user_id": "U15"} if world.double.project_type != "email" else {"email": "user15@example.com"})
    world.change(15, first_name="Gone")                         # deleted at Iterable, stays in the segment and changes
    world.double.show_everything()


def copy_home(world: World, name: str) -> Path:
    target = world.folder / name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(world.home, target)
    return target


def restore_home(world: World, kept: Path):
    shutil.rmtree(world.home, ignore_errors=True)
    if kept.exists():
        shutil.copytree(kept, world.home)
