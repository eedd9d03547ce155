"""The API's contract, docs/api/openapi.yaml, against a running service: one test for each operation.

A right request of each operation must succeed inside its schema. Then schemathesis draws requests from the contract, right ones and
wrong ones, with a fixed seed: every answer has a status, a content type and a body as they are described there. Objects of answers
are taken as closed: what is told and not described is a fault of the contract. No 5xx but those that an operation names itself
(a source or Iterable is out of reach, or has not what it is asked for).
"""

import contextlib
import http.client
import json
import re
import urllib.parse

import pytest
import yaml

from served import PASSWORD, Answer, Served, until
from simulated import Simulated
from world import ROOT, World, populate

API = "/api/v1"
CONTRACT = yaml.safe_load((ROOT / "docs" / "api" / "openapi.yaml").read_text())
OPERATIONS = {operation["operationId"]: (method.upper(), path, operation)
              for path, methods in CONTRACT["paths"].items() for method, operation in methods.items()}
KINDS = ["sources", "models", "segments", "destinations", "activations"]

EXAMPLES = 12  # drawn for each operation and kind of request
# Each of these starts a run or an audit, or hashes a password, which takes a hundred times as long as any other.
SLOW = {"run_activation": 3, "audit_activation": 2, "archive_activation": 3, "plan_activation": 4, "begin_session": 2, "redeem_word": 4, "make_user": 4,
        "change_user": 4, "destination_fields": 3, "check_destination": 4, "check_activation": 4}


class Company:
    """A small company with a service, and objects of every kind: `uids` of those that are asked about, `spare` of those that are changed
    and removed."""

    def __init__(self, folder):
        self.world = World(folder, Simulated("hybrid"))
        self.world.whole_program = True
        populate(self.world, people=16)
        self.world.write_source()
        catalog = self.world.catalog()
        catalog["destinations"][0]["defaults"] = {"model": "customers", "match_key": {"type": "email", "field": "email"}}
        self.world.apply(catalog=catalog)
        self.service = Served(self.world)
        self.admin = self.service.admin
        self.uids = {kind: self.admin.items(f"{API}/{kind}")[0]["uid"] for kind in KINDS}
        activation = self.uids["activations"]
        ended = self.admin.ok("POST", f"{API}/activations/{activation}/run?wait=90", {})
        self.uids["runs"] = ended["report"]["run_id"]
        self.fresh = 0
        self.spare = {kind: self.made(kind)["uid"] for kind in [*KINDS, "users", "tokens", "alerts"]}
        self.uids["alerts"] = self.made("alerts")["uid"]
        self.uids["users"] = self.spare["users"]
        self.uids["tokens"] = self.spare["tokens"]

    def body_of(self, kind):
        self.fresh += 1
        name = f"new {self.fresh}"
        return {
            "sources": {"name": name, "kind": "duckdb", "path": str(self.world.folder / "shop.duckdb")},
            "models": {"name": name, "type": "users", "source": "shop", "table": "people", "primary_key": "customer_id"},
            "segments": {"name": name, "model": "customers", "where": {"field": "newsletter", "op": "is_true"}, "tags": ["a"], "description": "b"},
            "destinations": self.world.catalog()["destinations"][0] | {"name": name, "api_key": self.world.double.api_key},
            "activations": {"segment": "Lapsed VIPs", "destination": "Iterable", "name": name, "match_key": {"type": "email", "field": "email"}},
            "users": {"email": f"user{self.fresh}@example.com", "name": name, "role": "viewer"},
            "tokens": {"name": name, "role": "viewer", "expires_in_days": 1},
            "alerts": {"name": name, "kind": "webhook", "url": "http://127.0.0.1:1/nobody-listens", "secret": "s", "troubles": ["failed"]},
        }[kind]

    def made(self, kind):
        return self.admin.ok("POST", f"{API}/{kind}", self.body_of(kind), status=201)

    def end(self):
        try:
            self.service.end()
            self.world.assert_clean()
        finally:
            self.world.double.close()


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    company = Company(tmp_path_factory.mktemp("company"))
    yield company
    company.end()


# --- What an answer may be.

