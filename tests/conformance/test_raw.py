"""Raw HTTP, byte by byte, for what Iterable's own client strips, repairs or never asks for.

That client's schemas drop eight of the ten failure arrays and both noOp arrays, it parses text as JSON, and it
cannot send a wrong type. (Facts: docs/facts/iterable.md; lists/subscribe, failedUpdates, lists/getUsers.)
"""

import http.client
import json
import re
import socket
import time

import pytest

from simulator import API_KEY

ARRAYS = [f"{kind}{what}" for kind in ("invalid", "conflict", "forgotten", "invalidData", "notFound") for what in ("Emails", "UserIds")]
ADD = {"project_new_fields": "add"}


def subscribe(sim, list_id, *people, **more):
    return sim.post("/api/lists/subscribe", {"listId": list_id, "subscribers": list(people)} | more)


def named(answer) -> dict:
    """The failure arrays that are not empty."""
    assert answer.status == 200, answer
    assert list(answer.json["failedUpdates"]) == ARRAYS, "all ten are there, in the order of the description"
    return {name: people for name, people in answer.json["failedUpdates"].items() if people}


# --- The arrays.

def test_a_batch_without_failures_still_has_every_array(start):
    sim = start("hybrid")
    list_id = sim.make_list()
    sim.add_people({"email": "a@example.com"})
    answer = subscribe(sim, list_id, {"email": "a@example.com"}, updateExistingUsersOnly=True)
    assert named(answer) == {}
    assert answer.json == {
        "successCount": 1, "failCount": 0, "invalidEmails": [], "invalidUserIds": [], "filteredOutFields": [], "createdFields": [],
        "noOpEmails": [], "noOpUserIds": [], "failedUpdates": {name: [] for name in ARRAYS},
    }


def test_not_found_people_are_named_by_what_was_sent(start):
    sim = start("hybrid")
    list_id = sim.make_list()
    answer = subscribe(sim, list_id, {"email": "Nobody@Example.com"}, {"userId": "Nobody"}, updateExistingUsersOnly=True)
    assert named(answer) == {"notFoundEmails": ["nobody@example.com"], "notFoundUserIds": ["Nobody"]}
    assert (answer.json["successCount"], answer.json["failCount"]) == (0, 2)
    gone = sim.post("/api/lists/unsubscribe", {"listId": list_id, "subscribers": [{"email": "nobody@example.com"}, {"userId": "Nobody"}]})
    assert named(gone) == {"notFoundEmails": ["nobody@example.com"], "notFoundUserIds": ["Nobody"]}
    assert sim.side("GET", "contacts")["count"] == 0


def test_conflicts_name_both_identifiers(start):
    sim = start("hybrid")
    sim.add_people({"email": "a@example.com"}, {"userId": "B"})
    answer = subscribe(sim, sim.make_list(), {"email": "a@example.com", "userId": "B"}, updateExistingUsersOnly=True)
    assert named(answer) == {"conflictEmails": ["a@example.com"], "conflictUserIds": ["B"]}
    assert answer.json["failCount"] == 1


def test_forgotten_people_are_named(start):
    sim = start("hybrid")
    for person in ({"email": "gone@example.com"}, {"userId": "Gone"}):
        sim.add_people(person)
        assert sim.post("/api/users/forget", person).json["code"] == "Success"
    answer = subscribe(sim, sim.make_list(), {"email": "gone@example.com"}, {"userId": "Gone"})
    assert named(answer) == {"forgottenEmails": ["gone@example.com"], "forgottenUserIds": ["Gone"]}
    hashes = sim.get("/api/users/forgotten").json["hashedEmails"]
    assert [len(one) for one in hashes] == [64]
    assert sim.post("/api/users/update", {"email": "gone@example.com"}).status == 409


