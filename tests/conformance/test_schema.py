"""Iterable's own description of its API against the simulator, by schemathesis: one test each operation.

Requests are drawn from the description, right ones and wrong ones, with a fixed seed; no answer may have a status
that is not declared there, nor a body outside the declared schema, but for EXCEPTIONS, each with its reason. The
description (api-docs.json, Swagger 2.0) lies beside the tree in shared/data/iterable, or where ITERABLE_API_DOCS
says; a clone without it skips these tests.
"""

import contextlib
import json
import os
import re
import urllib.parse
from pathlib import Path

import pytest

from simulator import API_KEY, ROOT, Simulator

DOCS = Path(os.environ.get("ITERABLE_API_DOCS", ROOT.parent / "shared" / "data" / "iterable" / "api-docs.json"))
pytestmark = pytest.mark.skipif(not DOCS.exists(), reason="the description of the API is not beside the tree")

EXAMPLES = 40  # drawn for each operation and kind of request

# (operation, what is outside the description) -> why the simulator is right all the same. `*` is every operation.
EXCEPTIONS = {
    ("GET /api/export/{jobId}/files", "status 404"): "the description declares the success alone; a job that does not exist cannot be one",
    ("GET /api/export/{jobId}/files", "status 400"): "as above, for an id that is no number",
    ("POST /api/export/start", "status 400"): "as above, for a body that is wrong",
    ("*", "schema at params: null"): "recorded of every such call, 2017 to 2021: params is null where it says nothing",
    ("GET /api/export/jobs", "schema at jobs.N.dataTypeName:"): "declared as an object; the name of the type is a text in every client",
    ("GET /api/export/jobs", "schema at jobs.N.jobState:"): "as above; lower case is all that the official client takes",
    ("GET /api/export/{jobId}/files", "schema at jobState:"): "declared with capitals; the official client takes lower case alone",
}


def implemented() -> list[str]:
    """The operations of the simulator's table of routes: METHOD /path."""
    text = (ROOT / "sim" / "routes.cpp").read_text()
    return [f"{method} {path}" for method, path in re.findall(r'\{"(GET|POST|PUT|PATCH|DELETE)",\s*"(/api/[^"]+)"', text)]


OPERATIONS = implemented()


@pytest.fixture(scope="module")
def description():
    return json.loads(DOCS.read_text())


@pytest.fixture(scope="module")
def operations(description):
    """schemathesis' operation for each name; nothing is asked of the network."""
    import schemathesis

    schema = schemathesis.openapi.from_dict(description)
    out = {}
    for result in schema.get_all_operations():
        with contextlib.suppress(Exception):  # an operation the library cannot read is missed below, by name
            operation = result.ok()
            out[f"{operation.method.upper()} {operation.path}"] = operation
    return out


@pytest.fixture
def sim():
    """A project with somebody, something and a finished export in it, so that right requests succeed."""
    with Simulator("hybrid", switches={"subscriptions_api": "on", "project_new_fields": "add", "export_job_ms": 0}) as running:
        running.add_people({"email": "known@example.com", "userId": "known", "dataFields": {"rank": 1}})
        running.make_list("known", id=1)
        running.post("/api/export/start", {"dataTypeName": "user", "outputFormat": "text/csv"})
        yield running


def misfits(schema: dict, value, definitions: dict) -> list[str]:
    """Where `value` is outside `schema`, and why: "schema at jobs.N.id: …", with N for any index."""
    import jsonschema_rs

    out = []
    for error in jsonschema_rs.Draft4Validator(dict(schema, definitions=definitions)).iter_errors(value):
        place = ".".join("N" if isinstance(part, int) else part for part in error.instance_path)
        out.append(f"schema at {place}: {error.message}")
    return out


