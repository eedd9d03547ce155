"""The service from outside: who may do what, the catalog, segments, runs and schedules over real sockets, and what survives a kill."""

import csv
import gzip
import io
import json
import os
import re
import signal
import socket
import threading
import time
import urllib.parse

import pytest
import yaml

from served import PASSWORD, Caller, until
from world import ROOT, assert_sums, binary, customer, files_with, ready

API = "/api/v1"
CONTRACT = yaml.safe_load((ROOT / "docs" / "api" / "openapi.yaml").read_text())
NOBODY = "does-not-exist"  # a uid


@pytest.fixture
def world(make_world):
    return ready(make_world())


@pytest.fixture
def service(world, serve):
    return serve(world)


@pytest.fixture
def admin(service):
    return service.admin


def only(caller, kind):
    """The uid of the one object of a kind that there is."""
    one, = caller.items(f"{API}/{kind}")
    return one["uid"]


def run_now(admin, uid, order=None, **headers):
    """A run, and how it ended."""
    ended = admin.ok("POST", f"{API}/activations/{uid}/run?wait=120", order or {}, headers)
    assert ended["state"] == "ended" and ended["error"] is None, ended
    assert_sums(ended["report"])
    return ended["report"]


def problem(answer, status, code, pointer=None):
    """A refusal that programs can tell by its code."""
    assert answer.status == status and answer.type == "application/problem+json", answer
    said = answer.json
    assert said["status"] == status and said["code"] == code, said
    assert pointer is None or said["pointer"] == pointer, said
    assert said["title"] and said["detail"], said
    return said


# --- Who asks: the first account, sessions, other pages.

def test_the_set_up_link_makes_the_first_account_once(world, serve):
    service = serve(world)
    word = service.setup_word()
    nobody = service.nobody
    redeem = {"word": word, "email": "Ada@Example.com", "password": PASSWORD}
    problem(nobody("POST", f"{API}/setup", redeem | {"password": "short"}), 422, "password_short")
    problem(nobody("POST", f"{API}/setup", redeem | {"word": word[:-1] + ("a" if word[-1] != "a" else "b")}), 401, "credentials_wrong")
    answer = nobody("POST", f"{API}/setup", redeem)
    ada = service.signed_in(answer)
    assert answer.json["role"] == "admin" and answer.json["name"] == "ada@example.com"
    assert ada.ok("GET", f"{API}/session")["uid"] == answer.json["uid"]
    problem(nobody("POST", f"{API}/setup", redeem), 401, "credentials_wrong")
    problem(nobody("POST", f"{API}/setup", redeem | {"email": "eve@example.com"}), 401, "credentials_wrong")
    assert [one["email"] for one in ada.items(f"{API}/users")] == ["ada@example.com"]
    assert word not in service.end()
    assert files_with(world.home, word) == files_with(world.home, PASSWORD) == []
    again = serve(world)
    again.end()
    assert "setup" not in "".join(again.out_lines), "there is an account"


def test_of_many_who_redeem_the_link_at_once_one_is_let_in(world, serve):
    service = serve(world)
    word = service.setup_word()
    answers = []
    together = [threading.Thread(target=lambda i=i: answers.append(
        service.nobody("POST", f"{API}/setup", {"word": word, "email": f"user{i}@example.com", "password": PASSWORD}))) for i in range(4)]
    for one in together:
        one.start()
    for one in together:
        one.join()
    assert sorted(one.status == 200 for one in answers) == [False, False, False, True], answers
    assert {one.status for one in answers} <= {200, 401, 429}
    assert len(service.admin.items(f"{API}/users")) == 1