def test_invalid_data_names_the_row_when_the_batch_stands(start):
    sim = start("hybrid", switches=ADD | {"type_conflict": "row", "type_conflict_subscribe": "row"})
    list_id = sim.make_list()
    sim.add_people({"email": "a@example.com", "dataFields": {"rank": 1}}, {"email": "b@example.com"}, {"userId": "C"})
    rows = [{"email": "b@example.com", "dataFields": {"rank": "first"}}, {"userId": "C", "dataFields": {"rank": True}},
            {"email": "a@example.com", "dataFields": {"rank": 2}}]
    for answer in (subscribe(sim, list_id, *rows), sim.post("/api/users/bulkUpdate", {"users": rows})):
        assert named(answer) == {"invalidDataEmails": ["b@example.com"], "invalidDataUserIds": ["C"]}
    assert sim.members(list_id) == {"a@example.com"}
    assert sim.contact(email="a@example.com")["dataFields"]["rank"] == 2


def test_invalid_identifiers_are_named_at_both_places(start):
    sim = start("user_id")
    answer = subscribe(sim, sim.make_list(), {"userId": "x" * 53}, {"userId": "trailing "}, {"userId": ""}, {"userId": "ø"})
    wrong = ["x" * 53, "trailing ", "", "ø"]
    assert named(answer) == {"invalidUserIds": wrong}
    assert answer.json["invalidUserIds"] == wrong
    assert answer.json["failCount"] == 4


def test_no_ops_are_named_and_counted_as_success(start):
    sim = start("hybrid", switches=ADD)
    list_id = sim.make_list()
    people = [{"email": "a@example.com", "dataFields": {"rank": 1}}, {"userId": "B"}]
    sim.add_people({"email": "a@example.com"}, {"userId": "B"})
    first = subscribe(sim, list_id, *people)
    assert (first.json["successCount"], first.json["noOpEmails"], first.json["noOpUserIds"]) == (2, [], [])
    again = subscribe(sim, list_id, *people)
    assert (again.json["successCount"], again.json["noOpEmails"], again.json["noOpUserIds"]) == (2, ["a@example.com"], ["B"])


def test_fields_that_were_dropped_or_made_are_named_once(start):
    sim = start("hybrid")
    people = [{"email": f"{name}@example.com", "dataFields": {"fresh": 1}} for name in "ab"]
    dropped = subscribe(sim, sim.make_list(), *people)
    assert (dropped.json["createdFields"], dropped.json["filteredOutFields"]) == ([], ["fresh"])
    made = sim.post("/api/users/bulkUpdate", {"users": people, "createNewFields": True})
    assert (made.json["createdFields"], made.json["filteredOutFields"]) == (["fresh"], [])


def test_an_email_project_creates_whom_it_does_not_know(start):
    sim = start("email")
    answer = subscribe(sim, sim.make_list(), {"email": "new@example.com"}, {"userId": "nobody"}, updateExistingUsersOnly=True)
    assert named(answer) == {"notFoundUserIds": ["nobody"]}
    assert sim.contact(email="new@example.com") is not None


@pytest.mark.parametrize("shape, keys", [
    ("2017", ["successCount", "failCount", "invalidEmails"]),
    ("2021", ["successCount", "failCount", "invalidEmails", "invalidUserIds"]),
    ("2022", ["successCount", "failCount", "invalidEmails", "invalidUserIds"]),
])
def test_older_shapes_have_fewer_keys(start, shape, keys):
    sim = start("hybrid", switches={"shape": shape})
    answer = subscribe(sim, sim.make_list(), {"email": "user@"})
    assert list(answer.json) == keys
    assert (answer.json["failCount"], answer.json["invalidEmails"]) == (1, ["user@"])


# --- Requests that the client cannot send.

@pytest.mark.parametrize("body, path", [
    ({"subscribers": []}, "obj.listId"),
    ({"listId": "1", "subscribers": []}, "obj.listId"),
    ({"listId": 1}, "obj.subscribers"),
    ({"listId": 1, "subscribers": {}}, "obj.subscribers"),
    ({"listId": 1, "subscribers": ["a@example.com"]}, "obj.subscribers[0]"),
    ({"listId": 1, "subscribers": [{}, {"email": 5}]}, "obj.subscribers[1].email"),
    ({"listId": 1, "subscribers": [{"userId": "x", "dataFields": []}]}, "obj.subscribers[0].dataFields"),
    ({"listId": 1, "subscribers": [], "updateExistingUsersOnly": "true"}, "obj.updateExistingUsersOnly"),
])
def test_one_wrong_json_type_refuses_the_whole_request(start, body, path):
    answer = start("hybrid").post("/api/lists/subscribe", body)
    assert answer.status == 400
    assert answer.json["code"] == "BadJsonBody"
    assert answer.json["msg"] == "[/api/lists/subscribe] Invalid JSON body"
    assert path in answer.json["params"]


