"""./dev probe against the simulator: with every switch in every position, it must find that position.

So the probe is known to tell the positions apart before it meets the real service, and every switch of the
simulator is known to show from outside. Numbers have no positions: they are tried at one value that is not the
default, and times may come out longer than they are set, never shorter.
"""

import json
import os
import subprocess
import sys

import pytest

from simulator import ROOT, Simulator, binary

sys.path.insert(0, str(ROOT / "probe"))

from questions import NOT_FOR_ITERABLE, QUESTIONS, switches  # noqa: E402

# In which project a switch shows; hybrid if not named.
PROJECT = {name: question.types[0] for question in QUESTIONS for name in question.names}
# What the project must be like for the question to arise.
PUBLISHED = {"list_read_bucket", "retry_after_s"}
SMALL_FILES = {"export_file_bytes": 2000, "export_job_ms": 50}

# A value for each number, other switches to go with it, and how far above it the answer may be on a busy machine:
# so times are longer than their defaults, which then cannot be taken for them.
NUMBERS = {
    "field_limit": (60, {}, 0),
    "batch_max": (77, {}, 0),
    "body_max": (30_000, {}, 0),
    "list_ready_after_ms": (900, {}, 3000),
    "visible_after_ms": (300, {}, 3000),
    "size_lag_ms": (1500, {}, 3000),
    "list_name_max": (64, {}, 0),
    "description_max": (90, {}, 0),
    "get_users_slow_ms": (400, {}, 3000),
    "deleted_stay_ms": (2500, {}, 3000),
    "retry_after_s": (7, {}, 0),
    "limit_subscribe_per_min": (30, {}, 0),
    "limit_unsubscribe_per_min": (40, {}, 0),
    "limit_lists_write_per_min": (50, {}, 0),
    "limit_users_write_per_min": (60, {}, 0),
    "export_lag_ms": (2500, {}, 3000),
    "export_job_ms": (1500, {}, 3000),
    "export_url_ms": (1000, {"export_job_ms": 50}, 3000),
    "export_file_bytes": (2000, {"export_job_ms": 50}, None),
    "export_page": (2, SMALL_FILES, 0),
    "export_total_bytes_max": (3000, {"export_job_ms": 50}, None),
}
ROW_BYTES = 600  # of one person in an export, at most


def described() -> dict[str, dict]:
    """The simulator's own word on its switches, by name."""
    out, name = {}, None
    for line in subprocess.run([str(binary()), "--list-switches"], capture_output=True, text=True, check=True).stdout.splitlines():
        if not line.startswith(" "):
            name, _, rest = line.partition(" = ")
            default, _, choices = rest.partition("  ")
            out[name] = {"default": json.loads(default), "choices": None if choices == "number" else json.loads(choices)}
    return out


SWITCHES = described()
POSITIONS = [(name, position) for name, one in SWITCHES.items() for position in one["choices"] or []]