def judge(description: dict, operation: str, answer) -> list[str]:
    """What is outside the description in this answer, in words that EXCEPTIONS can name."""
    method, path = operation.split(" ")
    declared = description["paths"][path][method.lower()]
    responses = declared["responses"]
    response = responses.get(str(answer.status), responses.get("default"))
    if response is None:
        return [f"status {answer.status}"]
    if answer.status >= 300 or "schema" not in response:
        return []
    schema = response["schema"]
    if schema == {"type": "string"}:  # text, CSV and lines of JSON are all declared so
        return [] if answer.headers["content-type"] != "application/json" else ["text declared, JSON sent"]
    try:
        value = answer.json
    except ValueError:
        return ["JSON declared, something else sent"]
    return misfits(schema, value, description["definitions"])


def beyond_exceptions(operation: str, wrong: list[str]) -> list[str]:
    return [one for one in wrong
            if not any(where in ("*", operation) and one.startswith(what) for where, what in EXCEPTIONS)]


def target_of(case) -> str:
    path = case.path
    for name, value in (case.path_parameters or {}).items():
        path = path.replace("{" + name + "}", urllib.parse.quote(str(value), safe=""))
    query = {name: value for name, value in (case.query or {}).items() if value is not None}
    return path + ("?" + urllib.parse.urlencode(query, doseq=True) if query else "")


def spoken_of(case) -> str:
    """The operation that the request really is: a path parameter may spell another path, such as getFields."""
    from_path = case.path
    wanted = target_of(case).split("?")[0].split("/")
    for one in OPERATIONS:
        method, path = one.split(" ")
        parts = path.split("/")
        if method == case.method.upper() and len(parts) == len(wanted) and all(
                a == b or (a.startswith("{") and b) for a, b in zip(parts, wanted)):
            return one
    return f"{case.method.upper()} {from_path}"


def run(operation, name: str, description: dict, sim, mode) -> int:
    """Draws requests and judges the answers; how many there were."""
    import hypothesis
    from hypothesis import HealthCheck, given, settings
    from hypothesis.database import InMemoryExampleDatabase

    answers = 0

    @hypothesis.seed(20261124)
    @settings(max_examples=EXAMPLES, deadline=None, database=InMemoryExampleDatabase(), suppress_health_check=list(HealthCheck),
              phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate, hypothesis.Phase.shrink], print_blob=False)
    @given(case=operation.as_strategy(generation_mode=mode))
    def each(case):
        from schemathesis.core import NOT_SET

        body = None if isinstance(case.body, type(NOT_SET)) else case.body
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        target = target_of(case)
        if not target.isascii() or re.search(r"[\x00-\x20]", target):
            return
        answer = sim.send(case.method.upper(), target, body, {"Api-Key": API_KEY})
        real = spoken_of(case)
        if answer.status == 404 and answer.headers["content-type"].startswith("text/html"):
            # An empty or a longer path is another path: nothing the description speaks of.
            assert real not in OPERATIONS or "//" in target or target.split("?")[0].endswith("/"), (target, answer)
            return
        nonlocal answers
        answers += 1
        real = real if real in OPERATIONS else name
        wrong = beyond_exceptions(real, judge(description, real, answer))
        assert not wrong, f"{real}: {wrong}\n{case.method} {target}\n{body!r}\n{answer}"

    each()
    return answers


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_answers_as_described(description, operations, sim, name):
    from hypothesis.errors import Unsatisfiable
    from schemathesis import GenerationMode

    assert name in operations, f"{name} is not in the description"
    right = run(operations[name], name, description, sim, GenerationMode.POSITIVE)
    assert right > 0, "no request was drawn"
    has_input = bool(operations[name].definition.raw.get("parameters"))
    if has_input:
        with contextlib.suppress(Unsatisfiable):  # where every request is a right one
            run(operations[name], name, description, sim, GenerationMode.NEGATIVE)