@pytest.mark.parametrize("body", ["", "{", "nul", '{"listId":1,}', "\xff", "[1]", '{"listId":1,"subscribers":[]} x'])
def test_what_is_no_json_is_refused(start, body):
    answer = start("hybrid").post("/api/lists/subscribe", body.encode("latin-1"))
    assert (answer.status, answer.json["code"]) == (400, "BadJsonBody")


def test_an_older_refusal_echoes_the_request_and_in_2022_the_key(start):
    sim = start("hybrid", switches={"shape": "2021"})
    answer = sim.post("/api/lists", {"name": None})
    assert answer.json["params"] == {"obj.name": [{"msg": "error.expected.jsstring", "args": []}]}
    assert '{"name": null}' in answer.json["msg"] and API_KEY not in answer.json["msg"]
    sim.turn(shape="2022")
    answer = sim.post("/api/lists", {"name": None})
    assert isinstance(answer.json["msg"], list) and API_KEY in answer.json["msg"][0]


def test_nobody_in_a_row_refuses_the_batch_or_fails_without_a_name(start):
    sim = start("hybrid")
    list_id = sim.make_list()
    sim.add_people({"email": "a@example.com"})
    assert (answer := subscribe(sim, list_id, {"email": "a@example.com"}, {})).status == 400, answer
    assert sim.members(list_id) == set()
    sim.turn(no_identifier="row")
    answer = subscribe(sim, list_id, {"email": "a@example.com"}, {})
    assert (answer.json["successCount"], answer.json["failCount"], named(answer)) == (1, 1, {})


def test_a_body_above_four_million_bytes_is_refused(start):
    sim = start("hybrid")
    list_id = sim.make_list()
    body = json.dumps({"listId": list_id, "subscribers": []}).encode()
    assert sim.post("/api/lists/subscribe", body + b" " * (4_000_000 - len(body))).status == 200
    too_large = sim.post("/api/lists/subscribe", body + b" " * (4_000_001 - len(body)))
    assert (too_large.status, too_large.headers["content-type"]) == (413, "text/html")
    sim.turn(too_large="400")
    too_large = sim.post("/api/lists/subscribe", body + b" " * (4_000_001 - len(body)))
    assert (too_large.status, too_large.json["code"]) == (400, "BatchTooLarge")


@pytest.mark.parametrize("header", ["Api-Key", "api-key", "Api_Key", "api_key", "API_KEY"])
def test_the_key_is_taken_from_either_header_in_any_case(start, header):
    sim = start("hybrid", "--api-key", API_KEY)
    assert sim.send("GET", "/api/lists", headers={header: API_KEY}).status == 200
    assert sim.send("GET", "/api/lists", headers={header: API_KEY[:-1]}).status == 401


@pytest.mark.parametrize("target, headers", [("/api/lists", {}), (f"/api/lists?api_key={API_KEY}", {}), ("/api/lists", {"Api-Key": ""}),
                                             ("/api/lists", {"Authorization": f"Bearer {API_KEY}"})])
def test_without_the_header_there_is_no_way_in(start, target, headers):
    sim = start("hybrid", "--api-key", API_KEY)
    answer = sim.send("GET", target, headers=headers)
    assert answer.status == 401
    assert answer.json == {"msg": "Invalid API key", "code": "BadApiKey", "params": {"ip": "127.0.0.1", "endpoint": "/api/lists"}}


# --- Answers, as they are before a client repairs them.

def test_lists_have_no_nulls_and_numbers_are_whole(start):
    sim = start("hybrid")
    sim.make_list("plain")
    (one,) = sim.get("/api/lists").json["lists"]
    assert set(one) == {"id", "name", "createdAt", "listType"}
    assert isinstance(one["createdAt"], int) and abs(one["createdAt"] - time.time() * 1000) < 600_000