def test_the_page_is_public_and_bears_no_data(world, serve):
    service = serve(world)
    texts, nonces = set(), set()
    for path in ("/", "/sign-in", f"/setup?word={service.setup_word()}", "/segments/1234", "/<script>alert(1)</script>"):
        page = service.nobody.get(urllib.parse.quote(path, safe="/?="))
        assert page.status == 200 and page.type == "text/html" and page.headers["cache-control"] == "no-store"
        nonce = re.search(r"style-src 'self' 'nonce-(\w+)'", page.headers["content-security-policy"])[1]
        nonces.add(nonce)
        texts.add(page.text.replace(nonce, ""))
    assert len(texts) == 1 and len(nonces) == 5, "the same for everybody, but for the nonce"
    text, = texts
    assert world.name not in text
    for name in re.findall(r'"(/(?:assets/|icon)[^"]+)"', text):
        file = service.nobody.get(name)
        assert file.status == 200 and file.headers["content-encoding"] == "gzip" and gzip.decompress(file.body)
        assert service.nobody("HEAD", name).body == b""
        assert service.nobody("GET", name, headers={"If-None-Match": file.headers["etag"]}).status == 304
    assert service.nobody.get("/assets/none.js").status == 404
    refused = service.nobody("POST", "/sign-in", {})
    problem(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "GET"
    problem(service.nobody.get("/api"), 404, "not_found")
    problem(service.nobody.get("/api/v2/segments"), 404, "not_found")


@pytest.fixture
def ada(world, service):
    """An admin with a session."""
    answer = service.nobody("POST", f"{API}/setup", {"word": service.setup_word(), "email": "ada@example.com", "password": PASSWORD})
    return service.signed_in(answer)


def test_a_session_is_a_cookie_that_no_script_and_no_other_site_can_use(service, ada):
    answer = service.nobody("POST", f"{API}/session", {"email": "ADA@example.com", "password": PASSWORD})
    flags = answer.headers["set-cookie"].split("; ")
    assert re.fullmatch(r"rollcall=[\w-]{43}", flags[0])
    assert set(flags[1:]) == {"Path=/", "HttpOnly", "SameSite=Strict"}
    assert answer.cookie.split("=")[1] not in answer.text and answer.headers["cache-control"] == "no-store"
    session = service.signed_in(answer)
    assert session.ok("GET", f"{API}/session")["csrf_token"] == answer.json["csrf_token"]
    assert answer.cookie != ada.headers["Cookie"] and session.headers["X-CSRF-Token"] != ada.headers["X-CSRF-Token"]
    problem(service.nobody("POST", f"{API}/session", {"email": "ada@example.com", "password": "four unrelated words there"}), 401, "credentials_wrong")
    problem(service.nobody("POST", f"{API}/session", {"email": "eve@example.com", "password": PASSWORD}), 401, "credentials_wrong")


def test_a_write_of_a_session_bears_its_own_csrf_token(service, ada):
    other = service.signed_in(service.nobody("POST", f"{API}/session", {"email": "ada@example.com", "password": PASSWORD}))
    body = {"name": "nightly"}
    for wrong in (None, "", "wrong", other.headers["X-CSRF-Token"], ada.headers["X-CSRF-Token"] + "a", ada.headers["X-CSRF-Token"][:-1]):
        problem(ada("POST", f"{API}/tokens", body, {"X-CSRF-Token": wrong}), 403, "csrf_token_wrong")
        problem(ada("DELETE", f"{API}/session", None, {"X-CSRF-Token": wrong}), 403, "csrf_token_wrong")
    assert ada("GET", f"{API}/session", None, {"X-CSRF-Token": None}).status == 200, "what is only read needs none"
    assert service.admin.items(f"{API}/tokens") != [] and "nightly" not in {one["name"] for one in service.admin.items(f"{API}/tokens")}
    assert ada("POST", f"{API}/tokens", body).status == 201


def test_a_page_of_another_site_is_refused_whoever_it_is(service, ada):
    for site in ("cross-site", "same-site"):
        for caller in (ada, service.admin, service.nobody):
            problem(caller("POST", f"{API}/tokens", {"name": site}, {"Sec-Fetch-Site": site}), 403, "cross_site")
        problem(service.nobody("POST", f"{API}/session", {"email": "ada@example.com", "password": PASSWORD}, {"Sec-Fetch-Site": site}), 403, "cross_site")
    for site in ("same-origin", "none"):
        assert ada("POST", f"{API}/tokens", {"name": site}, {"Sec-Fetch-Site": site}).status == 201
    for method in ("GET", "POST"):
        foreign = service.nobody(method, f"{API}/health", None, {"Host": "evil.example"})
        assert foreign.status == 421, foreign


def test_signing_out_ends_the_session_and_no_other(service, ada):
    other = service.signed_in(service.nobody("POST", f"{API}/session", {"email": "ada@example.com", "password": PASSWORD}))
    out = ada("DELETE", f"{API}/session")
    assert out.status == 204 and out.body == b"" and "Max-Age=0" in out.headers["set-cookie"] and out.cookie == "rollcall="
    problem(ada("GET", f"{API}/session"), 401, "not_signed_in")
    assert other("GET", f"{API}/session").status == 200
    token = service.admin
    assert token("DELETE", f"{API}/session").status in (204, 422)
    assert token("GET", f"{API}/session").status == 200, "a token has no session that could end"


def test_a_user_changes_their_own_password_and_other_sessions_end(service, ada):
    at, other_word = f"{API}/session/password", "another four words here"
    other = service.signed_in(service.nobody("POST", f"{API}/session", {"email": "ada@example.com", "password": PASSWORD}))
    problem(ada("PUT", at, {"current": "not what it is", "password": other_word}), 422, "credentials_wrong", "/current")
    problem(ada("PUT", at, {"current": PASSWORD, "password": "short"}), 422, "password_short", "/password")
    problem(ada("PUT", at, {"current": PASSWORD}), 422, "key_missing", "/password")
    problem(service.admin("PUT", at, {"current": PASSWORD, "password": other_word}), 422, "no_password")
    assert ada("GET", f"{API}/session").status == other("GET", f"{API}/session").status == 200, "what was refused ends nothing"
    changed = ada("PUT", at, {"current": PASSWORD, "password": other_word})
    assert changed.status == 200 and service.signed_in(changed)("GET", f"{API}/session").status == 200
    assert ada("GET", f"{API}/session").status == other("GET", f"{API}/session").status == 401
    problem(service.nobody("POST", f"{API}/session", {"email": "ada@example.com", "password": PASSWORD}), 401, "credentials_wrong")
    assert service.nobody("POST", f"{API}/session", {"email": "ada@example.com", "password": other_word}).status == 200
    log = service.admin.items(f"{API}/log?action=changed%20password")
    assert [(one["who"], one["kind"], one["before"], one["after"]) for one in log] == [("ada@example.com", "user", None, None)]


def test_who_guesses_passwords_waits(service, ada):
    guess = {"email": "ada@example.com", "password": "a guess of no merit"}
    answers = [service.nobody("POST", f"{API}/session", guess) for _ in range(6)]
    assert [one.status for one in answers] == [401] * 5 + [429], answers
    problem(answers[-1], 429, "too_many_attempts")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 30
    assert service.nobody("POST", f"{API}/session", guess | {"password": PASSWORD}).status == 429


def test_a_token_that_nobody_gave_is_nobodys(service, ada):
    for wrong in ("Bearer rc_" + "a" * 43, "Bearer ", "Bearer x", "Basic YWRhOmFkYQ==", ""):
        answer = Caller(service, {"Authorization": wrong}).get(f"{API}/session")
        assert answer.status == 401 and answer.headers["www-authenticate"].startswith("Bearer"), (wrong, answer)
    # A page's cookie does not help a wrong token.
    assert ada("GET", f"{API}/session", None, {"Authorization": "Bearer rc_wrong"}).status == 401
    made = ada.ok("POST", f"{API}/tokens", {"name": "short", "role": "viewer", "expires_in_days": 1}, status=201)
    short = Caller(service, {"Authorization": "Bearer " + made["token"]})
    assert short.ok("GET", f"{API}/session") == {"kind": "token", "uid": made["uid"], "name": "short", "role": "viewer"}
    assert made["expires_at"] > made["created_at"] and made["made_by"] == "ada@example.com"
    assert "token" not in next(one for one in ada.items(f"{API}/tokens") if one["name"] == "short")
    problem(ada("POST", f"{API}/tokens", {"name": "short"}), 409, "name_taken")
    assert ada("DELETE", f"{API}/tokens/{made['uid']}").status == 204
    assert short("GET", f"{API}/session").status == 401
    assert [(one["action"], one["name"]) for one in ada.items(f"{API}/log?kind=token")] == [("removed", "short"), ("created", "short")]


def test_users_are_invited_changed_and_removed(service, ada):
    made = ada("POST", f"{API}/users", {"email": "ben@example.com", "name": "Ben", "role": "editor"})
    assert made.status == 201 and made.headers["location"] == f"{API}/users/{made.json['uid']}"
    ben = made.json
    assert ben["invitation"] and not ben["has_password"]
    redeemed = service.nobody("POST", f"{API}/setup", {"word": ben["invitation"], "password": PASSWORD + " too"})
    page = service.signed_in(redeemed)
    assert redeemed.json["role"] == "editor" and redeemed.json["uid"] == ben["uid"]
    problem(page("GET", f"{API}/users"), 403, "role_too_low")
    at = f"{API}/users/{ben['uid']}"
    assert ada.ok("PATCH", at, {"role": "admin"})["role"] == "admin"
    assert page("GET", f"{API}/session").status == 401, "another role, another session"
    problem(ada("PATCH", at, {"role": "owner"}), 422, "value_invalid", "/role")
    problem(ada("PATCH", at, {"rule": "admin"}), 422, "key_unknown", "/rule")
    problem(ada("PATCH", at, {"disabled": "yes"}), 422, "value_invalid", "/disabled")
    invitation = ada.ok("POST", at + "/invite", status=201)["invitation"]
    assert invitation != ben["invitation"]
    assert ada.ok("PATCH", at, {"disabled": True})["disabled"]
    problem(service.nobody("POST", f"{API}/session", {"email": "ben@example.com", "password": PASSWORD + " too"}), 401, "credentials_wrong")
    problem(ada("POST", at + "/invite"), 409, "user_disabled")
    assert ada("DELETE", at).status == 204
    assert ada("GET", at).status == ada("DELETE", at).status == 404
    me = ada.ok("GET", f"{API}/session")["uid"]
    for answer in (ada("DELETE", f"{API}/users/{me}"), ada("PATCH", f"{API}/users/{me}", {"role": "viewer"})):
        problem(answer, 409, "last_admin")
    log = ada.items(f"{API}/log?kind=user")
    assert [one["action"] for one in log] == ["removed", "changed", "invited", "changed", "redeemed", "created", "redeemed"]
    assert {one["who"] for one in log} == {"ada@example.com", "ben@example.com"} and {one["address"] for one in log} == {"127.0.0.1"}


# --- Every route, and who may take it, as the contract has it.

ROLES = [None, "viewer", "operator", "editor", "admin"]


def operations():
    for path, methods in CONTRACT["paths"].items():
        for method, operation in methods.items():
            needs = None
            if operation.get("security") != []:
                needs = re.search(r"Needs the role (\w+)\.", operation["description"])[1]
            yield method.upper(), path, needs


def test_each_role_may_do_what_the_contract_says_and_nothing_else(world, service):
    callers = {role: service.as_role(role) if role else service.nobody for role in ROLES}
    for role in ROLES[1:]:
        callers[role].get(f"{API}/session")
    wrong, asked = [], 0
    for method, path, needs in operations():
        target = path.replace("{uid}", NOBODY)
        for role, caller in callers.items():
            answer = caller(method, target, {} if method in ("POST", "PUT", "PATCH") else None)
            asked += 1
            may = needs is None or (role is not None and ROLES.index(role) >= ROLES.index(needs))
            refused = answer.status in (401, 403)
            if needs is None and answer.status == 401:
                refused = answer.json["code"] != "credentials_wrong"
            if may == refused or (refused and answer.status != (403 if role else 401)) or answer.status >= 500:
                wrong.append(f"{method} {path} by {role}: {answer}")
    assert not wrong, "\n".join(wrong)
    assert asked > 250
    problem(callers["viewer"].get(f"{API}/segments/{only(service.admin, 'segments')}/count?by=vip"), 403, "role_too_low")


def test_the_contract_names_every_route(service):
    """Held against the table of routes, for nothing can be asked for what nobody knows of."""
    table = re.findall(r'\{"(GET|POST|PUT|PATCH|DELETE)",\s*"([^"]+)",', (ROOT / "src" / "api" / "routes.cpp").read_text())
    kinds = ["sources", "models", "segments", "destinations", "activations"]
    routes = {(method, path.replace("{kind}", kind)) for method, path in table if path.startswith("/api/") or path == "/metrics" for kind in kinds}
    named = {(method, path) for method, path, _ in operations()}
    assert routes == named
    served = service.nobody.get(f"{API}/openapi.yaml")
    assert served.type == "application/yaml" and yaml.safe_load(served.text) == CONTRACT


def test_unknown_uids_and_those_of_another_kind_are_404(admin):
    segment, source = only(admin, "segments"), only(admin, "sources")
    for method, path, _ in operations():
        if "{uid}" not in path:
            continue
        kind = path.split("/")[3]
        for uid in (NOBODY, source if kind == "segments" else segment, "..", "a%2Fb", "%27%20OR%201=1"):
            body = {"destination": NOBODY, "name": "x", "kind": "csv", "source": "shop", "model": "customers", "segment": "Lapsed VIPs"}
            if path.endswith(("/run", "/plan", "/archive", "/invite")):
                body = {}
            if method == "PATCH":
                body = {"name": "x"}
            if path.endswith("/activate"):
                body = {"destination": NOBODY}
            target = path.replace("{uid}", uid) + ("?key=user2@example.com" if path.endswith("/why") else "?field=vip" if path.endswith("/values") else "")
            answer = admin(method, target, body if method in ("POST", "PUT", "PATCH") else None, {"If-Match": "*"} if method == "PUT" else None)
            assert answer.status == 404, f"{method} {target}: {answer}"
            assert answer.json["code"] == "not_found"


def test_other_paths_and_methods_are_told_apart(service, admin):
    problem(admin.get(f"{API}/nothing"), 404, "not_found")
    problem(admin.get(f"{API}/segments/"), 404, "not_found")
    answer = admin("PATCH", f"{API}/segments")
    problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "POST"}
    problem(admin("POST", f"{API}/segments/count", "<x/>", {"Content-Type": "text/xml"}), 415, "media_type_unknown")
    for body in ("{", "[]", '"x"', "null", "[" * 300, b"\xff\xfe"):
        problem(admin("POST", f"{API}/tokens", body, {"Content-Type": "application/json"}), 422, "body_invalid")
    head = admin("HEAD", f"{API}/segments")
    assert head.status == 200 and head.body == b""
    assert admin("POST", f"{API}/catalog", b"x" * (9 << 20)).status == 413


# --- The catalog, one object at a time.

def new_object(world, kind):
    return {
        "sources": {"name": "archive", "kind": "duckdb", "path": str(world.folder / "shop.duckdb")},
        "models": {"name": "buyers", "type": "users", "source": "shop", "table": "people", "primary_key": "customer_id"},
        "segments": {"name": "Newsletter", "model": "customers", "where": {"field": "newsletter", "op": "is_true"}},
        "destinations": world.catalog()["destinations"][0] | {"name": "Second", "api_key": world.double.api_key},
        "activations": {"segment": "Lapsed VIPs", "destination": "Iterable", "name": "Second list",
                        "match_key": {"type": "email", "field": "email"}},
    }[kind]


CHANGES = {"sources": {"name": "shelf"}, "models": {"name": "customers of ours"}, "segments": {"where": {"field": "vip", "op": "is_false"}},
           "destinations": {"settle": "1s"}, "activations": {"paused": True}}