# A right request for each operation with a schema of its own, so that the shapes are known to have been looked at.
RIGHT = [
    ("GET /api/lists", "/api/lists", None),
    ("POST /api/lists", "/api/lists", {"name": "new"}),
    ("POST /api/lists/subscribe", "/api/lists/subscribe", {"listId": 1, "subscribers": [{"email": "known@example.com"}, NOBODY := {"email": "x@"}]}),
    ("POST /api/lists/unsubscribe", "/api/lists/unsubscribe", {"listId": 1, "subscribers": [{"userId": "known"}, {"userId": "nobody"}]}),
    ("POST /api/users/update", "/api/users/update", {"email": "known@example.com", "dataFields": {"rank": 2}}),
    ("POST /api/users/bulkUpdate", "/api/users/bulkUpdate", {"users": [{"userId": "known"}, NOBODY]}),
    ("GET /api/users/getByEmail", "/api/users/getByEmail?email=known@example.com", None),
    ("GET /api/users/byUserId/{userId}", "/api/users/byUserId/known", None),
    ("GET /api/users/getFields", "/api/users/getFields", None),
    ("GET /api/users/getSentMessages", "/api/users/getSentMessages?userId=known", None),
    ("GET /api/users/forgotten", "/api/users/forgotten", None),
    ("GET /api/users/forgottenUserIds", "/api/users/forgottenUserIds", None),
    ("POST /api/users/bulkUpdateSubscriptions", "/api/users/bulkUpdateSubscriptions", {"updateSubscriptionsRequests": [{"userId": "known"}]}),
    ("POST /api/export/start", "/api/export/start", {"dataTypeName": "user", "outputFormat": "text/csv"}),
    ("GET /api/export/jobs", "/api/export/jobs", None),
    ("GET /api/export/{jobId}/files", "/api/export/1001/files", None),
]


@pytest.mark.parametrize("operation, target, body", RIGHT, ids=[one[0] for one in RIGHT])
def test_a_right_request_succeeds_inside_the_schema(sim, description, operation, target, body):
    answer = sim.send(operation.split(" ")[0], target, body)
    assert answer.status == 200, answer
    assert not beyond_exceptions(operation, judge(description, operation, answer)), answer


def test_the_judge_notices_what_is_outside(description):
    class Made:
        def __init__(self, status, body):
            self.status, self.body, self.headers = status, body, {"content-type": "application/json"}
            self.json = body

    assert judge(description, "GET /api/lists", Made(418, {})) == ["status 418"]
    assert judge(description, "GET /api/lists", Made(200, {"lists": []})) == []
    assert len(judge(description, "GET /api/lists", Made(200, {"lists": [{"id": 1}]}))) == 3, "name, createdAt and listType are missing"
    (wrong,) = judge(description, "POST /api/lists", Made(200, {"listId": "1"}))
    assert wrong.startswith("schema at listId: ")
    assert beyond_exceptions("POST /api/lists", [wrong]) == [wrong]


@pytest.mark.parametrize("operation, what", EXCEPTIONS, ids=[" ".join(key) for key in EXCEPTIONS])
def test_an_exception_still_occurs(start, description, operation, what):
    """An exception nobody needs any more must go."""
    sim = start("hybrid", switches={"export_job_ms": 0})
    job = sim.post("/api/export/start", {"dataTypeName": "user", "outputFormat": "text/csv"}).json["jobId"]
    tried = {
        ("GET /api/export/{jobId}/files", "status 404"): ("GET", "/api/export/999/files", None),
        ("GET /api/export/{jobId}/files", "status 400"): ("GET", "/api/export/x/files", None),
        ("POST /api/export/start", "status 400"): ("POST", "/api/export/start", {}),
        ("*", "schema at params: null"): ("POST", "/api/users/update", {"userId": "somebody"}),
        ("GET /api/export/jobs", "schema at jobs.N.dataTypeName:"): ("GET", "/api/export/jobs", None),
        ("GET /api/export/jobs", "schema at jobs.N.jobState:"): ("GET", "/api/export/jobs", None),
        ("GET /api/export/{jobId}/files", "schema at jobState:"): ("GET", f"/api/export/{job}/files", None),
    }
    method, target, body = tried[operation, what]
    wrong = judge(description, f"{method} /api/users/update" if operation == "*" else operation, sim.send(method, target, body))
    assert any(one.startswith(what) for one in wrong), wrong