def test_get_users_is_text_with_a_newline_after_every_line(start):
    sim = start("hybrid", switches={"get_users_order": "sorted"})
    list_id = sim.make_list()
    empty = sim.get(f"/api/lists/getUsers?listId={list_id}")
    assert (empty.status, empty.body, empty.headers["content-type"]) == (200, b"", "text/plain")
    sim.add_people({"email": "a@example.com", "userId": "A"}, {"userId": "12345"})
    subscribe(sim, list_id, {"email": "a@example.com"}, {"userId": "12345"}, updateExistingUsersOnly=True)
    assert sim.get(f"/api/lists/getUsers?listId={list_id}").body == b"a@example.com\n12345\n"
    assert sim.get(f"/api/lists/getUsers?listId={list_id}&preferUserId=true").body == b"A\n12345\n"
    assert sim.get(f"/api/lists/{list_id}/size").body == b"2"


def test_an_unknown_list_is_named_with_text_on_reads_and_numbers_on_writes(start):
    sim = start("hybrid", "--project-id", "2158")
    for target in ("/api/lists/getUsers?listId=42", "/api/lists/previewUsers?listId=42", "/api/lists/42/size"):
        answer = sim.get(target)
        assert answer.status == 400
        assert answer.json == {"msg": "Invalid email list id", "code": "BadParams", "params": {"projectId": "2158", "listId": "42"}}
    answer = subscribe(sim, 42)
    assert answer.status == 400
    assert answer.json == {"msg": "error.lists.invalidListId(42)", "code": "Success", "params": {"projectId": 2158, "listId": 42}}


def test_a_person_without_an_address_has_no_email_member(start):
    sim = start("user_id")
    sim.add_people({"userId": "A"})
    assert set(sim.get("/api/users/byUserId/A").json["user"]) == {"userId", "dataFields"}
    sim.turn(missing_email="null")
    assert sim.get("/api/users/byUserId?userId=A").json["user"]["email"] is None
    sim.turn(missing_email="empty")
    assert sim.get("/api/users/byUserId?userId=A").json["user"]["email"] == ""


def test_a_plus_in_a_path_is_a_plus_and_in_a_query_a_blank(start):
    sim = start("hybrid")
    sim.add_people({"email": "a+b@example.com"})
    assert sim.get("/api/users/a+b@example.com").json["user"]["email"] == "a+b@example.com"
    assert sim.get("/api/users/a%2Bb@example.com").json["user"]["email"] == "a+b@example.com"
    assert sim.get("/api/users/getByEmail?email=a%2Bb@example.com").json["user"]["email"] == "a+b@example.com"
    refused = sim.get("/api/users/getByEmail?email=a+b@example.com")
    assert (refused.status, refused.json["code"]) == (400, "InvalidEmailAddressError")


@pytest.mark.parametrize("method, target", [("GET", "/api/nothing"), ("POST", "/api/users/getFields"), ("DELETE", "/api/lists/"),
                                            ("PATCH", "/api/lists/1"), ("PUT", "/api/lists/1"), ("GET", "/api/lists/1"), ("GET", "/")])
def test_an_unknown_path_or_method_is_a_page(start, method, target):
    answer = start("hybrid").send(method, target)
    assert answer.status == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "<title>Action not found</title>" in answer.text
    assert len(answer.body) >= 3000


def test_headers_are_those_of_the_service(start):
    sim = start("hybrid")
    headers = sim.get("/api/lists").headers
    assert headers["content-type"] == "application/json"
    assert re.fullmatch(r"iterable-ingress [0-9a-f]{4}", headers["server"])
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", headers["iterable-request-id"])
    assert headers["request-time"].isdigit()
    assert headers["vary"] == "Origin,Accept-Encoding"
    assert not [name for name in headers if "ratelimit" in name.replace("-", "")]
    sim.turn(shape="2017")
    headers = sim.get("/api/lists").headers
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert "iterable-request-id" not in headers