@pytest.mark.parametrize("kind", CHANGES)
def test_an_object_is_made_read_changed_and_removed(world, service, kind):
    editor, admin = service.as_role("editor"), service.admin
    body = new_object(world, kind)
    would = editor.ok("POST", f"{API}/{kind}?dry_run=true", body)
    assert would == {"changed": True, "warnings": would["warnings"]}
    assert len(editor.items(f"{API}/{kind}")) == 1
    problem(editor("POST", f"{API}/{kind}?dry_run=1", body), 422, "parameter_invalid")
    assert len(editor.items(f"{API}/{kind}")) == 1, "a slip of the pen stores nothing"

    made = editor("POST", f"{API}/{kind}", body)
    assert made.status == 201, made
    uid, etag = made.json["uid"], made.headers["etag"]
    assert made.headers["location"] == f"{API}/{kind}/{uid}"
    problem(editor("POST", f"{API}/{kind}", body), 409, "name_taken", "/name")

    at = f"{API}/{kind}/{uid}"
    read = service.as_role("viewer").get(at)
    assert read.status == 200 and read.headers["etag"] == etag
    told = {name: value for name, value in made.json.items() if name != "warnings"}
    assert read.json == told
    for name, value in body.items():
        assert read.json[name] == ("stored" if name == "api_key" else value), name
    assert editor("GET", at, headers={"If-None-Match": etag}).status == 304
    assert {one["uid"] for one in editor.items(f"{API}/{kind}")} >= {uid}

    changed = read.json | CHANGES[kind]
    problem(editor("PUT", at, changed), 428, "if_match_missing")
    problem(editor("PUT", at, changed, {"If-Match": '"0123"'}), 412, "object_changed")
    assert editor.ok("PUT", at + "?dry_run=true", changed, {"If-Match": etag})["changed"]
    assert editor.get(at).headers["etag"] == etag
    unchanged = editor("PUT", at, read.json, {"If-Match": etag})
    assert unchanged.status == 200 and unchanged.headers["etag"] == etag, "what was read is what may be written"
    answer = editor("PUT", at, changed, {"If-Match": etag})
    assert answer.status == 200 and answer.headers["etag"] != etag and answer.json["uid"] == uid
    for name, value in CHANGES[kind].items():
        assert answer.json[name] == editor.get(at).json[name] == value
    problem(editor("PUT", at, read.json, {"If-Match": etag}), 412, "object_changed")

    if kind == "destinations":
        check = editor.ok("POST", at + "/check")
        assert check["ok"], "the secret that was read as `stored` is what it was"
    problem(editor("DELETE", at, None, {"If-Match": etag}), 412, "object_changed")
    assert editor("DELETE", at, None, {"If-Match": answer.headers["etag"]}).status == 204
    if kind == "activations":
        assert uid not in {one["uid"] for one in editor.items(f"{API}/{kind}")}
        gone, = [one for one in editor.items(f"{API}/{kind}?archived=true") if one["uid"] == uid]
        assert gone["archived"]
        problem(editor("PUT", at, changed, {"If-Match": "*"}), 409, "object_archived")
    else:
        assert editor.get(at).status == 404
    lines = [(one["action"], one["who"]) for one in admin.items(f"{API}/log?uid={uid}")]
    assert lines == [("archived" if kind == "activations" else "removed", "token editor"), ("changed", "token editor"), ("created", "token editor")]
    changed_line = admin.items(f"{API}/log?uid={uid}&action=changed")[0]
    for name, value in CHANGES[kind].items():
        assert changed_line["after"][name] == value != changed_line["before"].get(name)


@pytest.mark.parametrize("kind", ["sources", "models", "segments", "destinations"])
def test_what_others_are_made_of_is_not_removed(service, kind):
    admin = service.admin
    problem(admin("DELETE", f"{API}/{kind}/{only(admin, kind)}"), 409, "object_in_use")
    assert len(admin.items(f"{API}/{kind}")) == 1


@pytest.mark.parametrize("where, pointer", [
    ({"field": "vip", "op": "is_ture"}, "/where/op"),
    ({"field": "no_such", "op": "is_true"}, "/where"),
    ({"all": [{"field": "vip", "op": "is_true"}, {"any": [{"field": "order_count", "op": "gte", "value": "many"}]}]}, "/where/all/1/any/0"),
    ({"all": [{"field": "vip", "op": "is_true", "frob": 1}]}, "/where/all/0/frob"),
    ([], "/where"),
])
def test_a_mistake_in_a_rule_is_at_its_place(admin, where, pointer):
    segment = {"name": "New", "model": "customers", "where": where}
    answers = [admin("POST", f"{API}/segments", segment), admin("POST", f"{API}/segments?dry_run=true", segment)]
    answers += [admin("POST", f"{API}/segments/{what}", {"model": "customers", "where": where}) for what in ("count", "preview", "sql", "sentence")]
    answers.append(admin("PUT", f"{API}/segments/{only(admin, 'segments')}", segment, {"If-Match": "*"}))
    for answer in answers:
        # A sentence is made without a look at the data.
        if answer.status == 200 and ("no_such" in str(where) or "many" in str(where)):
            assert set(answer.json) == {"segment", "model", "sentence"}
            continue
        assert answer.status == 422 and answer.json["pointer"] == pointer, (answer, pointer)
    assert [one["pointer"] for one in answers[0].json["errors"]][0] == pointer
    overlap = admin("POST", f"{API}/segments/overlap", {"first": only(admin, "segments"), "second": {"model": "customers", "where": where}})
    assert overlap.status == 422 and overlap.json["pointer"] == "/second" + pointer, overlap


def test_mistakes_in_other_objects_have_their_places(world, admin):
    for kind, change, pointer in [("destinations", {"project_type": "mixed"}, "/project_type"), ("destinations", {"apikey": "x"}, "/apikey"),
                                  ("models", {"source": "no such"}, "/source"), ("models", {"primary_key": 7}, "/primary_key"),
                                  ("sources", {"kind": "oracle9"}, "/kind"), ("activations", {"segment": "none"}, "/segment"),
                                  ("activations", {"schedule": {"every": "5 parsecs"}}, "/schedule/every")]:
        answer = admin("POST", f"{API}/{kind}", new_object(world, kind) | change)
        assert answer.status == 422 and answer.json["pointer"] == pointer, (kind, change, answer)
    for kind in CHANGES:
        assert problem(admin("POST", f"{API}/{kind}", {}), 422, "key_missing")
        assert len(admin.items(f"{API}/{kind}")) == 1


def test_a_whole_catalog_is_brought_in_and_told(world, service):
    editor = service.as_role("editor")
    told = yaml.safe_load(editor.get(f"{API}/catalog").text)
    assert told["segments"] == world.catalog()["segments"]
    assert told["destinations"][0]["api_key"] == "${ITERABLE_API_KEY}", "as it was written"
    told["destinations"][0]["api_key"] = "stored"
    told["segments"][0]["where"] = {"field": "newsletter", "op": "is_true"}
    yml = {"Content-Type": "application/yaml"}
    would = editor.ok("POST", f"{API}/catalog?dry_run=true", yaml.safe_dump(told), yml)
    assert would["dry_run"] and would["counts"]["changed"] == 1
    assert not editor.ok("POST", f"{API}/catalog", yaml.safe_dump(told), yml)["dry_run"]
    assert editor.ok("GET", f"{API}/segments/{only(editor, 'segments')}")["where"] == told["segments"][0]["where"]
    wrong = problem(editor("POST", f"{API}/catalog", "version: 1\nsegments: [{name: x}]\n", yml), 422, "key_missing")
    assert wrong["pointer"] == "/segments/0" and "catalog:2:12: " in wrong["detail"]
    for reference in ("${ITERABLE_API_KEY}", "file:/etc/passwd", "file:key"):
        stolen = told | {"destinations": [told["destinations"][0] | {"api_key": reference}]}
        answer = editor("POST", f"{API}/catalog", yaml.safe_dump(stolen), yml)
        assert answer.status == 422 and "root:" not in answer.text, answer


# --- Files that people bring.

def test_a_file_comes_in_pieces_and_a_source_reads_it_by_its_name(world, service, admin):
    bytes_ = {"Content-Type": "application/octet-stream"}
    editor = service.as_role("editor")
    lines = "id,email\n" + "".join(f"{i},user{i}@example.com\n" for i in range(20))
    half = len(lines) // 2
    at = f"{API}/files?name=people%20of%20May.csv"
    first = editor.ok("POST", at + "&more=true", lines[:half], bytes_)
    assert first["bytes"] == half and not first["complete"]
    assert editor.items(f"{API}/files") == [], "it is not there before its last piece"
    problem(editor("POST", at + f"&from={half + 1}", lines[half:], bytes_), 409, "upload_elsewhere")
    problem(admin("POST", at + f"&from={half}", lines[half:], bytes_), 409, "upload_elsewhere")  # of another person
    done = editor.ok("POST", at + f"&from={half}", lines[half:], bytes_, status=201)
    assert done["bytes"] == len(lines) and done["complete"] and done["used_by"] == []

    source = editor.ok("POST", f"{API}/sources", {"name": "May", "kind": "csv", "path": "people of May.csv"}, status=201)
    assert source["path"] == done["path"], "a name alone is that of a file that was brought"
    columns = editor.ok("GET", f"{API}/sources/{source['uid']}/tables")["items"]
    assert columns, columns
    one, = editor.items(f"{API}/files")
    assert one["used_by"] == ["May"]
    name = f"{API}/files/people%20of%20May.csv"
    problem(editor("DELETE", name), 409, "file_in_use")
    editor.ok("DELETE", f"{API}/sources/{source['uid']}", headers={"If-Match": "*"}, status=204)
    editor.ok("DELETE", name, status=204)
    problem(editor("DELETE", name), 404, "not_found")
    assert files_with(world.home / "files", "user1@example.com") == []


