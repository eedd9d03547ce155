#!/usr/bin/env python3
"""Holds the tree to what docs/ARCHITECTURE.md says of it.

  tests/tidy.py [--root DIR] [--build DIR]   prints each finding as FILE:LINE: RULE: what; exit 1 if any
  tests/tidy.py --self-test                  every rule must catch its canary

RULES, below, names each rule and what it asks for. `unbuilt` needs --build, a folder with
compile_commands.json.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

RULES = {
    "door": "a room includes only the doors of the rooms it lists as DEPS in src/CMakeLists.txt",
    "sim": "the simulator and the program share no code",
    "library": "a library's headers are named in its own rooms alone",
    "unbuilt": "some target builds every source file",
    "clock": "only src/app, and the simulator's own clock, read the system clock or sleep on it",
    "remedy": "a test follows every remedy to its end",
    "sql": "SQL stands in the rooms that docs/ARCHITECTURE.md names for it, and the others name no engine",
    "bound": "files of the home are opened by open_ours, JSON is read by read_json",
    "random": "only src/app draws randomness",
    "thread": "only the rooms that docs/ARCHITECTURE.md names make threads",
    "link": "a document points at what is there",
    "disk": "only the rooms that docs/ARCHITECTURE.md names open, rename or sync files themselves",
    "word": "the tree knows no machine and no registry by name",
}

# Rooms whose every header may be included: base and core are many small ones.
OPEN_ROOMS = {"base", "core"}

# Header, or folder of headers: who may name it. "app" is the wiring; "sim" the simulator.
LIBRARIES = {
    "curl": {"http", "mail"},
    "sqlite3.h": {"store"},
    "libpq-fe.h": {"store"},
    "yaml-cpp": {"catalog", "sim"},
    "date": {"calendar"},
    "duckdb.h": {"duck"},
    "utf8proc": {"core", "sim"},
    "arrow-adbc": {"adbc"},
    "sodium.h": {"base", "store", "access", "alerts", "api", "attributes", "prove", "operations", "oidc", "app", "sim"},
    "cjose": {"oidc"},
    "CLI": {"cli", "app", "sim"},
    "boost": {"sim", "http_server"},
    "openssl": {"http_server"},
    "prometheus": {"api"},
    "nlohmann": {"base", "access", "alerts", "oidc", "catalog", "demo", "iterable", "attributes", "prove", "state", "deliver", "run", "source", "store", "trino", "service", "api", "operations", "cli", "sim"},
    "tl": {"base"},
    "fmt": None,  # anywhere
}
TEST_LIBRARIES = {"gtest", "gmock", "benchmark"}

# Who makes threads: the wiring; DuckDB's time limit; and the pipe that tells a reader in a process of its own to stop.
THREAD_ROOMS = {"app", "duck", "adbc"}
THREAD = re.compile(r"\bstd\s*::\s*(?:j?thread|async)\b(?!\s*::)|\bpthread_create\s*\(")

# Small files of ours are kept through base's Disk. Who else touches files, and how: the contact index is mapped; files of
# users are read, and a catalog they name; the wiring tells a test which points were passed, and reads the system's boot id.
DISK = re.compile(r"\b(fopen|fdopen|freopen|open_ours|fsync|fdatasync|renameat2?)\s*\(|(?<![\w>])::\s*(rename)\s*\("
                  r"|\bstd\s*::\s*(?:basic_)?([io]?fstream)\b|\b(?:fs|filesystem)\s*::\s*(rename)\s*\(")
DISK_ALLOWED = {"base": {"fopen", "open_ours", "fsync", "fdatasync", "rename", "ifstream"}, "prove": {"open_ours"},
                "source": {"ifstream"}, "cli": {"ifstream"}, "app": {"fopen", "ifstream"}}
SIM_CLOCK = "sim/clock.cpp"

# `randombytes` in store makes keys and nonces, which no seed may ever repeat.
RANDOM_ALLOWED = {("store", "randombytes")}

CLOCK = re.compile(
    r"\b(?:system|steady|high_resolution|utc|file)_clock\s*::\s*now\b|\bgettimeofday\s*\(|\bclock_gettime\s*\(|\btimespec_get\s*\("
    r"|\bsleep_(?:for|until)\s*\(|\b(?:u|nano)sleep\s*\(|(?<![\w.>:])(?:std\s*::\s*|::\s*)?time\s*\(\s*(?:NULL|nullptr|0|&\s*\w+)\s*\)")
RANDOM = re.compile(
    r"\b(random_device)\b|\b(getrandom|getentropy|arc4random\w*)\s*\(|(?<![\w.>])(s?rand|d?rand48|random)\s*\(\s*\)|\b(randombytes)\w*\s*\(")
# The same leaks by way of SQL; these stand in string literals.
SQL_CLOCK = re.compile(r"\b(?:now\s*\(\s*\)|current_(?:timestamp|date|time)\b|get_current_timestamp|strftime\([^)]*'now'|datetime\('now')", re.I)
SQL_RANDOM = re.compile(r"\b(?:random\s*\(\s*\)|uuid\s*\(\s*\)|gen_random_uuid|randomblob)", re.I)
RANDOM_DEVICE_FILE = re.compile(r"/dev/u?random")

# What a file of the home is opened by follows no link; what reads JSON bounds how deep it nests.
OPENED = re.compile(r"(?<![\w>])::open\s*\(")
OPENED_IN = {"base", "adbc"}
PARSED = re.compile(r"(?i)\bjson\s*::\s*(?:parse|accept)\s*\(")
PARSED_IN = {"base"}

# In these rooms each remedy is named by a test that follows it. Two need a disk of a kind that no test has.
REMEDIES_IN = ("run", "state", "store", "deliver", "prove", "iterable")
REMEDIES_UNTESTED = {"Choose a home on a local disk.", "Check the rights of the home folder and its files.", "Check the home's disk."}
REMEDY = re.compile(r"\{\s*ErrorKind::\w+\s*,|\bremedy\s*=\s*")

# Who writes SQL; core has the few expressions that several of them share.
SQL_ROOMS = {"compile", "source", "segment", "trino", "adbc", "duck", "state", "store", "core"}
SQL = re.compile(r"\b(?:SELECT|INSERT\s+INTO|DELETE\s+FROM|CREATE\s+(?:OR\s+REPLACE\s+)?TABLE|CHECKPOINT)\b|\bread_parquet\b")
ENGINE = re.compile(r"\bduck\s*::|(?i:\bparquet\b)")
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
TELLING = 10  # letters that a test must name of one

REGISTRIES = re.compile("|".join([
    "npm" r"js\.", "registry\\.npm", "py" r"pi\.org", "python" r"hosted\.org", "crates" r"\.io", "maven" r"\.org", "repo1\\." "maven",
    "proxy" r"\.golang", "rubygems" r"\.org", "deb" r"\.debian\.org", "docker" r"\.io", "ghcr" r"\.io", "quay" r"\.io", "anaconda" r"\.org"]))
HOMES = re.compile("(?<![\\w.}/-])(?:/ro" r"ot/|/ho" r"me/[a-z]\w*/|/Us" r"ers/\w+/)")

SOURCE_FOLDERS = ("src", "sim", "fuzz", "tests", "bench", "examples")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^()\\ \t\n]{0,16})\(.*?\)(?P=d)"|"(?:[^"\\\n]|\\.)*"|(?<![0-9a-fA-F])\'(?:[^\'\\\n]|\\.)+\'', re.S)


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def split_code(text):
    """The code without comments and literals, and the literals alone; both keep every line in its place."""
    code, literals, at = [], [], 0
    for found in TOKEN.finditer(text):
        between = text[at:found.start()]
        piece = found.group()
        code += [between, blank(piece)]
        literals += [blank(between), blank(piece) if piece.startswith("/") else piece]
        at = found.end()
    code.append(text[at:])
    literals.append(blank(text[at:]))
    return "".join(code), "".join(literals)


def expression(text, at):
    """Where the argument that begins at `at` ends: at a comma, a semicolon or a bracket that is not its own."""
    depth = 0
    while at < len(text):
        found = LITERAL.match(text, at)
        if found:
            at = found.end()
            continue
        if depth == 0 and text[at] in ",;)}]":
            return at
        depth += (text[at] in "([{") - (text[at] in ")]}")
        at += 1
    return at


def remedies(code):
    """Where in the code a remedy is, and its letters: the third part of an error, or what is called so."""
    for found in REMEDY.finditer(code):
        begin = found.end()
        if "remedy" not in found.group():
            begin = expression(code, begin) + 1
        letters = "".join(LITERAL.findall(code[begin:expression(code, begin)]))
        if len(letters) >= TELLING and code[begin - 1] != "}":
            yield found.start(), letters


def line_of(text, at):
    return text.count("\n", 0, at) + 1


class Tree:
    def __init__(self, root, build=None):
        self.root = Path(root).resolve()
        self.build = build
        self.findings = []
        self.files = self.list_files()
        self.names = set(self.files)
        self.texts = {}
        for name in self.files:
            try:
                self.texts[name] = (self.root / name).read_text()
            except UnicodeDecodeError:
                pass  # a picture, a database
        self.sources = [name for name in self.files
                        if name.startswith(tuple(f"{folder}/" for folder in SOURCE_FOLDERS)) and name.endswith((".cpp", ".hpp"))]
        self.rooms = self.read_rooms()

    def list_files(self):
        """What is or could be committed; without git, whatever lies there."""
        if (self.root / ".git").exists():
            listed = subprocess.run(["git", "-c", "safe.directory=*", "-C", str(self.root), "ls-files", "-coz", "--exclude-standard"],
                                    capture_output=True, text=True)
            if listed.returncode == 0:
                return sorted({name for name in listed.stdout.split("\0") if name and (self.root / name).is_file()})
        out = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if f not in ("build", ".git", "node_modules", "__pycache__", ".cache")]
            out += [str((Path(folder) / name).relative_to(self.root)) for name in names]
        return sorted(out)

    def say(self, name, line, rule, what):
        self.findings.append((name, line, rule, what))

    def read_rooms(self):
        rooms = {}
        text = re.sub(r"#[^\n]*", "", self.texts.get("src/CMakeLists.txt", ""))
        for body in re.findall(r"\broom\s*\(([^)]*)\)", text):
            words = body.split()
            deps, wanted = set(), False
            for word in words[1:]:
                if word.isupper():
                    wanted = word == "DEPS"
                elif wanted:
                    deps.add(word)
            rooms[words[0]] = deps
        return rooms

    def includes(self, name):
        text = self.texts.get(name, "")
        code, _ = split_code(text)
        for found in INCLUDE.finditer(text):
            if code[found.start():found.start() + found.group().find("#") + 1].strip():  # not in a comment
                yield line_of(text, found.start() + found.group().find("#")), found.group(1) == "<", found.group(2)

    @staticmethod
    def is_test(name):
        return name.endswith(("_test.cpp", "_test.hpp", "/testing.hpp", "/suite.hpp")) or name.startswith("tests/")

    @staticmethod
    def room_of(name):
        parts = name.split("/")
        return parts[1] if parts[0] == "src" and len(parts) > 2 else None

    def resolve(self, name, path):
        """The file of this tree that a quoted include names."""
        for candidate in (f"src/{path}", path, os.path.normpath(f"{Path(name).parent}/{path}")):
            if candidate in self.names:
                return candidate
        return None

    # --- The rules.

    def check_includes(self):
        for name in self.sources:
            for line, angled, path in self.includes(name):
                target = None if angled else self.resolve(name, path)
                if target:
                    self.check_own_include(name, line, path, target)
                elif angled:
                    self.check_library(name, line, path)
                else:
                    self.say(name, line, "door", f'"{path}" is no file of this tree')

    def check_own_include(self, name, line, path, target):
        side = name.split("/")[0]
        if {side, target.split("/")[0]} == {"src", "sim"} or (side == "sim" and not target.startswith("sim/")):
            self.say(name, line, "sim", f'includes "{path}"; {RULES["sim"]}')
            return
        to = self.room_of(target)
        if to is None:
            return
        room = self.room_of(name)
        if room == to:
            return
        if to == "app":
            self.say(name, line, "door", f'includes "{path}": nobody includes the wiring')
            return
        if self.is_test(name) and target in (f"src/{to}/testing.hpp", f"src/{to}/suite.hpp"):
            return
        if to not in OPEN_ROOMS and target != f"src/{to}/{to}.hpp":
            self.say(name, line, "door", f'"{path}" passes the door of {to}, which is {to}/{to}.hpp')
        if to not in self.rooms:
            self.say(name, line, "door", f'"{path}": src/CMakeLists.txt knows no room {to}')
        elif room in self.rooms and to not in self.rooms[room]:
            self.say(name, line, "door", f"{room} includes {to}, which is not among its DEPS")
        elif room is not None and room not in self.rooms and room != "app":
            self.say(name, line, "door", f"src/CMakeLists.txt knows no room {room}")

    def check_library(self, name, line, path):
        key = path if path in LIBRARIES else path.split("/")[0]
        where = self.room_of(name) or name.split("/")[0]
        if key in LIBRARIES:
            allowed = LIBRARIES[key]
            if allowed is None or where in allowed or self.is_test(name) and key == "nlohmann" or where in ("tests", "fuzz", "bench") and key != "curl":
                return
            self.say(name, line, "library", f"<{path}> is for {', '.join(sorted(allowed))} alone")
        elif key in TEST_LIBRARIES:
            if not self.is_test(name) and where != "bench" and "testing" not in Path(name).name:
                self.say(name, line, "library", f"<{path}> outside a test")
        elif path.endswith(".hpp") or ("/" in path and key not in ("sys", "netinet", "arpa", "linux", "net", "sanitizer")):
            self.say(name, line, "library", f"<{path}> is of no library that tests/tidy.py knows: say there which rooms may name it")

    def check_built(self):
        commands = Path(self.build) / "compile_commands.json"
        if not commands.is_file():
            self.say("CMakeLists.txt", 1, "unbuilt", f"there is no {commands.name} in the build folder to compare with")
            return
        built = set()
        for entry in json.loads(commands.read_text()):
            path = Path(os.path.realpath(os.path.join(entry["directory"], entry["file"])))
            if path.is_relative_to(self.root):
                built.add(str(path.relative_to(self.root)))
        reached, todo = set(), [name for name in built if name in self.names]
        while todo:
            name = todo.pop()
            if name in reached:
                continue
            reached.add(name)
            todo += [target for _, angled, path in self.includes(name) if not angled and (target := self.resolve(name, path))]
        for name in self.sources:
            if name.endswith(".cpp") and name not in built:
                self.say(name, 1, "unbuilt", "no target builds this file")
            elif name.endswith(".hpp") and name not in reached:
                self.say(name, 1, "unbuilt", "nothing that is built includes this file")

    def check_leaks(self):
        for name in self.sources:
            room = self.room_of(name)
            in_sim = name.startswith("sim/") and name != SIM_CLOCK
            if not (in_sim or room) or room == "app" or self.is_test(name):
                continue
            text = self.texts[name]
            code, literals = split_code(text)
            if in_sim:
                for found in CLOCK.finditer(code):
                    self.say(name, line_of(code, found.start()), "clock", f"`{found.group()}`: ask the simulator's Clock")
                continue
            if room not in THREAD_ROOMS:
                for found in THREAD.finditer(code):
                    self.say(name, line_of(code, found.start()), "thread", f"`{found.group()}`: take the Workers that are passed in")
            for found in DISK.finditer(code):
                if next(group for group in found.groups() if group) not in DISK_ALLOWED.get(room, ()):
                    self.say(name, line_of(code, found.start()), "disk", f"`{found.group()}`: take the Disk that is passed in")
            for found in CLOCK.finditer(code):
                self.say(name, line_of(code, found.start()), "clock", f"`{found.group()}`: take the Clock that is passed in")
            for pattern, rooms, instead in ((OPENED, OPENED_IN, "open_ours of base/file.hpp"), (PARSED, PARSED_IN, "read_json of base/json.hpp")):
                for found in pattern.finditer(code) if room not in rooms else ():
                    self.say(name, line_of(code, found.start()), "bound", f"`{found.group()}`: take {instead}")
            for found in SQL_CLOCK.finditer(literals):
                self.say(name, line_of(literals, found.start()), "clock", f"`{found.group()}` in SQL: bind the run's own time")
            if room not in SQL_ROOMS:
                for found in SQL.finditer(literals):
                    self.say(name, line_of(literals, found.start()), "sql", f"`{found.group()}`: ask state, segment or store")
                for found in ENGINE.finditer(code):
                    self.say(name, line_of(code, found.start()), "sql", f"`{found.group()}`: that is for state and source to know")
            for found in RANDOM.finditer(code):
                if (room, next(group for group in found.groups() if group)) not in RANDOM_ALLOWED:
                    self.say(name, line_of(code, found.start()), "random", f"`{found.group()}`: take the Random that is passed in")
            for pattern in (SQL_RANDOM, RANDOM_DEVICE_FILE):
                for found in pattern.finditer(literals):
                    self.say(name, line_of(literals, found.start()), "random", f"`{found.group()}`: take the Random that is passed in")

    def check_remedies(self):
        named = set()
        for name, text in self.texts.items():
            if name.endswith("_test.cpp") or name.startswith("tests/cli/"):
                named |= {one for one in LITERAL.findall(re.sub(r'"\s*"', "", text)) if len(one) >= TELLING}
        for name in self.sources:
            if self.room_of(name) not in REMEDIES_IN or self.is_test(name) or not name.endswith(".cpp"):
                continue
            for at, remedy in remedies(re.sub(r"//[^\n]*", blank_block, self.texts[name])):
                if remedy not in REMEDIES_UNTESTED and not any(one in remedy for one in named):
                    self.say(name, line_of(self.texts[name], at), "remedy", f"no test follows `{remedy}` to its end")

    @staticmethod
    def anchors(text):
        """The anchors of a Markdown text, as the usual hosts make them from its headings."""
        out = set()
        for heading in re.findall(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.sub(r"^```.*?^```", blank_block, text, flags=re.S | re.M), re.M):
            plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
            out.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
        return out

    def exists(self, path):
        return path in self.names or any(name.startswith(path.rstrip("/") + "/") for name in self.names)

    def check_links(self):
        for name, text in self.texts.items():
            if name.endswith(".md"):
                self.check_markdown(name, text)
            if name.endswith((".cpp", ".hpp", ".py", ".txt", ".cmake")) and name != "tests/tidy.py":
                self.check_citations(name, text)

    def check_markdown(self, name, text):
        prose = re.sub(r"^```.*?^```", blank_block, text, flags=re.S | re.M)
        without_code = re.sub(r"`[^`\n]*`", lambda found: " " * len(found.group()), prose)
        links = list(re.finditer(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)", without_code))
        links += re.finditer(r"^[ \t]*\[[^\]]+\]:[ \t]*(\S+)", without_code, re.M)
        for found in links:
            url = found.group(1)
            line = line_of(text, found.start())
            if re.match(r"[a-z][a-z0-9+.-]*:", url):
                continue
            path, _, anchor = url.partition("#")
            if path.startswith("/"):
                self.say(name, line, "link", f"{url} is not relative")
                continue
            target = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
            if not self.exists(target):
                self.say(name, line, "link", f"{url} leads nowhere")
            elif anchor and target.endswith(".md") and anchor not in self.anchors(self.texts[target]):
                self.say(name, line, "link", f"{target} has no heading for #{anchor}")
        # Paths named in passing: `tests/tidy.py`, `docs/adr/`.
        for found in re.finditer(r"`([\w./-]+)`", prose):
            path = found.group(1)
            if path.split("/")[0] in SOURCE_FOLDERS + ("docs", "cmake") and "/" in path and not self.exists(os.path.normpath(path)):
                self.say(name, line_of(text, found.start()), "link", f"`{path}` is not there")

    def check_citations(self, name, text):
        """`docs/facts/iterable.md, rate limits` in a comment: the page and the heading must exist."""
        for found in re.finditer(r"(?<![\w/.-])(docs/[\w./-]+\.(?:md|yaml))(?:, ([^.;,()\n]+))?", text):
            page, section = found.group(1), found.group(2)
            line = line_of(text, found.start())
            if page not in self.names:
                self.say(name, line, "link", f"{page} is not there")
            elif section and page.startswith("docs/facts/"):
                wanted = re.split(r" and | or ", section.strip())[0].lower()
                headings = [h.strip().lower() for h in re.findall(r"^#{1,6}[ \t]+(.+)$", self.texts[page], re.M)]
                if not any(heading.startswith(wanted) for heading in headings):
                    self.say(name, line, "link", f"{page} has no section “{section.strip()}”")

    def check_words(self):
        own = re.compile(r"(?<![\w.}/-])" + re.escape(str(self.root)) + r"(?![\w-])") if len(self.root.parts) > 2 else None
        for name, text in self.texts.items():
            for pattern, what in ((REGISTRIES, "a registry's host"), (HOMES, "somebody's home"), (own, "the place of this very tree")):
                for found in pattern.finditer(text) if pattern else ():
                    self.say(name, line_of(text, found.start()), "word", f"`{found.group()}` is {what}")

    def check(self):
        self.check_includes()
        if self.build:
            self.check_built()
        self.check_leaks()
        self.check_remedies()
        self.check_links()
        self.check_words()
        return self.findings


def blank_block(found):
    return blank(found.group())


# --- The self-test: a tree without a fault, then one fault at a time.

GOOD = {
    "src/CMakeLists.txt": "room(base)\nroom(core DEPS base) # a comment (with room)\nroom(plan DEPS base core\n  LIBS fmt::fmt)\nroom(run DEPS base core plan)\nroom(duck DEPS base)\n",
    "src/base/base.hpp": "// time(nullptr), rand() and std::random_device in a comment are no leak\n",
    "src/base/clock.hpp": '#include "base/base.hpp"\n',
    "src/base/base.cpp": '#include "base/base.hpp"\n#include "base/clock.hpp"\nstruct Clock { int now(); int time(int); };\nint x(Clock c) { return c.time(0) + c.now() + 1\'000; }\n',
    "src/core/core.cpp": '#include "base/clock.hpp"\n',
    "src/plan/plan.hpp": '#include <vector>\n#include "base/base.hpp"\n',
    "src/plan/inner.hpp": "\n",
    "src/plan/plan.cpp": '#include <fmt/format.h>\n#include "plan/inner.hpp"\n#include "plan/plan.hpp"\nconst char* a = "time(nullptr)"; // "\n',
    "src/plan/plan_test.cpp": '#include <gtest/gtest.h>\n#include "plan/plan.hpp"\nauto t = std::chrono::steady_clock::now();\n',
    "src/catalog/compare.cpp": "struct Names { void rename(int); void renamed() { rename(1); this->rename(2); } };\nvoid f(Names& n) { n.rename(3); Disk::rename(4); }\n",
    "src/run/run.cpp": '#include <sys/stat.h>\n#include <memory>\n#include "plan/plan.hpp"\n// #include "plan/inner.hpp"\n',
    "src/duck/duck.cpp": "#include <duckdb.h>\n",
    "src/app/main.cpp": '#include <chrono>\n#include "plan/plan.hpp"\nauto t = std::chrono::system_clock::now();\nstd::random_device d;\n',
    "sim/main.cpp": '#include "sim/world.hpp"\n#include <boost/asio.hpp>\n',
    "sim/clock.cpp": "auto t = std::chrono::system_clock::now();\n",
    "sim/world.hpp": "// Source: docs/facts.md\n",
    "fuzz/plan_read.cpp": '#include "plan/plan.hpp"\n',
    "docs/facts.md": "# Facts\n\n## Rate limits, as published\n\n```\n[x](nowhere.md)\n```\n",
    "docs/facts/iterable.md": "# Iterable\n\n## Rate limits\n",
    "README.md": "[facts](docs/facts.md#rate-limits-as-published) [out](https://example.com/x) `tests/tidy.py` `docs/facts/`\n",
    "tests/tidy.py": "\n",
}

# What is changed, the rule that must catch it, and where.
CANARIES = [
    ("door", "src/run/run.cpp", '#include "plan/inner.hpp"\n'),
    ("door", "src/core/core.cpp", '#include "plan/plan.hpp"\n'),
    ("door", "src/run/run.cpp", '#include "duck/duck.hpp"\n'),
    ("door", "src/run/run.cpp", '#include "app/main.cpp"\n'),
    ("door", "src/app/main.cpp", '#include "plan/inner.hpp"\n'),
    ("door", "fuzz/plan_read.cpp", '#include "plan/inner.hpp"\n'),
    ("sim", "sim/main.cpp", '#include "base/base.hpp"\n'),
    ("sim", "sim/main.cpp", '#include "src/base/base.hpp"\n'),
    ("sim", "sim/main.cpp", '#include "../src/base/base.hpp"\n'),
    ("sim", "src/run/run.cpp", '#include "sim/world.hpp"\n'),
    ("library", "src/run/run.cpp", "#include <curl/curl.h>\n"),
    ("library", "src/run/run.cpp", "#include <sqlite3.h>\n"),
    ("library", "src/run/run.cpp", "#include <yaml-cpp/yaml.h>\n"),
    ("library", "src/run/run.cpp", "#include <duckdb.h>\n"),
    ("library", "src/run/run.cpp", "#include <sodium.h>\n"),
    ("library", "src/run/run.cpp", "#include <CLI/CLI.hpp>\n"),
    ("library", "src/run/run.cpp", "#include <boost/asio.hpp>\n"),
    ("library", "src/run/run.cpp", "#include <gtest/gtest.h>\n"),
    ("library", "src/run/run.cpp", "#include <strange/thing.h>\n"),
    ("unbuilt", "src/run/forgotten.cpp", "int x;\n"),
    ("unbuilt", "src/run/forgotten.hpp", "int x;\n"),
    ("unbuilt", "fuzz/forgotten.cpp", "int x;\n"),
    ("sql", "src/run/run.cpp", 'auto q = "SELECT count(*) FROM changes";\n'),
    ("sql", "src/run/run.cpp", "auto d = duck::literal(x);\n"),
    ("clock", "src/run/run.cpp", "auto t = std::chrono::system_clock::now();\n"),
    ("clock", "src/run/run.cpp", "auto t = steady_clock :: now();\n"),
    ("clock", "src/run/run.cpp", "auto t = std::time(nullptr);\n"),
    ("clock", "src/run/run.cpp", "auto t = time(NULL);\n"),
    ("clock", "src/run/run.cpp", "void f() { std::this_thread::sleep_for(x); }\n"),
    ("clock", "src/core/core.cpp", 'auto sql = "SELECT now()";\n'),
    ("clock", "src/core/core.cpp", 'auto sql = R"(SELECT current_date)";\n'),
    ("clock", "sim/main.cpp", "auto t = std::time(nullptr);\n"),
    ("thread", "src/run/run.cpp", "std::jthread worker(work);\n"),
    ("thread", "src/run/run.cpp", "auto done = std::async(work);\n"),
    ("disk", "src/run/run.cpp", "std::ofstream file(path);\n"),
    ("disk", "src/run/run.cpp", "std::ifstream file(path);\n"),
    ("disk", "src/plan/plan.cpp", "void f() { std :: fstream file(path); }\n"),
    ("disk", "src/run/run.cpp", 'auto* f = std::fopen(path, mode);\n'),
    ("disk", "src/run/run.cpp", "const bool moved = ::rename(a, b) == 0;\n"),
    ("disk", "src/run/run.cpp", "void f() { std::filesystem::rename(a, b); }\n"),
    ("disk", "src/run/run.cpp", "void f() { fs::rename(a, b, ignored); }\n"),
    ("disk", "src/run/run.cpp", "if (::fsync(file) != 0) return;\n"),
    ("disk", "src/duck/duck.cpp", "::fdatasync(file);\n"),
    ("disk", "src/plan/plan.cpp", "const File f(open_ours(path, 0));\n"),
    ("remedy", "src/run/run.cpp", 'return Error{ErrorKind::invalid, "it is broken, " + what(1, 2), "Mend it " "somehow, and run again."};\n'),
    ("bound", "src/run/run.cpp", "const int f = ::open(path, 0);\n"),
    ("bound", "src/run/run.cpp", "const auto j = nlohmann::json::parse(text);\n"),
    ("random", "src/run/run.cpp", "std::random_device device;\n"),
    ("random", "src/run/run.cpp", "auto n = getrandom(buffer, 8, 0);\n"),
    ("random", "src/run/run.cpp", "auto n = rand() % 6;\n"),
    ("random", "src/run/run.cpp", "void f() { randombytes_buf(a, 8); }\n"),
    ("random", "src/run/run.cpp", 'auto file = "/dev/urandom";\n'),
    ("link", "README.md", "[gone](docs/gone.md)\n"),
    ("link", "README.md", "[gone](docs/facts.md#no-such-heading)\n"),
    ("link", "README.md", "[gone]: docs/gone.md\n"),
    ("link", "README.md", "see `src/plan/gone.hpp`\n"),
    ("link", "src/run/run.cpp", "// Source: docs/facts/gone.md, rate limits.\n"),
    ("link", "src/run/run.cpp", "// Source: docs/facts/iterable.md, moon phases.\n"),
    ("word", "README.md", "from registry." "npm" "js.org\n"),
    ("word", "README.md", "in /ro" "ot/.cache\n"),
    ("word", "src/run/run.cpp", 'auto path = "@ROOT@/x";\n'),
]


def canary_tree(folder, changed=None, text=""):
    commands = []
    for name, content in GOOD.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        if name.endswith(".cpp"):
            commands.append({"directory": str(folder), "file": str(path), "command": "c++"})
    if changed:
        path = folder / changed
        before = path.read_text() if path.exists() else ""
        path.write_text(before + text.replace("@ROOT@", str(folder.resolve())))
    build = folder / "build"
    build.mkdir()
    (build / "compile_commands.json").write_text(json.dumps(commands))
    return Tree(folder, build).check()


def self_test():
    wrong = []
    with tempfile.TemporaryDirectory() as temp:
        found = canary_tree(Path(temp) / "tree" / "good")
        wrong += [f"a tree without a fault: {finding}" for finding in found]
        for number, (rule, name, text) in enumerate(CANARIES):
            found = canary_tree(Path(temp) / "tree" / str(number), name, text)
            caught = [f for f in found if f[0] == name and f[2] == rule]
            if not caught:
                wrong.append(f"{rule}: {text.strip()!r} in {name} went unnoticed")
            wrong += [f"{text.strip()!r}: caught besides: {f}" for f in found if f not in caught]
    wrong += [f"{rule}: no canary" for rule in RULES if rule not in {c[0] for c in CANARIES}]
    for line in wrong:
        print(line)
    print(f"{len(CANARIES)} canaries, {len(wrong)} wrong")
    return 1 if wrong else 0


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--root", default=Path(__file__).resolve().parent.parent)
    options.add_argument("--build", help="a build folder, for `unbuilt`")
    options.add_argument("--self-test", action="store_true")
    chosen = options.parse_args()
    if chosen.self_test:
        return self_test()
    findings = Tree(chosen.root, chosen.build).check()
    for name, line, rule, what in sorted(set(findings)):
        print(f"{name}:{line}: {rule}: {what}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