def test_the_sixth_read_of_a_minute_is_refused_in_the_recorded_words(start):
    sim = start("hybrid", "--limits", "published", "--project-id", "2158")
    list_id = sim.make_list()
    targets = [f"/api/lists/getUsers?listId={list_id}", f"/api/lists/previewUsers?listId={list_id}", f"/api/lists/{list_id}/size"] * 2
    answers = [sim.get(target) for target in targets]
    assert [one.status for one in answers] == [200] * 5 + [429]
    assert answers[-1].json == {"msg": "Exceeded rate limit of 5.0 per minute for endpoint: /api/lists/{listId}/size, project: 2158 ",
                                "code": "RateLimitExceeded", "params": {}}
    assert "retry-after" not in answers[-1].headers
    sim.turn(retry_after_s=7)
    assert sim.get(targets[0]).headers["retry-after"] == "7"


def test_an_export_is_one_json_object_a_line_in_chunks(start):
    sim = start("hybrid")
    sim.add_people(*({"email": f"user{i}@example.com"} for i in range(3000)))
    answer = sim.get("/api/export/data.json?dataTypeName=user&range=All")
    assert answer.headers["content-type"] == "application/x-json-stream"
    assert answer.headers["transfer-encoding"] == "chunked"
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert {row["email"] for row in rows} == {f"user{i}@example.com" for i in range(3000)}
    narrow = sim.get("/api/export/data.json?dataTypeName=user&range=All&onlyFields=email&onlyFields=signupDate")
    assert set(json.loads(narrow.text.splitlines()[0])) == {"email", "signupDate"}


def test_one_connection_serves_many_requests(start):
    sim = start("hybrid")
    connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=20)
    for _ in range(3):
        connection.request("GET", "/api/lists", headers={"Api-Key": API_KEY})
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("connection")) == (200, "keep-alive")
        assert len(answer.read()) == int(answer.getheader("content-length"))
    connection.close()


# --- Broken connections, which no client library shows as they are.

def raw_exchange(sim, request: bytes) -> tuple[bytes, bool]:
    """All bytes that come back, and whether the connection ended with a reset."""
    with socket.create_connection(("127.0.0.1", sim.port), timeout=20) as connection:
        connection.sendall(request)
        got = b""
        try:
            while piece := connection.recv(65536):
                got += piece
        except ConnectionResetError:
            return got, True
        return got, False


def raw_subscribe(list_id: int) -> bytes:
    body = json.dumps({"listId": list_id, "subscribers": [{"email": "a@example.com"}]}).encode()
    return (b"POST /api/lists/subscribe HTTP/1.1\r\nHost: x\r\nApi-Key: k\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)) + body


@pytest.mark.parametrize("kind, applied", [("reset_before", False), ("applied_then_reset", True)])
def test_a_reset_sends_no_byte_and_takes_effect_or_not(start, kind, applied):
    sim = start("hybrid")
    list_id = sim.make_list()
    sim.side("PUT", "faults", [{"kind": kind, "endpoint": "POST /api/lists/subscribe", "first": 1}])
    assert raw_exchange(sim, raw_subscribe(list_id)) == (b"", True)
    assert sim.members(list_id) == ({"a@example.com"} if applied else set())
    assert sim.side("GET", "faults")["kinds"] == {kind: 1}


def test_a_cut_body_is_shorter_than_it_says(start):
    sim = start("hybrid")
    list_id = sim.make_list()
    sim.side("PUT", "faults", [{"kind": "cut_body", "endpoint": "POST /api/lists/subscribe", "first": 1}])
    got, _ = raw_exchange(sim, raw_subscribe(list_id))
    head, _, body = got.partition(b"\r\n\r\n")
    promised = int(re.search(rb"Content-Length: (\d+)", head)[1])
    assert 0 < len(body) == promised // 2
    assert sim.members(list_id) == {"a@example.com"}


def test_what_is_no_http_is_answered_with_400_and_the_service_lives(start):
    sim = start("hybrid")
    got, _ = raw_exchange(sim, b"not http at all\r\n\r\n")
    assert got == b"" or got.startswith(b"HTTP/1.1 400")
    assert sim.get("/api/lists").status == 200