def test_a_file_of_a_source_over_the_folder_stays_while_a_model_reads_it(world, service):
    editor = service.as_role("editor")
    bytes_ = {"Content-Type": "application/octet-stream"}
    for name in ("people.csv", "others.csv"):
        editor.ok("POST", f"{API}/files?name={name}", "id,email\n1,user1@example.com\n", bytes_, status=201)
    editor.ok("POST", f"{API}/sources", {"name": "Folder", "kind": "csv", "path": str(world.home / "files")}, status=201)
    editor.ok("POST", f"{API}/models", {"name": "Brought", "type": "users", "source": "Folder", "table": "people", "primary_key": "id"}, status=201)
    assert {one["name"]: one["used_by"] for one in editor.items(f"{API}/files")} == {"people.csv": ["Folder"], "others.csv": []}
    problem(editor("DELETE", f"{API}/files/people.csv"), 409, "file_in_use")
    editor.ok("DELETE", f"{API}/files/others.csv", status=204)


@pytest.mark.parametrize("name", ["", ".hidden", "a/b.csv", "..", "%2e%2e%2fkey", "a*.csv", "a%0a.csv", "x" * 201])
def test_a_file_has_a_name_of_its_own(service, name):
    editor = service.as_role("editor")
    problem(editor("POST", f"{API}/files?name={name}", "id\n", {"Content-Type": "application/octet-stream"}), 422, "file_name_invalid")


def test_a_file_has_its_limit(world, serve):
    service = serve(world, "--file-max", "1")
    editor, bytes_ = service.as_role("editor"), {"Content-Type": "application/octet-stream"}
    piece = "x" * (1 << 19)
    at = f"{API}/files?name=large.csv&more=true"
    editor.ok("POST", at, piece, bytes_)
    editor.ok("POST", at + f"&from={1 << 19}", piece, bytes_)
    problem(editor("POST", at + f"&from={1 << 20}", "x", bytes_), 422, "file_too_large")
    assert list((world.home / "files").iterdir()) == []


def test_a_schedule_tells_when_it_would_be_due(service):
    viewer = service.as_role("viewer")
    at = f"{API}/schedules/next"
    mondays = viewer.ok("POST", at, {"schedule": {"recurrences": [{"days": ["mon"], "at": "09:00", "tz": "UTC"}]}, "count": 3})["items"]
    assert len(mondays) == 3 and all(one.endswith("T09:00:00Z") for one in mondays) and mondays == sorted(mondays), mondays
    assert len(viewer.ok("POST", at, {"schedule": {"every": "15m"}})["items"]) == 5
    assert viewer.ok("POST", at, {"schedule": "manual"})["items"] == []
    problem(viewer("POST", at, {"schedule": {"recurrences": [{"days": ["mon"], "at": "25:00", "tz": "UTC"}]}}), 422, "value_invalid", "/schedule/recurrences/0/at")
    problem(viewer("POST", at, {}), 422, "key_missing")


# --- Secrets.

def test_secrets_are_in_no_answer_log_or_file(world, service):
    admin, secret = service.admin, "sw0rdfish \"of\" {secrets}"
    source = {"name": "warehouse", "kind": "postgres", "host": "127.0.0.1", "port": 9, "database": "d", "user": "u", "password": secret}
    made = admin.ok("POST", f"{API}/sources", source, status=201)
    assert made["password"] == "stored"
    at = f"{API}/sources/{made['uid']}"
    model = {"name": "m", "type": "users", "source": "warehouse", "table": "people", "primary_key": "id"}
    tried = [admin("POST", f"{API}/models", model), admin("POST", at + "/check"), admin("GET", at), admin("GET", f"{API}/sources"),
             admin("GET", f"{API}/catalog"), admin("PUT", at, made | {"user": "v"}, {"If-Match": "*"}),
             admin("PUT", at, made | {"password": secret + "!"}, {"If-Match": "*"}), admin("PUT", at, made | {"frob": 1}, {"If-Match": "*"}),
             admin("PUT", at, made | {"port": secret}, {"If-Match": "*"}), admin("POST", f"{API}/sources", source | {"kind": "csv"})]
    destination = only(admin, "destinations")
    tried += [admin("POST", f"{API}/destinations/{destination}/check"), admin("GET", f"{API}/destinations/{destination}/fields"),
              admin("GET", f"{API}/destinations/{destination}")]
    run_now(admin, only(admin, "activations"))
    tried += [admin("GET", f"{API}/log?limit=1000"), admin("GET", f"{API}/runs"), admin("GET", "/metrics"), admin("GET", f"{API}/status")]
    assert tried[5].status == 200 and tried[6].status == 200 and tried[7].status == 422
    secrets = [world.double.api_key, secret, json.dumps(secret)[1:-1], secret.replace(" ", "%20"), "sw0rdfish", PASSWORD]
    token = admin.headers["Authorization"].removeprefix("Bearer ")
    errors = service.end()
    for one in secrets:
        # What a caller wrote where no secret stands comes back to the caller alone.
        assert [answer for answer in service.heard if one in answer.text and answer not in (tried[8], tried[9])] == [], one
        assert one not in errors, one
        assert files_with(world.home, one) == [], one
    assert token not in errors and files_with(world.home, token) == []


def test_a_secret_that_is_written_as_stored_stays_and_none_is_made_of_that_word(world, service):
    admin = service.admin
    problem(admin("POST", f"{API}/destinations", new_object(world, "destinations") | {"api_key": "stored"}), 422, "value_invalid", "/api_key")
    at = f"{API}/destinations/{only(admin, 'destinations')}"
    kept = admin.get(at)
    assert admin("PUT", at, kept.json, {"If-Match": kept.headers["etag"]}).headers["etag"] == kept.headers["etag"]
    for name in ("Another name", kept.json["name"]):
        renamed = admin.ok("PUT", at, kept.json | {"name": name}, {"If-Match": "*"})
        assert (renamed["name"], renamed["api_key"]) == (name, "stored") and admin.ok("POST", at + "/check")["ok"], "it has its key still"
    kept = admin.get(at)
    wrong = admin("PUT", at, kept.json | {"api_key": "0" * 32}, {"If-Match": kept.headers["etag"]})
    assert wrong.status in (200, 422)
    if wrong.status == 200:
        assert wrong.headers["etag"] != kept.headers["etag"], "another secret is a change"
        assert not admin.ok("POST", at + "/check")["ok"]


def test_an_unsaved_model_is_looked_at(world, service):
    editor, operator = service.as_role("editor"), service.as_role("operator")
    at, people = f"{API}/models/preview", len(world.rows)
    assert operator("POST", at, {"source": "shop", "table": "people"}).status == 403
    bare = editor.ok("POST", at + "?limit=3", {"source": "shop", "table": "people"})
    assert {one["name"] for one in bare["fields"]} == set(world.columns) and len(bare["rows"]) == 3 and bare["key"] is None
    keyed = {"source": "shop", "table": "people", "type": "users", "primary_key": "customer_id"}
    key = editor.ok("POST", at + "?key=true", keyed)["key"]
    assert (key["field"], key["rows"], key["nulls"], key["repeated"], key["verdict"]) == ("customer_id", people, 0, 0, "unique")
    key = editor.ok("POST", at + "?key=true", keyed | {"primary_key": "vip"})["key"]
    kinds = len({row["vip"] for row in world.rows})
    assert (key["repeated"], key["verdict"]) == (people - kinds, "refused") and key["remedy"] and key["examples"]
    assert editor.ok("POST", at + "?key=true", keyed | {"primary_key": "vip", "type": "custom"})["key"]["verdict"] == "tolerated"
    computed = editor.ok("POST", at, keyed | {"computed": [{"name": "twice", "formula": "order_count * 2"}]})
    assert all(row["twice"] == 2 * row["order_count"] for row in computed["rows"])
    stored = editor.get(f"{API}/models/{only(editor, 'models')}").json
    renamed = editor.ok("POST", at, stored | {"name": "Another name", "fields": [{"name": "customer_id", "label": "Number"}]})
    assert renamed["fields"] == [{"name": "customer_id", "label": "Number", "type": "integer"}], "it stands for the stored one"
    wrong = editor("POST", at, keyed | {"computed": [{"name": "x", "formula": "no_such + 1"}]})
    assert wrong.status == 422 and wrong.json["pointer"].startswith("/computed/0"), wrong
    assert len(editor.items(f"{API}/models")) == 1, "nothing is stored"


# --- Segments.

def test_unsaved_segments_are_counted_shown_and_put_in_words(world, service):
    viewer, operator = service.as_role("viewer"), service.as_role("operator")
    unsaved = {"model": "customers", "where": {"field": "newsletter", "op": "is_true"}}
    expected = [row for row in world.rows if row["newsletter"]]
    count = viewer.ok("POST", f"{API}/segments/count", unsaved)
    assert (count["members"], count["people"]) == (len(expected), len(world.rows))
    by = operator.ok("POST", f"{API}/segments/count?by=vip", unsaved)
    assert {one["value"]: one["members"] for one in by["values"]} == {flag: sum(row["vip"] == flag for row in expected) for flag in (True, False)}
    preview = operator.ok("POST", f"{API}/segments/preview?limit=3", unsaved)
    assert len(preview["rows"]) == 3 and all(row["newsletter"] for row in preview["rows"])
    assert {one["name"] for one in preview["fields"]} == set(world.columns)
    sql = viewer.ok("POST", f"{API}/segments/sql", unsaved)
    assert "newsletter" in sql["sql"] and sql["source"] == "shop"
    assert "newsletter" in viewer.ok("POST", f"{API}/segments/sentence", unsaved)["sentence"]
    uid = only(viewer, "segments")
    vips = [row for row in world.rows if row["vip"]]
    both = [row for row in vips if row["newsletter"]]
    for second in (unsaved, unsaved | {"name": "of mine"}):
        overlap = viewer.ok("POST", f"{API}/segments/overlap", {"first": uid, "second": second})
        assert (overlap["members"], overlap["both"]) == ([len(vips), len(expected)], len(both))
        assert overlap["either"] == len(vips) + len(expected) - len(both)
    everybody = viewer.ok("POST", f"{API}/segments/count", {"model": "customers"})
    assert everybody["members"] == len(world.rows)
    for wrong, code, pointer in [({}, "key_missing", ""), ({"model": "none"}, "model_unknown", "/model"), ({"model": "customers", "wehre": {}}, "key_unknown", "/wehre")]:
        answer = viewer("POST", f"{API}/segments/count", wrong)
        assert answer.status == 422 and answer.json.get("pointer", "") == pointer and answer.json["code"] == code, answer
    for limit in ("0", "-1", "x", "1001", "99999999999999999999"):
        problem(operator("POST", f"{API}/segments/preview?limit={limit}", unsaved), 422, "parameter_invalid")


