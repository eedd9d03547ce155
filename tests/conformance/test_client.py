"""Iterable's own client against the simulator: every method it has for what is simulated, one test each.

The methods are called in client/methods.mjs; here the simulators are started, and what it says is told. The
client comes from npm, held to client/package-lock.json; ITERABLE_CLIENT is the folder with its node_modules.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from simulator import API_KEY, Simulator

HERE = Path(__file__).parent
# What the client has for lists, users, subscriptions and exports.
METHODS = [
    "getLists", "createList", "deleteList", "subscribeUserToList", "unsubscribeUserFromList", "getListUsers", "getListSize",
    "getListPreviewUsers", "getUserByEmail", "getUserByUserId", "updateUser", "bulkUpdateUsers", "deleteUserByEmail",
    "deleteUserByUserId", "updateEmail", "updateUserSubscriptions", "mergeUsers", "getUserFields", "getSentMessages",
    "startExportJob", "getExportJobs", "getExportFiles", "cancelExportJob", "bulkUpdateSubscriptions", "subscribeUserByEmail",
    "subscribeUserByUserId", "unsubscribeUserByEmail", "unsubscribeUserByUserId",
]
ERRORS = ["wrongKey", "unknownPath", "throttled", "lostAnswer"]
SWITCHES = {"subscriptions_api": "on", "project_new_fields": "add", "export_job_ms": 50, "get_users_order": "sorted"}


def client_folder() -> Path:
    folder = Path(os.environ.get("ITERABLE_CLIENT", HERE / "client")) / "node_modules" / "@iterable" / "api"
    assert folder.exists(), "the official client is not installed: run ./dev test, or npm ci in tests/conformance/client"
    return folder


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict]:
    """What methods.mjs says of each case, after one run of all of them."""
    with (Simulator("hybrid", "--api-key", API_KEY, switches=SWITCHES) as hybrid,
          Simulator("email", "--api-key", API_KEY, switches=SWITCHES) as email):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ITERABLE_")}
        done = subprocess.run(["node", str(HERE / "client" / "methods.mjs"), str(client_folder() / "dist" / "index.js")],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
                              env=kept | {"HYBRID_URL": hybrid.url, "EMAIL_URL": email.url})
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return {one["name"]: one for one in lines}


@pytest.mark.parametrize("name", METHODS + ERRORS)
def test_method(outcomes, name):
    assert name in outcomes, f"methods.mjs says nothing of {name}"
    assert outcomes[name]["ok"], outcomes[name]["error"]


def test_no_case_is_left_out(outcomes):
    assert set(outcomes) == set(METHODS + ERRORS)


def test_every_method_of_the_clients_rooms_is_named():
    """A newer client with a method more must not pass unnoticed."""
    found = set()
    for room in ("lists", "users", "subscriptions", "export"):
        found |= set(re.findall(r"^ +async (\w+)\(", (client_folder() / "dist" / "client" / f"{room}.js").read_text(), re.M))
    assert found == set(METHODS)
