"""Instructions of one more person, as valgrind counts them: of the program in a first run, an idle run and one in which
everybody changes. They are the same on a busy machine, so that they can be held against what they were: bench/instructions.json."""

import json
import re
import shutil
import subprocess
import sys

from data import catalog, make_shop, sql
from machine import BIN, HERE, ROOT, Simulator, rollcall

KEPT = ROOT / "bench/instructions.json"
SIZES = (10_000, 30_000)
MARGIN = 1.5  # waiting threads look for work, and how long they wait differs
CHANGED = "UPDATE customers SET order_count = order_count + 100;"


def _count(*words):
    """Of all threads."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--log-file=" + str(HERE / "valgrind.log")]
    done = subprocess.run([*command, BIN / "rollcall", "--home", HERE / "home", *words], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{words} ended with {done.returncode}\n{done.stdout}")
    return int(re.search(r"Collected : (\d+)", (HERE / "valgrind.log").read_text())[1]), json.loads(done.stdout)


def _counts(people):
    shutil.rmtree(HERE / "home", ignore_errors=True)
    make_shop(people, "plain")
    out = {}
    with Simulator(people) as simulator:
        (HERE / "catalog.yaml").write_text(catalog(simulator.address, "plain"))
        rollcall("apply", HERE / "catalog.yaml")
        for name in ("first", "idle", "changed"):
            if name == "changed":
                sql(CHANGED)
            out[name], report = _count("run", "Everyone", "--json")
            assert report["status"] == "completed", report
    return out


def measure(keep):
    """Whether nothing costs much more than it did."""
    few, many = (_counts(people) for people in SIZES)
    now = {name: round((many[name] - few[name]) / (SIZES[1] - SIZES[0])) for name in few}
    if keep:
        KEPT.write_text(json.dumps(now, indent=1) + "\n")
    kept = json.loads(KEPT.read_text())
    for name, count in now.items():
        print(f"{name:10} {count:10,} instructions a person; kept {kept[name]:,}")
    worse = [name for name in now if now[name] > kept[name] * MARGIN]
    if worse:
        print(f"More than {MARGIN} times what is kept: {', '.join(worse)}. If that is meant: ./dev bench --instructions keep")
    return not worse