def test_a_stored_segment_answers_the_same_and_remembers_its_size(world, service):
    viewer, operator = service.as_role("viewer"), service.as_role("operator")
    at = f"{API}/segments/{only(viewer, 'segments')}"
    members = len([row for row in world.rows if row["vip"]])
    assert viewer.ok("GET", at + "/count")["members"] == members
    assert len(operator.ok("GET", at + "/preview?limit=1000")["rows"]) == members
    assert "vip" in viewer.ok("GET", at + "/sql")["sql"]
    assert viewer.ok("GET", at + "/sentence")["segment"] == "Lapsed VIPs"
    run_now(service.admin, only(viewer, "activations"))
    history = viewer.ok("GET", at + "/history")
    assert history["segment"] == "Lapsed VIPs" and {one["members"] for one in history["sizes"]} == {members} and len(history["sizes"]) == 2
    ran = history["sizes"][1]
    assert (ran["by"], ran["activation"], ran["entered"], ran["left"]) == ("run", "Lapsed VIPs", members, 0)
    assert history["edits"] == []  # the file was applied by the command line, which keeps no log
    segment = service.admin("GET", at)
    for change in ({"description": "no edit of the rule"}, {"where": {"none": [{"field": "vip", "op": "is_false"}]}}):
        body = segment.json | change
        segment = service.admin("PUT", at, body, headers={"If-Match": "*"})
        assert segment.status == 200, segment
    edits = viewer.ok("GET", at + "/history")["edits"]
    assert [one["sentence"] for one in edits] == ["none of (vip is false)"] and edits[0]["who"], edits
    service.admin("PUT", at, segment.json | {"where": {"field": "vip", "op": "is_true"}}, headers={"If-Match": "*"})
    model = f"{API}/models/{only(viewer, 'models')}"
    assert {one["name"] for one in viewer.ok("GET", model + "/fields")["items"]} == set(world.columns)
    values = operator.ok("GET", model + "/values?field=vip")["values"]
    assert {one["value"]: one["members"] for one in values} == {True: members, False: len(world.rows) - members}
    problem(operator.get(model + "/values"), 422, "parameter_invalid")
    assert operator.get(model + "/values?field=nothing").status == 422
    names = {one["name"] for one in viewer.ok("GET", f"{API}/destinations/{only(viewer, 'destinations')}/fields")["items"]}
    assert {"firstName", "points"} <= names


def test_a_segment_is_activated_with_the_defaults_and_runs(world, service):
    editor = service.as_role("editor")
    catalog = world.catalog()
    catalog["destinations"][0]["defaults"] = {"model": "customers", "match_key": {"type": "email", "field": "email"}}
    world.apply(catalog=catalog)
    segment = editor.ok("POST", f"{API}/segments", new_object(world, "segments"), status=201)
    destination = only(editor, "destinations")
    at = f"{API}/segments/{segment['uid']}/activate"
    problem(editor("POST", at, {}), 422, "key_missing", "/destination")
    problem(editor("POST", at, {"destination": destination, "frob": 1}), 422, "key_unknown", "/frob")
    assert editor("POST", at, {"destination": NOBODY}).status == 404
    made = editor("POST", at, {"destination": destination})
    assert made.status == 201 and made.json["name"] == "Newsletter", made
    uid = made.json["uid"]
    assert made.headers["location"] == f"{API}/activations/{uid}" and editor.get(made.headers["location"]).headers["etag"] == made.headers["etag"]
    run = service.until_run(uid, "completed")
    assert run["trigger"] == "activation"
    again = editor("POST", at, {"destination": destination, "run": False})
    assert again.status == 200 and again.json["uid"] == uid
    quiet = editor.ok("POST", at, {"destination": destination, "name": "Quiet", "run": False}, status=201)
    assert editor.ok("GET", f"{API}/activations/{quiet['uid']}/status")["waiting"] is False
    assert len(editor.items(f"{API}/runs")) == 1


def test_one_click_with_an_interval_is_one_run(world, service):
    editor = service.as_role("editor")
    catalog = world.catalog()
    catalog["destinations"][0]["defaults"] = {"model": "customers", "match_key": {"type": "email", "field": "email"}, "schedule": {"every": "1h"}}
    world.apply(catalog=catalog)
    segment = editor.ok("POST", f"{API}/segments", new_object(world, "segments"), status=201)
    destination = only(editor, "destinations")
    made = [editor.ok("POST", f"{API}/segments/{segment['uid']}/activate", {"destination": destination, "name": f"Click {n}"}, status=201)["uid"] for n in range(3)]
    for uid in made:
        service.until_run(uid, "completed")
    until(lambda: not any(one["under_way"] or one["waiting"] for one in editor.items(f"{API}/status")), "something goes on")
    assert sorted(one["activation_uid"] for one in editor.items(f"{API}/runs")) == sorted(made)


# --- Runs.

def test_a_run_is_asked_for_and_waited_for(world, service):
    operator, uid = service.as_role("operator"), only(service.admin, "activations")
    report = run_now(operator, uid)
    assert (report["status"], report["trigger"], report["kind"]) == ("completed", "api", "full")
    world.assert_right()
    told = operator.ok("GET", f"{API}/runs/{report['run_id']}")
    assert told == {"uid": report["run_id"], "activation_uid": uid} | report
    status = operator.ok("GET", f"{API}/activations/{uid}/status")
    assert (status["on_list"], status["last_run"]["run_id"], status["under_way"], status["waiting"]) == (
        len(world.expected_members()), report["run_id"], None, False)
    every, = operator.items(f"{API}/status")
    assert every["uid"] == uid and every["on_list"] == status["on_list"]
    asked = operator("POST", f"{API}/activations/{uid}/run", {"full": True})
    assert asked.status == 202 and asked.json["state"] in ("waiting", "running"), asked
    assert asked.headers["location"] == asked.json["status"] == f"{API}/activations/{uid}/status"
    second = service.until_run(uid, "completed", other_than=report["run_id"])
    assert second["kind"] == "full" and second["outcomes"]["removed"] == 0
    for body, pointer in [({"fulll": True}, "/fulll"), ({"full": "yes"}, "/full"), ({"approve": 7}, "/approve"), ({"approve": "none"}, "/approve")]:
        answer = operator("POST", f"{API}/activations/{uid}/run", body)
        assert answer.status == 422 and answer.json["pointer"] == pointer, answer
    for wait in ("-1", "3601", "soon"):
        problem(operator("POST", f"{API}/activations/{uid}/run?wait={wait}"), 422, "parameter_invalid")
    # An empty body of any kind is no order.
    answer = operator("POST", f"{API}/activations/{uid}/run?wait=60", " \n", {"Content-Type": "application/json"})
    assert answer.status == 200 and answer.json["report"]["status"] == "completed", answer
    lines = service.admin.items(f"{API}/log?action=run")
    assert len(lines) == 3, lines
    assert {one["who"] for one in lines} == {"token operator"}
    assert [one["after"] for one in lines] == [None, {"full": True}, None]


def test_a_key_makes_one_run_of_two_requests(world, service):
    operator, uid = service.as_role("operator"), only(service.admin, "activations")
    at, key = f"{API}/activations/{uid}/run", {"Idempotency-Key": "monday"}
    gate = world.double.hold("lists/subscribe")
    first = []
    asking = threading.Thread(target=lambda: first.append(operator("POST", at + "?wait=120", {}, key)))
    asking.start()
    until(lambda: world.double.calls("lists/subscribe"), "the run did not begin")
    busy = problem(operator("POST", at + "?wait=120", {}, key), 409, "idempotency_key_busy")
    assert busy["remedy"]
    gate.set()
    asking.join()
    assert first[0].status == 200 and first[0].json["report"]["status"] == "completed", first
    again = operator("POST", at + "?wait=120", {}, key)
    assert again.status == 200 and again.json == first[0].json and again.headers["idempotent-replayed"] == "true"
    assert len(operator.items(f"{API}/runs")) == 1
    problem(operator("POST", at, {"full": True}, key), 422, "idempotency_key_reused")
    problem(operator("POST", at, {}, key), 422, "idempotency_key_reused")
    problem(operator("POST", at, {}, {"Idempotency-Key": "x" * 256}), 400, "idempotency_key_invalid")
    # Keys are each caller's own.
    other = service.as_role("editor")("POST", at + "?wait=120", {}, key)
    assert other.status == 200 and "idempotent-replayed" not in other.headers and other.json["report"]["run_id"] != first[0].json["report"]["run_id"]
    made = [service.as_role("editor")("POST", f"{API}/segments", new_object(world, "segments"), {"Idempotency-Key": "one"}) for _ in range(2)]
    assert [one.status for one in made] == [201, 201] and made[0].json == made[1].json
    for header in ("etag", "location"):
        assert made[0].headers[header] == made[1].headers[header]


def test_a_key_keeps_no_person(world, service):
    """An answer that names people is not kept for a second request."""
    operator = service.as_role("operator")
    for _ in range(2):
        answer = operator("POST", f"{API}/segments/preview", {"model": "customers"}, {"Idempotency-Key": "people"})
        assert answer.status == 200 and "user2@example.com" in answer.text and "idempotent-replayed" not in answer.headers
    assert not [name for name in files_with(world.home, "user2@example.com") if name.startswith("rollcall.db")]


