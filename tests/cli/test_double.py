"""The double itself: what the other tests rely on."""

import http.client
import json
import time
import urllib.parse

import pytest

from double import API_KEY, FAILURES, Double


class Client:
    def __init__(self, double):
        self.connection = http.client.HTTPConnection("127.0.0.1", double.port, timeout=10)

    def call(self, method, path, body=None, key=API_KEY):
        raw = json.dumps(body).encode() if body is not None else None
        self.connection.request(method, "/api/" + path, raw, {"Api-Key": key, "Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read().decode()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def get(self, path, **query):
        return self.call("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def post(self, path, body):
        return self.call("POST", path, body)


@pytest.fixture
def make():
    made = []

    def one(*args, **options):
        made.append(Double(*args, **options))
        return made[-1], Client(made[-1])

    yield one
    for double in made:
        double.close()


def subscribe(client, list_id, *people, flag=True):
    return client.post("lists/subscribe", {"listId": list_id, "subscribers": list(people), "updateExistingUsersOnly": flag})


def unsubscribe(client, list_id, *people):
    return client.post("lists/unsubscribe", {"listId": list_id, "subscribers": list(people), "channelUnsubscribe": False})


def test_a_wrong_key_is_refused(make):
    _, client = make()
    status, body = client.call("GET", "lists", key="no")
    assert status == 401 and body["code"] == "BadApiKey"


def test_an_unknown_path_is_html(make):
    _, client = make()
    status, body = client.get("nothing")
    assert status == 404 and "Action not found" in body


@pytest.mark.parametrize("project_type", ["hybrid", "user_id"])
def test_the_flag_skips_and_names_the_unknown_where_the_type_honours_it(make, project_type):
    double, client = make(project_type)
    double.add_contact(email="ann@example.com", user_id="A")
    _, made = client.post("lists", {"name": "L"})
    status, body = subscribe(client, made["listId"], {"userId": "A"}, {"userId": "B"})
    assert status == 200
    assert (body["successCount"], body["failCount"]) == (1, 1)
    assert body["failedUpdates"]["notFoundUserIds"] == ["B"]
    assert set(body["failedUpdates"]) == set(FAILURES)
    assert double.members(made["listId"], "user_id") == {"A"}
    assert double.created == []
    subscribe(client, made["listId"], {"userId": "B"}, flag=False)
    assert double.created == [("lists/subscribe", "B")]


def test_an_email_project_creates_whatever_the_flag_says(make):
    double, client = make("email")
    id = double.make_list("L")
    subscribe(client, id, {"email": "New@Example.com"})
    unsubscribe(client, id, {"email": "other@example.com"})
    client.post("users/bulkUpdate", {"users": [{"email": "third@example.com"}]})
    assert [key for _, key in double.created] == ["new@example.com", "other@example.com", "third@example.com"]
    _, body = subscribe(client, id, {"userId": "nobody"})
    assert body["failCount"] == 1 and len(double.created) == 3


def test_profiles_name_their_lists_by_the_project_type(make):
    for project_type, name in (("email", "emailListIds"), ("hybrid", "userListIds"), ("user_id", "userListIds")):
        double, client = make(project_type)
        double.add_contact(email="ann@example.com", user_id="A")
        id = double.make_list("L")
        subscribe(client, id, {"email": "ANN@example.com"} if project_type == "email" else {"userId": "A"})
        _, body = client.get("users/byUserId", userId="A")
        assert body["user"]["dataFields"][name] == [id]
        unsubscribe(client, id, {"userId": "A"})
        _, body = client.get("users/byUserId", userId="A")
        assert name not in body["user"]["dataFields"]


def test_unknown_people_are_told_differently_by_key(make):
    _, client = make()
    assert client.get("users/getByEmail", email="no@example.com") == (200, {})
    status, body = client.get("users/byUserId", userId="no")
    assert status == 400 and body["code"] == "error.users.noUserWithIdExists"
    assert client.get("users/getByEmail", email="no@")[0] == 400
    assert client.get("users/getByEmail", email="no@example.test")[0] == 400
    _, client = make(user_id_unknown="text")
    assert client.get("users/byUserId", userId="no") == (400, "No user with that id exists!")


def test_the_first_value_fixes_a_fields_type(make):
    double, client = make()
    double.add_contact(email="ann@example.com")
    id = double.make_list("L")
    person = lambda **fields: {"email": "ann@example.com", "dataFields": fields}
    _, body = subscribe(client, id, person(a=1.5, b=2, c=True, d="2026-01-02", e="x", f={"g": 1}, h=["x"]))
    assert body["createdFields"] == ["a", "b", "c", "d", "e", "f", "f.g", "h"]
    assert double.field_types() == {"a": "double", "b": "long", "c": "boolean", "d": "date", "e": "string", "f": "object", "f.g": "long", "h": "string"}
    for wrong in ({"a": 1}, {"b": 1.0}, {"c": "true"}, {"d": "soon"}, {"e": 5}, {"h": [1]}):
        _, body = subscribe(client, id, person(**wrong))
        assert body["failedUpdates"]["invalidDataEmails"] == ["ann@example.com"], wrong
    subscribe(client, id, person(a=None, e="2026-01-02"))
    fields = double.contact(email="ann@example.com").fields
    assert "a" not in fields and fields["e"] == "2026-01-02" and fields["d"] == "2026-01-02 00:00:00 +00:00"


def test_new_fields_can_be_left_out_by_the_project_or_the_call(make):
    double, client = make(unknown_fields="drop")
    double.add_contact(email="ann@example.com")
    id = double.make_list("L")
    _, body = subscribe(client, id, {"email": "ann@example.com", "dataFields": {"a": 1}})
    assert body["filteredOutFields"] == ["a"] and body["successCount"] == 1
    _, body = client.post("users/bulkUpdate", {"users": [{"email": "ann@example.com", "dataFields": {"a": 1}}], "createNewFields": True})
    assert body["createdFields"] == ["a"]


def test_a_type_conflict_can_refuse_the_whole_batch(make):
    double, client = make(type_conflict="batch")
    double.add_contact(email="ann@example.com", a=1)
    double.add_contact(email="bob@example.com")
    id = double.make_list("L")
    status, body = subscribe(client, id, {"email": "bob@example.com"}, {"email": "ann@example.com", "dataFields": {"a": "x"}})
    assert status == 400 and body["code"] == "RequestFieldsTypesMismatched"
    assert double.members(id, "email") == set()


def test_a_new_list_may_not_be_usable_at_once(make):
    double, client = make(list_warmup=30)
    double.add_contact(email="ann@example.com")
    _, made = client.post("lists", {"name": "L"})
    status, body = subscribe(client, made["listId"], {"email": "ann@example.com"})
    assert status == 400 and body["code"] == "Success" and "invalidListId" in body["msg"]


def test_reads_show_a_write_after_a_while(make):
    double, client = make(visible_after=0.3)
    double.add_contact(email="ann@example.com")
    double.show_everything()
    id = double.make_list("L")
    double.show_everything()
    subscribe(client, id, {"email": "ann@example.com"})
    assert client.get("lists/getUsers", listId=id) == (200, "")
    import time
    time.sleep(0.35)
    assert client.get("lists/getUsers", listId=id) == (200, "ann@example.com\n")


def test_what_no_client_may_do_is_kept(make):
    double, client = make()
    double.add_contact(email="ann@example.com")
    id = double.make_list("L")
    client.post("lists/subscribe", {"listId": id, "subscribers": [], "createNewFields": True})
    client.post("lists/subscribe", {"listId": str(id), "subscribers": []})
    client.post("lists/unsubscribe", {"listId": id, "subscribers": [{"email": "ann@example.com"}]})
    subscribe(client, id, *[{"userId": str(i)} for i in range(1001)])
    subscribe(client, id, {"email": "ann@example.com"}, {"email": "ANN@example.com"})
    client.call("DELETE", "users/ann@example.com")
    text = "\n".join(double.violations)
    for part in ("createNewFields", "listId", "1001 people", "twice", "deletes"):
        assert part in text
    assert double.channel_unsubscribes == 1


def test_rates_are_watched_in_sliding_windows(make):
    double, client = make()
    for _ in range(3):
        client.get("users/getFields")
    assert double.violations == []
    client.get("users/getFields")
    assert double.violations == ["more than 3 calls of users/getFields in 1 s"]
    strict, client = make(limits="enforce")
    assert [client.get("users/getFields")[0] for _ in range(4)] == [200, 200, 200, 429]


def test_what_is_stamped_late_is_not_held_against_a_client(make, monkeypatch):
    monkeypatch.setattr(Double, "_watch", lambda self: None)  # what the machine does while this runs says nothing
    double, _ = make()
    now = double._awake = time.monotonic()
    for _ in range(100):
        double._count("users/byUserId", now)
    assert double.violations == []
    double._pauses.append((now - 0.25, now))  # 125 may have come; a quarter is a quarter at any time of the clock
    for _ in range(25):
        double._count("users/byUserId", now)
    assert double.violations == []
    double._count("users/byUserId", now)
    assert double.violations == ["more than 100 calls of users/byUserId in 1 s"]


@pytest.mark.parametrize("kind, done", [
    ("reset_before", False), ("reset_after", True), ("error_500", False), ("error_500_after", True), ("text_503", False),
    ("html_502", False), ("throttle", False), ("throttle_retry_after", False), ("cut_body", True), ("garbage", True),
    ("refuse_some", False), ("wrong_counts", True),
])
def test_every_fault_fires_once_and_does_what_it_says(make, kind, done):
    double, client = make()
    double.add_contact(email="ann@example.com")
    id = double.make_list("L")
    fault = double.add_fault(kind, "lists/subscribe", skip=1)
    subscribe(client, id)
    try:
        status, body = subscribe(client, id, {"email": "ann@example.com"})
    except (OSError, http.client.HTTPException):
        assert kind in ("reset_before", "reset_after", "cut_body")
        client = Client(double)
    else:
        wanted = {"error_500": 500, "error_500_after": 500, "text_503": 503, "html_502": 502, "throttle": 429, "throttle_retry_after": 429}
        assert status == wanted.get(kind, 200)
    assert (double.members(id, "email") == {"ann@example.com"}) == done
    assert fault.fired == 1
    assert subscribe(client, id, {"email": "ann@example.com"})[1]["successCount"] == 1
    assert fault.fired == 1


def test_bad_weather_repeats_with_its_seed(make):
    def story():
        double, client = make()
        double.bad_weather(7, 0.3, {"error_500", "text_503"})
        return [client.get("lists")[0] for _ in range(40)]

    first = story()
    assert first == story() and 500 in first and 503 in first


def test_a_saved_world_comes_back_as_it_was(make):
    double, client = make()
    double.add_contact(email="ann@example.com")
    id = double.make_list("L")
    saved = double.save()
    subscribe(client, id, {"email": "ann@example.com"})
    client.post("lists", {"name": "M"})
    double.restore(saved)
    assert double.members(id, "email") == set() and double.lists_named("M") == [] and double.log == []