def probe(sim, *args, patience=8, key="k"):
    environment = {name: value for name, value in os.environ.items() if name != "ITERABLE_API_KEY"}
    if key:
        environment["ITERABLE_API_KEY"] = key
    return subprocess.run([sys.executable, "-B", str(ROOT / "probe" / "probe.py"), "--base-url", sim.url, "--project-type", sim.project_type,
                           "--patience", str(patience), *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
                          env=environment)


def read(text: str) -> dict:
    """The lines of a switch file: NAME: VALUE."""
    pairs = [line.split(": ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    return {name: json.loads(value) for name, value in pairs}


def find(sim, name: str) -> dict:
    done = probe(sim, "--only", name, "--yes")
    assert done.returncode == 0, done.stderr
    assert set(read(done.stdout)) == {name}
    return read(done.stdout)[name]


@pytest.mark.parametrize("name, position", POSITIONS, ids=[f"{name}-{position}" for name, position in POSITIONS])
def test_a_position_is_found(start, name, position):
    args = ["--limits", "published"] if name in PUBLISHED else []
    sim = start(PROJECT[name], *args, switches={"visible_after_ms": 20, name: position})
    if name == "non_standard_lists":
        sim.make_list("by hand", listType="Dynamic")
    assert find(sim, name) == position


@pytest.mark.parametrize("name", [name for name, one in SWITCHES.items() if not one["choices"] and name not in NOT_FOR_ITERABLE])
def test_a_number_is_found(start, name):
    value, others, above = NUMBERS[name]
    assert value != SWITCHES[name]["default"]
    args = ["--limits", "published"] if name in PUBLISHED else []
    sim = start(PROJECT[name], *args, switches=others | {name: value})
    found = find(sim, name)
    if above is None:
        assert value - ROW_BYTES < found <= value
    else:
        # Clocks of milliseconds on both sides; getUsers is measured against another call, which takes its time too.
        below = 100 if name == "get_users_slow_ms" else 2 if above else 0
        assert value - below <= found <= value + above


def test_every_switch_has_a_question_or_is_no_question_for_iterable():
    assert set(SWITCHES) == switches() | set(NOT_FOR_ITERABLE)
    assert set(NUMBERS) == {name for name, one in SWITCHES.items() if not one["choices"]} - set(NOT_FOR_ITERABLE)


@pytest.mark.parametrize("project_type", ["hybrid", "email", "user_id"])
def test_all_questions_at_once_and_a_simulator_that_takes_the_answers(start, tmp_path, project_type):
    sim = start(project_type, switches={"export_job_ms": 50, "echo_case": "as_sent", "counts": "rows", "project_new_fields": "add"})
    done = probe(sim, "--yes", "--rows-max", "500", "--body-max", "5000000", patience=1)
    assert done.returncode == 3, done.stderr  # some cannot be settled here
    answers = read(done.stdout)
    left = {"list_read_bucket", "retry_after_s", "non_standard_lists", "export_url_ms", "export_file_bytes", "export_page",
            "export_total_bytes_max"} | {name for question in QUESTIONS if project_type not in question.types for name in question.names}
    assert set(answers) == switches() - left
    assert not sim.side("GET", "lists")["lists"], "the lists it made are gone"
    for name in left:
        assert f"# {name}: not settled. " in done.stdout
    file = tmp_path / "answers.yaml"
    file.write_text(done.stdout)
    again = start(project_type, "--switches", str(file), prompt=False)
    turned = again.side("GET", "switches")
    assert {name: turned[name] for name in answers} == answers
    assert answers["echo_case"] == "as_sent" and answers["counts"] == "rows" and answers["project_new_fields"] == "add"
    times = {"list_ready_after_ms", "visible_after_ms", "size_lag_ms", "export_lag_ms", "deleted_stay_ms", "export_job_ms", "get_users_slow_ms"}
    was = sim.side("GET", "switches")
    assert {name: answers[name] for name in set(answers) - times} == {name: was[name] for name in set(answers) - times}


# --- What it refuses to do.

def test_without_yes_it_warns_and_touches_nothing(start):
    sim = start("hybrid")
    done = probe(sim)
    assert (done.returncode, done.stdout) == (1, "")
    assert "FOR GOOD" in done.stderr and "--yes" in done.stderr
    assert sim.side("GET", "counters")["total"]["calls"] == 0


def test_without_a_key_or_with_a_wrong_one_it_does_nothing(start):
    sim = start("hybrid", "--api-key", "right")
    assert "ITERABLE_API_KEY is not set" in probe(sim, "--yes", key=None).stderr
    done = probe(sim, "--yes", key="secret-and-wrong")
    assert (done.returncode, done.stdout) == (1, "")
    assert "status 401" in done.stderr and "secret-and-wrong" not in done.stderr
    assert sim.side("GET", "counters")["total"]["calls"] == 1


def test_an_unknown_name_is_refused(start):
    done = probe(start("hybrid"), "--yes", "--only", "counts,cuonts")
    assert done.returncode == 1 and "cuonts" in done.stderr


def test_an_answer_that_fits_no_position_is_left_open(start):
    sim = start("hybrid")
    sim.side("PUT", "faults", [{"kind": "counts_disagree", "endpoint": "POST /api/lists/subscribe", "every": 1}])
    done = probe(sim, "--yes", "--only", "no_op_counts")
    assert done.returncode == 3
    assert read(done.stdout) == {} and "# no_op_counts: not settled. No position fits" in done.stdout


@pytest.mark.parametrize("text, words", [("nothing: 1", "'nothing'"), ("counts: sideways", "counts is one of"), ("- a", "object"), ("a: [", "line")])
def test_the_simulator_refuses_a_file_with_a_mistake(tmp_path, text, words):
    file = tmp_path / "switches.yaml"
    file.write_text(text)
    done = subprocess.run([str(binary()), "--listen", "127.0.0.1:0", "--switches", str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert words in done.stderr and str(file) in done.stderr