def test_what_waits_is_not_asked_for_twice_and_can_be_forgotten(world, service):
    operator, uid = service.as_role("operator"), only(service.admin, "activations")
    at = f"{API}/activations/{uid}"
    gate = world.double.hold("lists/subscribe")
    assert operator("POST", at + "/run").status == 202
    until(lambda: world.double.calls("lists/subscribe"), "the run did not begin")
    live = operator.ok("GET", at + "/status")["under_way"]
    assert live["work"] == "run" and live["run_id"] and live["steps"][0]["step"] != live["steps"][-1]["step"]
    waiting = []
    asking = threading.Thread(target=lambda: waiting.append(operator("POST", at + "/run?wait=120")))
    asking.start()
    until(lambda: operator.ok("GET", at + "/status")["waiting"], "the second does not wait")
    problem(operator("POST", at + "/run"), 409, "already_asked")
    assert operator.ok("POST", at + "/stop") == {"stopped": True}
    gate.set()
    asking.join()
    assert waiting[0].status == 200 and waiting[0].json["report"] is None and waiting[0].json["error"]["kind"] == "cancelled", waiting
    run = service.until_run(uid, "interrupted")
    assert operator.ok("GET", at + "/status")["waiting"] is False
    until(lambda: operator.ok("POST", at + "/stop") == {"stopped": False}, "there is always something to stop")
    report = run_now(operator, uid)
    assert report["status"] == "completed" and report["run_id"] == run["uid"], "it goes on where it stopped"
    world.assert_right()


def test_a_plan_is_one_answer_or_lines_with_its_progress(world, service):
    operator, uid = service.as_role("operator"), only(service.admin, "activations")
    at = f"{API}/activations/{uid}/plan"
    plan = operator.ok("POST", at, {"all": True})
    assert plan["changes"]["entered"] == len(world.spokesmen()) == len(plan["people"]) and plan["people_complete"]
    answer = operator("POST", at, {"prove": True}, {"Accept": "application/x-ndjson"})
    assert answer.status == 200
    *lines, last = answer.lines
    assert {"begun"} <= {name for line in lines for name in line} <= {"begun", "progress", "note"}
    assert set(last) == {"plan"} and last["plan"]["changes"] == plan["changes"]
    assert sum(person["contact"] for person in last["plan"]["people"]) == len(world.expected_members())
    assert world.double.write_calls() == []
    (world.folder / "shop.duckdb").unlink()
    broken = operator("POST", at, {}, {"Accept": "application/x-ndjson"})
    assert broken.status == 200 and set(broken.lines[-1]) == {"error"} and broken.lines[-1]["error"]["message"], broken
    failed = operator("POST", at, {})
    assert failed.type == "application/problem+json" and failed.status == 502 and failed.json["remedy"], failed
    problem(operator("POST", at, {"frob": True}), 422, "key_unknown", "/frob")


def test_what_the_guard_stops_is_approved_by_a_plan(world, service):
    admin, uid = service.admin, only(service.admin, "activations")
    run_now(admin, uid)
    for i in range(1, 25):
        world.change(i, vip=i == 2)
    world.write_source()
    stopped = run_now_any(admin, uid)
    assert stopped["report"]["status"] == "stopped" and stopped["report"]["error"]["remedy"], stopped
    plan = admin.ok("POST", f"{API}/activations/{uid}/plan", {})
    assert not plan["guard"]["passed"] and plan["guard"]["breaches"]
    world.minutes_pass()
    report = run_now(admin, uid, {"approve": plan["plan_id"]})
    assert report["status"] == "completed" and report["outcomes"]["removed"] > 10
    world.assert_right()
    assert admin.items(f"{API}/log?action=approved")[0]["after"] == {"approve": plan["plan_id"]}


def run_now_any(admin, uid, order=None):
    return admin.ok("POST", f"{API}/activations/{uid}/run?wait=120", order or {})


def test_an_audit_finds_what_others_did(world, service):
    operator, uid = service.as_role("operator"), only(service.admin, "activations")
    at = f"{API}/activations/{uid}/audit"
    run_now(operator, uid)
    world.minutes_pass()
    clean = operator.ok("POST", at)
    assert (clean["missing"], clean["extra"], clean["foreign"], clean["people"], clean["people_complete"]) == (0, 0, 0, [], True)
    members = sorted(world.members())
    stranger, = world.double._find("stranger1@example.com", None)
    world.double.join(world.the_list().id, stranger)
    for key in members[:2]:
        one, = world.double._find(key, None)
        world.double.leave(world.the_list().id, one)
    drift = operator("POST", at + "?limit=1", None, {"Accept": "application/x-ndjson"}).lines[-1]["audit"]
    assert (drift["missing"], drift["foreign"], drift["people_complete"]) == (2, 1, False)
    assert sorted(one["kind"] for one in drift["people"]) == ["foreign", "missing"]
    assert operator.ok("GET", f"{API}/activations/{uid}/status")["last_audit"]["missing"] == 2
    world.minutes_pass()
    run_now(operator, uid, {"repair": True})
    world.assert_right(foreign={"stranger1@example.com"})


def test_one_person_is_explained(world, service):
    operator, uid = service.as_role("operator"), only(service.admin, "activations")
    run_now(operator, uid)
    why = operator.ok("GET", f"{API}/activations/{uid}/why?key=USER4%40example.com")
    assert why["key"] == "user4@example.com" and why["in_segment"] and why["ledger"]["on_list"] == "yes"
    assert [one["holds"] for one in why["rule"]["conditions"]] == [True]
    stranger = operator.ok("GET", f"{API}/activations/{uid}/why?key=nobody@example.com")
    assert not stranger["in_model"] and stranger["ledger"] is None
    problem(operator.get(f"{API}/activations/{uid}/why"), 422, "parameter_invalid")


def test_rejects_are_told_as_json_and_as_csv_that_no_spreadsheet_computes(make_world, serve):
    world = make_world("hybrid", "user_id")
    formulas = ["=HYPERLINK(\"http://evil.example\",\"a, b\")", "+1+1", "-2+3", "@SUM(1)"]
    for i, text in enumerate(formulas):
        world.put(customer(100 + i, user_id=text))
    ready(world)
    service = serve(world)
    operator, uid = service.as_role("operator"), only(service.admin, "activations")
    run = run_now(operator, uid)["run_id"]
    at = f"{API}/runs/{run}/rejects"
    told = operator.ok("GET", at + "?kind=not_a_contact")
    assert told["complete"] and set(formulas) <= {one["key"] for one in told["items"]}
    assert len(told["items"]) == len(world.spokesmen()) - len(world.expected_members())
    short = operator.ok("GET", at + "?kind=not_a_contact&limit=2")
    assert len(short["items"]) == 2 and not short["complete"] and short["items"] == told["items"][:2]
    for answer in (operator("GET", at + "?kind=not_a_contact&format=csv"), operator("GET", at + "?kind=not_a_contact", None, {"Accept": "text/csv"})):
        assert answer.status == 200 and answer.type == "text/csv" and run in answer.headers["content-disposition"]
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["key"].removeprefix("'") for row in rows] == [one["key"] for one in told["items"]]
        assert {row["key"] for row in rows if row["key"].startswith("'")} == {"'" + text for text in formulas}
        assert not any(value[:1] in "=+-@" for row in rows for value in row.values() if value)
    assert operator.ok("GET", at)["items"] == []
    assert operator.get(at + "?kind=none").status == 422 and operator.get(at + "?kind=none&format=csv").status == 422
    problem(operator.get(at + "?format=xlsx"), 422, "parameter_invalid")


def test_an_activation_is_paused_and_resumed(world, service):
    operator, uid = service.as_role("operator"), only(service.admin, "activations")
    at = f"{API}/activations/{uid}"
    assert operator.ok("POST", at + "/pause") == {"activation": world.name, "paused": True, "changed": True}
    assert operator.ok("POST", at + "/pause")["changed"] is False
    assert operator.ok("GET", at)["paused"] and operator.ok("GET", at + "/status")["paused"]
    assert run_now(operator, uid)["status"] == "completed", "by hand it runs all the same"
    assert operator.ok("POST", at + "/resume") == {"activation": world.name, "paused": False, "changed": True}
    assert [one["action"] for one in service.admin.items(f"{API}/log?uid={uid}")] == ["resumed", "run", "paused"]


def test_names_with_strokes_and_twins_are_told_apart_by_uid(world, service):
    """An activation is what its uid says, whatever else bears its name."""
    admin = service.admin
    second = admin.ok("POST", f"{API}/destinations", new_object(world, "destinations") | {"name": "Second / EU"}, status=201)
    twin = admin.ok("POST", f"{API}/activations", new_object(world, "activations") | {"destination": "Second / EU", "name": world.name}, status=201)
    first = next(one["uid"] for one in admin.items(f"{API}/activations") if one["uid"] != twin["uid"])
    assert admin.ok("POST", f"{API}/activations/{twin['uid']}/pause")["changed"]
    assert not admin.ok("GET", f"{API}/activations/{first}").get("paused") and admin.ok("GET", f"{API}/activations/{twin['uid']}")["paused"]
    for uid in (first, twin["uid"]):
        found = admin.ok("POST", f"{API}/activations/{uid}/check")["findings"]
        assert {one["kind"] for one in found} == {"activation"} and len(found) == 1, found
    assert second["uid"]
    archived = admin("POST", f"{API}/activations/{twin['uid']}/archive", {"list": "keep"})
    assert archived.status == 200 and archived.json["archived"], archived
    assert [one["uid"] for one in admin.items(f"{API}/activations")] == [first]
    problem(admin("POST", f"{API}/activations/{first}/archive", {"list": "burn"}), 422, "value_invalid", "/list")