def closed(schema, inside=False):
    """The same schema, whose objects have no properties but those that are described. `inside`: a part of an allOf, which the whole closes."""
    if isinstance(schema, list):
        return [closed(one, inside) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{'open' if inside else 'closed'}-{schema['$ref'].rsplit('/', 1)[1]}"}
    out = {}
    for name, value in schema.items():
        if name == "properties":
            out[name] = {key: closed(one) for key, one in value.items()}
        elif name in ("items", "additionalProperties", "oneOf"):
            out[name] = closed(value)
        elif name == "allOf":
            out[name] = closed(value, inside=True)
        else:
            out[name] = value
    if not inside and ("properties" in schema or "allOf" in schema) and "additionalProperties" not in schema:
        out["unevaluatedProperties"] = False
    return out


SCHEMAS = CONTRACT["components"]["schemas"]
DEFINITIONS = {f"{form}-{name}": closed(schema, form == "open") for name, schema in SCHEMAS.items() for form in ("open", "closed")}


def misfits(schema, value) -> list[str]:
    import jsonschema_rs

    whole = dict(closed(schema), **{"$defs": DEFINITIONS})
    return [f"at /{'/'.join(map(str, error.instance_path))}: {error.message}"[:600] for error in jsonschema_rs.Draft202012Validator(whole).iter_errors(value)]


def resolved(part):
    return CONTRACT["components"]["responses"][part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part


def judge(name, answer) -> list[str]:
    """What of an answer is not as the contract has it."""
    responses = OPERATIONS[name][2]["responses"]
    described = responses.get(str(answer.status))
    if described is None:
        if answer.status >= 500 or answer.status < 400:
            return [f"the status {answer.status} is not described"]
        described = responses["default"]
    described = resolved(described)
    wrong = [f"the header {header} is missing" for header, one in described.get("headers", {}).items() if one.get("required") and header.lower() not in answer.headers]
    content = described.get("content")
    if content is None:
        return wrong + (["a body that is not described"] if answer.body else [])
    if answer.type not in content:
        return [*wrong, f"the content type {answer.type} is not described"]
    schema = content[answer.type]["schema"]
    if answer.type in ("application/json", "application/problem+json"):
        try:
            wrong += misfits(schema, json.loads(answer.body))
        except ValueError:
            wrong.append("this is no JSON")
        if answer.type == "application/problem+json" and not wrong and answer.json["status"] != answer.status:
            wrong.append("the problem is of another status")
    elif answer.type == "application/x-ndjson":
        wrong += [] if all(len(json.loads(line)) == 1 for line in answer.body.splitlines()) else ["a line with several names"]
    else:
        answer.body.decode()
    return wrong


# --- Asking.

def ask(company, method, target, body=None, headers=None) -> Answer:
    """One request; of events that go on for ever the first."""
    sent = dict(company.admin.headers, **(headers or {}))
    connection = http.client.HTTPConnection("127.0.0.1", company.service.port, timeout=90)
    try:
        connection.request(method, target, body, sent)
        answer = connection.getresponse()
        if answer.getheader("content-type") == "text/event-stream":
            read = b""
            while line := answer.readline():
                read += line
                if line == b"\n":
                    break
        else:
            read = answer.read()
        got = Answer(answer.status, answer.getheaders(), read)
    finally:
        connection.close()
    company.service.heard.append(got)
    return got


JSON = {"Content-Type": "application/json"}
BYTES = {"Content-Type": "application/octet-stream"}
UNSAVED = {"model": "customers", "where": {"field": "newsletter", "op": "is_true"}}


def right(company, name):
    """(target, body, headers) of requests that must succeed."""
    method, path, _ = OPERATIONS[name]
    kind = path.split("/")[3] if path.startswith(API) else ""
    uid = company.uids.get(kind)
    target = path.replace("{uid}", uid or "")
    simple = [(target, None, {})]
    if name in ("to_provider", "from_provider"):
        return []  # this service has no identity provider; see test_oidc.py
    if name in ("make_demo", "pass_demo_day", "delete_demo"):
        return []  # names of the demo shop's are taken here; see test_demo.py
    if name.startswith("make_"):
        body = company.body_of(kind)
        return [(target, body, {}), *([(target + "?dry_run=true", company.body_of(kind), {})] if kind in KINDS else [])]
    if name.startswith("put_"):
        at = f"{API}/{kind}/{company.made(kind)['uid']}"
        read = ask(company, "GET", at).json
        return [*([(at + "?dry_run=true", read, {"If-Match": "*"})] if kind in KINDS else []), (at, read, {"If-Match": "*"} if kind in KINDS else {})]
    if name == "delete_file":
        assert ask(company, "POST", f"{API}/files?name=away.csv", "id\n", BYTES).status == 201
        return [(f"{API}/files/away.csv", None, {})]
    if name.startswith("delete_"):
        return [(f"{API}/{kind}/{company.made(kind)['uid']}", None, {})]
    if name.startswith("get_") and kind in KINDS:
        etag = ask(company, "GET", target).headers["etag"]
        return [*simple, (target, None, {"If-None-Match": etag})]
    return {
        "list_activations": [(target + "?archived=true", None, {}), (target + "?limit=1", None, {})],
        "list_runs": [(target + "?status=completed&limit=1", None, {})],
        "apply_catalog": [(target, yaml.safe_dump({"version": 1, "segments": company.world.catalog()["segments"]}), {"Content-Type": "application/yaml"})],
        "bring_file": [(target + "?name=people.csv&more=true", "id,em", BYTES), (target + "?name=people.csv&from=5", "ail\n", BYTES)],
        "next_times": [(target, {"schedule": schedule, "count": 2}, {}) for schedule in ("manual", {"every": "15m"}, {"cron": "0 7 * * *", "tz": "Europe/Paris"})],
        "source_columns": [(target + "?table=people", None, {})],
        "preview_model": [(target + "?key=true&limit=2", {"source": "shop", "table": "people", "primary_key": "customer_id"}, {}),
                          (target, {"source": "shop", "sql": "SELECT * FROM people"}, {})],
        "model_values": [(target + "?field=vip", None, {})],
        "count_unsaved": [(target, UNSAVED, {}), (target + "?by=vip", UNSAVED, {})],
        "segment_count": [(target, None, {}), (target + "?by=vip&limit=1", None, {})],
        "preview_unsaved": [(target + "?limit=2", UNSAVED, {})],
        "sql_unsaved": [(target, UNSAVED, {})],
        "sentence_unsaved": [(target, UNSAVED, {})],
        "overlap_segments": [(target, {"first": company.uids["segments"], "second": UNSAVED}, {})],
        "activate_segment": [(target, {"destination": company.uids["destinations"], "name": "one click", "run": False}, {})] * 2,
        "run_activation": [(target + "?wait=90", {}, {}), (target, {"full": True}, {})],
        "plan_activation": [(target, {"prove": True, "all": True}, {}), (target, {}, {"Accept": "application/x-ndjson"})],
        "audit_activation": [(target + "?limit=2", None, {}), (target, None, {"Accept": "application/x-ndjson"})],
        "archive_activation": [(f"{API}/activations/{company.made('activations')['uid']}/archive", {"list": "keep"}, {})] if name == "archive_activation" else [],
        "activation_why": [(target + "?key=user2@example.com", None, {}), (target + "?key=nobody@example.com", None, {})],
        "run_rejects": [(target + "?kind=all", None, {}), (target + "?kind=all&format=csv", None, {})],
        "begin_session": [(target, {"email": "ada@example.com", "password": PASSWORD}, {})],
        "change_own_password": [],  # needs a page's session: test_serve.py
        "redeem_word": [(target, {"word": company.made("users")["invitation"], "password": PASSWORD}, {})] if name == "redeem_word" else [],
        "change_user": [(target, {"name": "Another", "disabled": False}, {})],
    }.get(name, simple)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_right_request_succeeds_as_the_contract_says(company, name):
    method, path, _ = OPERATIONS[name]
    if name == "begin_session" and "ada@example.com" not in {one["email"] for one in company.admin.items(f"{API}/users")}:
        company.admin.ok("POST", f"{API}/users", {"email": "ada@example.com", "password": PASSWORD}, status=201)
    if name.endswith("_activation"):  # nothing else is under way
        until(lambda: company.service.jobs() == {}, "a run of the test before goes on")
    for target, body, headers in right(company, name):
        sent = headers if body is None or "Content-Type" in headers else headers | JSON
        answer = ask(company, method, target, json.dumps(body) if isinstance(body, (dict, list)) else body, sent)
        assert answer.status < 400, f"{method} {target}: {answer}"
        wrong = judge(name, answer)
        assert not wrong, f"{method} {target}: {wrong}\n{answer}"
        last = json.loads(answer.body.splitlines()[-1]) if answer.type == "application/x-ndjson" else None
        if last is not None:
            told = {"plan_activation": "plan", "audit_activation": "audit"}[name]
            assert list(last) == [told] and not misfits({"$ref": f"#/components/schemas/{told.title()}"}, last[told]), last


# --- Drawn requests.

@pytest.fixture(scope="module")
def operations():
    """schemathesis' operation for each name."""
    import schemathesis

    schema = schemathesis.openapi.from_dict(CONTRACT)
    return {result.ok().definition.raw["operationId"]: result.ok() for result in schema.get_all_operations()}


def target_of(company, name, case, real: bool) -> str:
    method, path, _ = OPERATIONS[name]
    kind = path.split("/")[3] if path.startswith(API) else ""
    drawn = str((case.path_parameters or {}).get("uid", ""))
    if real:  # of an object that is there; what changes or ends one is given one that nobody else needs
        changes = method in ("PUT", "PATCH", "DELETE") or name == "archive_activation"
        drawn = (company.spare if changes else company.uids).get(kind, drawn)
    query = {key: value for key, value in (case.query or {}).items() if value is not None}
    if name == "run_activation" and "wait" in query:
        query["wait"] = "1"  # it may draw an hour
    if name == "apply_catalog":
        query.pop("prune", None)  # would remove the catalog that the other tests ask about
    text = urllib.parse.urlencode({key: {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value for key, value in query.items()},
                                  doseq=True)
    return path.replace("{uid}", urllib.parse.quote(drawn, safe="")) + ("?" + text if text else "")


def body_of(case):
    from schemathesis.core import NOT_SET

    if isinstance(case.body, type(NOT_SET)):
        return None
    if isinstance(case.body, bytes):
        return case.body
    if case.media_type == "application/yaml" and isinstance(case.body, str):
        return case.body.encode("utf-8", "surrogatepass")
    return json.dumps(case.body).encode()


def run(company, operation, name, mode) -> int:
    """Draws requests and judges the answers; how many there were."""
    import hypothesis
    from hypothesis import HealthCheck, given, settings, strategies
    from hypothesis.database import InMemoryExampleDatabase

    answers = 0

    @hypothesis.seed(20261129)
    @settings(max_examples=SLOW.get(name, EXAMPLES), deadline=None, database=InMemoryExampleDatabase(), suppress_health_check=list(HealthCheck),
              phases=[hypothesis.Phase.generate], print_blob=False)
    @given(case=operation.as_strategy(generation_mode=mode), real=strategies.booleans())
    def each(case, real):
        target, body = target_of(company, name, case, real), body_of(case)
        if not target.isascii() or re.search(r"[\x00-\x20]", target) or "//" in target.split("?")[0] or target.split("?")[0].endswith("/"):
            return  # an empty part of a path makes it another path
        headers = {key: str(value) for key, value in (case.headers or {}).items() if key.lower() in ("if-match", "idempotency-key", "accept")}
        if any(not value.isascii() or re.search(r"[\x00-\x1f\x7f]", value) or value != value.strip() for value in headers.values()):
            return
        if body is not None:
            headers["Content-Type"] = case.media_type or "application/json"
        if name == "end_session":
            headers = {}
        answer = ask(company, case.method.upper(), target, body, headers)
        nonlocal answers
        answers += 1
        # A part that spells a path of its own is another operation.
        wrong = judge(name, answer) if answer.status != 405 else []
        assert not wrong, f"{name}: {wrong}\n{case.method} {target}\n{body!r}\n{answer}"

    each()
    return answers


@pytest.mark.parametrize("name", OPERATIONS)
def test_whatever_is_asked_is_answered_as_the_contract_says(company, operations, name):
    from hypothesis.errors import Unsatisfiable
    from schemathesis import GenerationMode

    assert run(company, operations[name], name, GenerationMode.POSITIVE) > 0, "no request was drawn"
    has_input = OPERATIONS[name][2].get("parameters") or OPERATIONS[name][2].get("requestBody")
    if has_input:
        with contextlib.suppress(Unsatisfiable):  # where every request is a right one
            run(company, operations[name], name, GenerationMode.NEGATIVE)
    assert company.service.process.poll() is None, company.service.errors[-4000:]


def test_the_judge_notices_what_is_outside():
    def made(status, value, kind="application/json"):
        return Answer(status, [("Content-Type", kind)], json.dumps(value).encode())

    assert judge("get_health", made(200, {"status": "ok"})) == []
    assert judge("get_health", made(200, {"status": "ill"})) != []
    assert judge("get_health", made(200, {"status": "ok", "more": 1})) != [], "what is not described"
    assert judge("get_health", made(201, {"status": "ok"})) == ["the status 201 is not described"]
    assert judge("get_health", made(503, {})) == ["the status 503 is not described"]
    assert judge("get_health", made(200, {"status": "ok"}, "text/html")) == ["the content type text/html is not described"]
    problem = {"type": "about:blank", "title": "x", "status": 404}
    assert judge("get_health", made(404, problem, "application/problem+json")) == []
    assert judge("get_health", made(403, problem, "application/problem+json")) == ["the problem is of another status"]
    assert "the header ETag is missing" in judge("get_segment", made(200, {}))
    assert judge("delete_segment", Answer(204, [], b"")) == [] and judge("delete_segment", Answer(204, [], b"x")) != []