def test_runs_are_paged_the_newest_first(world, service):
    admin, uid = service.admin, only(service.admin, "activations")
    ids = []
    for _ in range(5):
        ids.insert(0, run_now(admin, uid)["run_id"])
        world.minutes_pass()
    first = admin.ok("GET", f"{API}/runs?limit=2")
    assert [one["uid"] for one in first["items"]] == ids[:2] and first["next_cursor"]
    assert [one["uid"] for one in admin.items(f"{API}/runs?limit=2")] == ids
    assert [one["uid"] for one in admin.items(f"{API}/runs?limit=2&activation={uid}&status=completed")] == ids
    assert admin.items(f"{API}/runs?limit=2&status=failed") == admin.items(f"{API}/runs?activation={NOBODY}") == []
    problem(admin.get(f"{API}/runs?cursor=nowhere"), 422, "cursor_unknown")
    problem(admin.get(f"{API}/runs?status=perfect"), 422, "parameter_invalid")
    newer = run_now(admin, uid)["run_id"]
    rest = admin.ok("GET", f"{API}/runs?limit=10&cursor={first['next_cursor']}")
    assert [one["uid"] for one in rest["items"]] == ids[2:] and rest["next_cursor"] is None, "a page does not move when a run is added"
    assert admin.ok("GET", f"{API}/runs?limit=1")["items"][0]["uid"] == newer


def test_a_run_is_followed_by_its_events(world, service):
    operator, viewer, uid = service.as_role("operator"), service.as_role("viewer"), only(service.admin, "activations")
    whole = viewer.events(f"{API}/activations/{uid}/events")
    told = iter(whole)
    name, standing = next(told)
    assert name == "status" and standing["under_way"] is None
    gate = world.double.hold("lists/subscribe")
    operator("POST", f"{API}/activations/{uid}/run")
    run = until(lambda: (operator.ok("GET", f"{API}/activations/{uid}/status")["under_way"] or {}).get("run_id"), "the run has no id")
    until(lambda: world.double.calls("lists/subscribe"), "the run did not begin")
    one = viewer.events(f"{API}/runs/{run}/events")
    events = iter(one)
    name, standing = next(events)
    assert name == "status" and standing["under_way"]["run_id"] == run
    assert len(standing["under_way"]["steps"]) > 2
    gate.set()
    rest = list(events)
    assert rest[-1][0] == "end" and rest[-1][1]["report"]["status"] == "completed" and rest[-1][1]["report"]["run_id"] == run
    assert "step" in {name for name, _ in rest} and {name for name, _ in rest} <= {"step", "progress", "note", "end"}
    seen = []
    for event in told:
        seen.append(event)
        if event[0] == "end":
            break
    assert [name for name, _ in seen if name in ("run", "end")] == ["run", "end"]
    assert ("run", {"run_id": run}) in seen
    begun = [data["begun"] for name, data in seen if name == "step"]
    assert begun == list(dict.fromkeys(begun)) and {"query", "plan", "add"} <= set(begun) or len(begun) > 5, begun
    assert "@example.com" not in json.dumps(rest + seen), "who may see no person is told of none"
    whole.close()
    over = list(viewer.events(f"{API}/runs/{run}/events"))
    assert [name for name, _ in over] == ["end"] and over[0][1]["report"]["run_id"] == run


METRIC = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (NaN|[+-]?(?:Inf|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))(?: \d+)?')


def metrics(answer):
    """name{labels} -> value, of a text that is held against the format."""
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4"), answer
    assert answer.text.endswith("\n")
    types, out = {}, {}
    for line in answer.text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types and kind in ("counter", "gauge")
            types[name] = kind
        elif not line.startswith("# HELP "):
            found = METRIC.fullmatch(line)
            assert found, f"this is no sample: {line!r}"
            assert found[1] in types and (types[found[1]] == "counter") == found[1].endswith("_total")
            assert (found[1], found[2]) not in out
            out[found[1], found[2]] = float(found[3])
    return out


def test_metrics_are_prometheus_text(world, service, serve):
    world.name = 'A "list" of \\ two'
    world.apply()
    viewer, admin = service.as_role("viewer"), service.admin
    uid = admin.uid("activations", world.name)
    before = metrics(viewer.get("/metrics"))
    assert before["rollcall_runs_running", None] == 0 and all(name.startswith("rollcall_") for name, _ in before)
    run_now(admin, uid)
    after = metrics(viewer.get("/metrics"))
    assert after["rollcall_runs_ended_total", 'status="completed"'] == 1
    on_list = [value for (name, labels), value in after.items() if name == "rollcall_activation_on_list" and 'activation="A \\"list\\" of' in labels]
    assert on_list == [len(world.expected_members())]
    ended, = [value for (name, labels), value in after.items() if name == "rollcall_activation_last_run_timestamp_seconds"]
    assert abs(ended - time.time()) < 600
    assert service.nobody.get("/metrics").status == 401
    service.end()
    assert metrics(serve(world, "--open-metrics", "true").nobody.get("/metrics"))


def test_what_there_is_to_choose_from(service):
    meta = service.as_role("viewer").ok("GET", f"{API}/meta")
    assert {"duckdb", "csv", "postgres"} <= {one["kind"] for one in meta["source_kinds"]}
    assert meta["words"]["role"] == ["viewer", "operator", "editor", "admin"] and meta["version"]
    assert service.nobody.ok("GET", f"{API}/health") == {"status": "ok"} and service.nobody.ok("GET", f"{API}/ready") == {"status": "ready", "schedules": True}


# --- By themselves.

def test_a_schedule_of_five_minutes_runs_at_once_without_anybody_asking(make_world, serve):
    world = ready(make_world(activation={"schedule": {"every": "5m"}}))
    service = serve(world)
    uid = only(service.admin, "activations")
    run = service.until_run(uid, "completed")
    assert run["trigger"] == "schedule"
    world.assert_right()
    status = until(lambda: (now := service.status(uid))["under_way"] is None and now["next_run_at"] and now, "no next time is told")
    begun, following = (time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) for text in (run["started_at"], status["next_run_at"]))
    assert 290 <= following - begun <= 310
    assert service.admin.ok("GET", f"{API}/activations/{uid}")["next_run_at"] == status["next_run_at"]
    service.admin.ok("POST", f"{API}/activations/{uid}/pause")
    until(lambda: service.status(uid)["next_run_at"] is None, "a next time is told of what is paused")


def test_a_catalog_that_another_process_brings_in_is_seen(make_world, serve):
    world = ready(make_world())
    service = serve(world)
    catalog = world.catalog()
    catalog["activations"].append(new_object(world, "activations") | {"schedule": {"every": "1h"}})
    world.apply(catalog=catalog)
    run = service.until_run(service.admin.uid("activations", "Second list"), "completed")
    assert run["trigger"] == "schedule" and len(service.admin.items(f"{API}/runs")) == 1


def held(world, service, uid, **order):
    """A run that waits for its first answer of subscribe; its run id and the gate."""
    gate = world.double.hold("lists/subscribe")
    service.admin.ok("POST", f"{API}/activations/{uid}/run", order, status=202)
    until(lambda: world.double.calls("lists/subscribe"), "the run did not begin")
    run = until(lambda: (service.status(uid)["under_way"] or {}).get("run_id"), "the run has no id")
    return run, gate


def let_go(world):
    for gate in world.double.holds.values():
        gate.set()
    world.double.holds.clear()


def test_sigterm_seals_the_run_and_the_next_service_carries_it_on(world, serve):
    service = serve(world)
    uid = only(service.admin, "activations")
    run, gate = held(world, service, uid)
    events = service.admin.events(f"{API}/activations/{uid}/events")
    service.stop()
    gate.set()
    service.end(expect=0)
    list(events)  # its listeners are let go of
    assert world.rollcall("show", run, "--json").json["status"] == "interrupted"
    let_go(world)
    again = serve(world)
    assert again.until_run(uid, "completed")["uid"] == run
    assert len(again.admin.items(f"{API}/runs")) == 1
    world.assert_right()


def test_sigterm_without_a_run_ends_at_once(world, serve):
    service = serve(world)
    started = time.monotonic()
    service.end(expect=0)
    assert time.monotonic() - started < 20
    assert "ended_well" in service.errors


def test_a_run_whose_process_is_killed_is_carried_on(world, serve):
    service = serve(world)
    uid = only(service.admin, "activations")
    run, gate = held(world, service, uid)
    (job, words), = service.jobs().items()
    assert "job-run" in words and uid in words
    os.kill(job, signal.SIGKILL)
    let_go(world)
    assert service.until_run(uid, "completed")["uid"] == run
    world.assert_right()
    assert metrics(service.admin.get("/metrics"))["rollcall_jobs_crashed_total", None] == 1


def test_whoever_waits_for_a_run_that_crashes_is_told_how_it_came_out(world, serve):
    service = serve(world)
    uid = only(service.admin, "activations")
    gate = world.double.hold("lists/subscribe")
    ended = []
    asking = threading.Thread(target=lambda: ended.append(run_now(service.admin, uid)))
    asking.start()
    until(lambda: world.double.calls("lists/subscribe"), "the run did not begin")
    job, = service.jobs()
    os.kill(job, signal.SIGKILL)
    gate.set()
    asking.join()
    assert ended[0]["status"] == "completed"


def test_a_service_that_is_killed_leaves_nothing_undone(world, serve):
    service = serve(world)
    uid = only(service.admin, "activations")
    run, gate = held(world, service, uid)
    job, = service.jobs()
    service.kill()
    again = serve(world)
    let_go(world)
    assert again.until_run(uid, "completed")["uid"] == run
    world.assert_right()
    until(lambda: not os.path.exists(f"/proc/{job}"), "the job of the dead service goes on for ever")


def test_a_job_of_a_killed_service_that_is_killed_later_is_carried_on_as_well(world, serve):
    service = serve(world)
    uid = only(service.admin, "activations")
    run, gate = held(world, service, uid)
    job, = service.jobs()
    service.kill()
    again = serve(world)
    assert again.status(uid)["under_way"] is None, "another process has it"
    os.kill(job, signal.SIGKILL)
    let_go(world)
    assert again.until_run(uid, "completed")["uid"] == run
    world.assert_right()


def test_whoever_waits_for_a_run_does_not_hold_up_the_end(world, serve):
    service = serve(world)
    uid = only(service.admin, "activations")
    gate = world.double.hold("lists/subscribe")
    waiting = []
    asking = threading.Thread(target=lambda: waiting.append(service.admin("POST", f"{API}/activations/{uid}/run?wait=3600")))
    asking.start()
    until(lambda: world.double.calls("lists/subscribe"), "the run did not begin")
    begun = time.monotonic()
    service.stop()
    gate.set()
    service.end(expect=0)
    asking.join()
    assert time.monotonic() - begun < 25, "not the whole grace of 30 s"
    assert waiting[0].status == 200 and waiting[0].json["report"]["status"] == "interrupted", waiting


def test_a_service_and_its_job_that_are_killed_at_once_are_carried_on(world, serve):
    service = serve(world)
    uid = only(service.admin, "activations")
    run, gate = held(world, service, uid)
    job, = service.jobs()
    service.kill()
    os.kill(job, signal.SIGKILL)
    let_go(world)
    again = serve(world)
    assert again.until_run(uid, "completed")["uid"] == run
    world.assert_right()


def test_a_command_line_run_beside_the_service_works_or_says_that_one_goes_on(world, serve):
    service = serve(world)
    uid = only(service.admin, "activations")
    run, gate = held(world, service, uid)
    busy = world.rollcall("run", world.name, "--json", expect=4)
    assert busy.json["error"]["kind"] == "busy"
    let_go(world)
    assert service.until_run(uid, "completed")["uid"] == run
    until(lambda: service.status(uid)["under_way"] is None)
    world.minutes_pass()
    world.change(4, vip=False)
    world.write_source()
    mine = world.run()
    assert mine["status"] == "completed" and mine["outcomes"]["removed"] == 1
    assert service.last_run(uid)["uid"] == mine["run_id"] and service.last_run(uid)["trigger"] == "manual"
    world.assert_right()


def test_a_run_that_finds_a_command_line_in_its_way_waits_for_it(world, serve):
    service = serve(world)
    uid = only(service.admin, "activations")
    gate = world.double.hold("lists/subscribe")
    process = world.start("run", world.name, "--json")
    until(lambda: world.double.calls("lists/subscribe"), "the run did not begin")
    service.admin.ok("POST", f"{API}/activations/{uid}/run", {}, status=202)
    until(lambda: service.status(uid)["under_way"] is not None or service.jobs() == {}, "the service does not try")
    let_go(world)
    out, err = process.communicate(timeout=90)
    assert process.returncode == 0, err
    mine = json.loads(out)["run_id"]
    assert service.until_run(uid, "completed", other_than=mine)["trigger"] == "api"
    world.assert_right()


def test_an_activation_whose_source_is_broken_rests_until_it_is_mended(make_world, serve):
    world = ready(make_world(activation={"schedule": {"every": "1h"}}))
    (world.folder / "shop.duckdb").rename(world.folder / "away")
    service = serve(world, "--recheck-every", "1", "--failures-before-rest", "1")
    uid = only(service.admin, "activations")
    rest = until(lambda: service.status(uid)["rests"], "it does not rest")
    assert rest["kind"] == "source" and rest["name"] == "shop" and rest["problem"] and rest["since"]
    assert metrics(service.admin.get("/metrics"))["rollcall_activations_resting", None] == 1
    (world.folder / "away").rename(world.folder / "shop.duckdb")
    until(lambda: service.status(uid)["rests"] is None, "it does not go on by itself")
    assert run_now(service.admin, uid)["status"] == "completed"
    world.assert_right()


# --- Settings.

def test_flags_go_before_the_environment_and_that_before_the_file(world, serve):
    file = world.folder / "rollcall.toml"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def says(*options, **env):
        service = serve(world, *options, env=env, port=port)
        try:
            return service.url, service.nobody.get("/metrics").status == 200, service.end().startswith("{")
        finally:
            service.end(expect=None)

    file.write_text(f'listen = "127.0.0.1:{port}"\nurl = "http://file.example:1"\nopen-metrics = true\nlog = "json"\n')
    config = ["--config", str(file)]
    assert says(*config) == ("http://file.example:1", True, True)
    assert says(ROLLCALL_CONFIG=str(file)) == ("http://file.example:1", True, True)
    assert says(*config, ROLLCALL_URL="http://env.example:1", ROLLCALL_LOG="text") == ("http://env.example:1", True, False)
    assert says(*config, "--url", "http://flag.example:1", ROLLCALL_URL="http://env.example:1") == ("http://flag.example:1", True, True)
    assert says(*config, "--open-metrics", "false", ROLLCALL_OPEN_METRICS="true") == ("http://file.example:1", False, True)
    assert says(*config, "--open-metrics=false", "--log=text") == ("http://file.example:1", False, False)


@pytest.mark.parametrize("options, env, file, says", [
    (["--listen", "8090"], {}, None, "`listen`"),
    (["--listen", "127.0.0.1:99999"], {}, None, "`listen`"),
    (["--listen", "nowhere:80"], {}, None, "nowhere"),
    (["--runs-at-once", "0"], {}, None, "`runs-at-once`"),
    (["--retry-after", "soon"], {}, None, "`retry-after`"),
    (["--url", "example.com"], {}, None, "`url`"),
    (["--log", "xml"], {}, None, "`log`"),
    (["--tls-cert", "cert.pem"], {}, None, "`tls-key`"),
    (["--tls-cert", "no.pem", "--tls-key", "no.pem"], {}, None, "no.pem"),
    (["--frob", "1"], {}, None, "--frob"),
    ([], {"ROLLCALL_HANDLERS": "many"}, None, "`handlers`"),
    ([], {"ROLLCALL_CONFIG": "no.toml"}, None, "no.toml"),
    ([], {}, "handlers = many\n", "`handlers` in shop.toml"),
    ([], {}, "handlrs = 3\n", "did you mean `handlers`?"),
    ([], {}, "handlers = 3\n[section\n", "shop.toml"),
    ([], {}, "grace = -1\n", "`grace` in shop.toml"),
])
def test_a_wrong_setting_is_named_and_ends_with_2(make_world, options, env, file, says):
    world = make_world()
    if file is not None:
        (world.folder / "shop.toml").write_text(file)
        options = [*options, "--config", "shop.toml"]
    if not any(one.startswith("--listen") for one in options):
        env = {"ROLLCALL_LISTEN": "127.0.0.1:0"} | env
    done = world.rollcall("serve", *options, env=env or {"TZ": "UTC"}, expect=2, timeout=60)
    assert says in done.err and done.out == "", str(done)


def test_help_lists_every_setting_with_its_default_and_unit(make_world):
    world = make_world()
    told = world.rollcall("serve", "--help").out
    table = [[cell.strip(" `") for cell in line.split(" | ")] for line in world.rollcall("settings").out.splitlines()[2:]]
    assert len(table) > 15
    flat = " ".join(told.split())
    for name, default, unit, meaning in ([row[0].removeprefix("| `"), *row[1:]] for row in table):
        assert f"--{name} " in told, name
        assert "ROLLCALL_" + name.upper().replace("-", "_") in told, name
        assert f"({unit}, unless given: {default})" in flat, name
    assert "--config" in told and "ROLLCALL_CONFIG" in told
    assert "serve" in world.rollcall("--help").out


def test_a_port_that_is_taken_is_said(world, serve):
    service = serve(world)
    other = world.rollcall("serve", "--listen", f"127.0.0.1:{service.port}", expect=1, env={"TZ": "UTC"})
    assert str(service.port) in other.err


def test_tls_alone_is_spoken_where_there_is_a_certificate(world, serve):
    import http.client
    import ssl
    import subprocess

    cert, key = world.folder / "cert.pem", world.folder / "key.pem"
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-keyout", str(key),
                           "-out", str(cert), "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], capture_output=True)
    assert made.returncode == 0, made.stderr
    process = world.start("serve", "--listen", "127.0.0.1:0", "--tls-cert", str(cert), "--tls-key", str(key))
    try:
        url = process.stdout.readline().decode().split()[-1]
        assert url.startswith("https://")
        word = re.search(rb"word=(\S+)", process.stdout.readline() + process.stdout.readline())[1].decode()
        connection = http.client.HTTPSConnection("127.0.0.1", int(url.rsplit(":", 1)[1]), timeout=60, context=ssl.create_default_context(cafile=str(cert)))
        connection.request("POST", f"{API}/setup", json.dumps({"word": word, "email": "ada@example.com", "password": PASSWORD}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        cookie = answer.getheader("set-cookie")
        assert answer.status == 200 and cookie.startswith("__Host-rollcall=") and "; Secure" in cookie
        connection.request("GET", f"{API}/session", headers={"Cookie": cookie.split(";")[0]})
        assert connection.getresponse().status == 200
        connection.close()
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert binary().exists()


def test_behind_a_proxy_that_speaks_tls_cookies_are_secure(world):
    import http.client

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = world.start("serve", "--listen", f"127.0.0.1:{port}", "--url", "https://lists.example.com/")
    try:
        assert process.stdout.readline() == b"rollcall serves https://lists.example.com\n"
        word = re.search(rb"https://lists.example.com/setup.word=(\S+)", process.stdout.readline() + process.stdout.readline())[1].decode()

        def ask(method, path, body=None, **headers):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request(method, API + path, body and json.dumps(body), headers | {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            connection.close()
            return answer.status, answer.getheader("set-cookie")

        status, cookie = ask("POST", "/setup", {"word": word, "email": "ada@example.com", "password": PASSWORD}, Host="lists.example.com")
        assert status == 200 and cookie.startswith("__Host-rollcall=") and "; Secure" in cookie, cookie
        named = {"Cookie": cookie.split(";")[0]}
        assert ask("GET", "/session", Host="lists.example.com", **named)[0] == 200
        # Past the proxy, nobody vouches for TLS.
        assert ask("GET", "/session", **named)[0] == 401
        status, cookie = ask("POST", "/session", {"email": "ada@example.com", "password": PASSWORD})
        assert status == 200 and cookie.startswith("rollcall=") and "; Secure" not in cookie
    finally:
        process.terminate()
        process.communicate(timeout=60)
