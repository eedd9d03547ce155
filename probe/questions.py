"""The experiments: each asks the service one thing nobody could check, and names the switch it settles.

An experiment writes only what it made up itself: addresses under example.com, user ids, lists and fields that
carry the run's own tag. Where a refusal shows as much as a write, it sends what can only be refused (`x@` is
no address anywhere). A switch is settled when the answers fit one of its positions; otherwise it is left, with
what was seen. What is open, and why: docs/facts/iterable.md (marked A).
"""

from __future__ import annotations

import json
import re
import secrets
import time
import urllib.parse
from dataclasses import dataclass
from typing import Callable

ALL = ("hybrid", "email", "user_id")
NOBODY = {"email": "x@"}  # malformed: fails by name, creates nobody

NOT_FOR_ITERABLE = {"log_body_max": "It is the simulator's own, about its side door."}


@dataclass
class Question:
    names: tuple[str, ...]
    types: tuple[str, ...]
    text: str
    run: Callable[["Project"], None]


QUESTIONS: list[Question] = []


def settles(*names: str, types=ALL):
    """Registers an experiment; its first line of documentation is the question."""
    def register(run):
        QUESTIONS.append(Question(names, tuple(types), run.__doc__.strip().split("\n")[0], run))
        return run
    return register


def switches() -> set[str]:
    return {name for question in QUESTIONS for name in question.names}


class Project:
    """The project under experiment: makes throw-away things, waits, and keeps what was settled."""

    def __init__(self, api, given):
        self.api = api
        self.type = given.project_type
        self.given = given
        self.tag = secrets.token_hex(4)
        self.made = 0
        self.lists: list[int] = []
        self.settled: dict[str, tuple[int | str, str]] = {}
        self.unsettled: dict[str, str] = {}

    # --- What was found.

    def settle(self, name: str, value: int | str, how: str):
        self.settled[name] = (value, how)
        self.unsettled.pop(name, None)

    def leave(self, name: str, why: str):
        if name not in self.settled:
            self.unsettled[name] = why

    def settle_time(self, name: str, took: float | None, how: str, missed: str = "Not seen within"):
        """Settles `name` by the seconds that `wait` took, or says that patience ran out."""
        if took is None:
            self.leave(name, f"{missed} {self.given.patience:.0f} s.")
        else:
            self.settle(name, milliseconds(took), how)

    def choose(self, name: str, how: str, **positions: bool):
        """Settles `name` if exactly one of the positions fits what was seen."""
        fitting = [position for position, fits in positions.items() if fits]
        if len(fitting) == 1:
            self.settle(name, fitting[0].removeprefix("_"), how)
        else:
            self.leave(name, f"No position fits: {how}." if not fitting else f"Several fit: {how}.")

    # --- Things to throw away.

    def word(self, kind="p") -> str:
        self.made += 1
        return f"probe{self.tag}{kind}{self.made}"

    def stranger(self) -> dict:
        """A row for somebody nobody knows, by what identifies people here."""
        return {"userId": self.word()} if self.type == "user_id" else {"email": f"{self.word()}@example.com"}

    def user(self, person: dict) -> dict | None:
        """The profile, or nothing."""
        if "email" in person and self.type != "user_id":
            answer = self.api.call("GET", "/api/users/getByEmail?email=" + urllib.parse.quote(person["email"], safe=""))
        else:
            answer = self.api.call("GET", "/api/users/byUserId/" + urllib.parse.quote(person["userId"], safe=""))
        return answer.get("user") if answer.status == 200 else None

    def create(self, person: dict | None = None, **more) -> dict:
        """Somebody the project knows, seen by reads before this returns."""
        person = person or self.stranger()
        answer = self.api.call("POST", "/api/users/update", person | more)
        if answer.status != 200:
            raise ValueError(answer.brief)
        self.wait(lambda: self.user(person))
        return person

    def new_list(self, name: str | None = None, ready=True, **more) -> int:
        answer = self.api.call("POST", "/api/lists", {"name": name or self.word("list")} | more)
        list_id = answer.json["listId"]
        self.lists.append(list_id)
        if ready:
            self.wait(lambda: self.subscribe(list_id, [NOBODY]).status == 200)
        return list_id

    def subscribe(self, list_id: int, rows: list, call="subscribe", **more):
        return self.api.call("POST", f"/api/lists/{call}", {"listId": list_id, "subscribers": rows} | more)

    def bulk(self, rows: list, **more):
        return self.api.call("POST", "/api/users/bulkUpdate", {"users": rows} | more)

    def write(self, person: dict, fields: dict, **more):
        """One person's fields, as a batch of one; fields may be made."""
        return self.bulk([person | {"dataFields": fields} | more], createNewFields=True)

    def clean_up(self):
        for list_id in self.lists:
            self.api.call("DELETE", f"/api/lists/{list_id}")

    # --- Time.

    def wait(self, condition, patience: float | None = None) -> float | None:
        """Seconds until `condition` held; None if it never did. Asks at most ten times as often as time doubles."""
        begun = time.monotonic()
        while True:
            if condition():
                return time.monotonic() - begun
            passed = time.monotonic() - begun
            if passed > (self.given.patience if patience is None else patience):
                return None
            time.sleep(max(0.02, passed / 10))

    def let_pass(self):
        """Returns when what was written before must be seen: a later write is seen, and as long again has passed."""
        begun = time.monotonic()
        self.create()
        time.sleep(time.monotonic() - begun + 0.1)

    def on_list(self, person: dict, list_id: int) -> bool:
        fields = (self.user(person) or {}).get("dataFields", {})
        return list_id in (fields.get("emailListIds") or []) + (fields.get("userListIds") or [])


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def counts(answer) -> tuple:
    return answer.get("successCount"), answer.get("failCount")


# --- Limits first: their buckets are full as long as nobody has read a list.

@settles("list_read_bucket", "retry_after_s")
def list_reads(p: Project):
    """Do getUsers and size share one limit, and does a 429 say how long to wait?"""
    list_id = p.new_list()
    refused = None
    for _ in range(12):
        answer = p.api.once("GET", f"/api/lists/getUsers?listId={list_id}")
        if answer.status == 429:
            refused = answer
            break
    if refused is None:
        for name in ("list_read_bucket", "retry_after_s"):
            p.leave(name, "Twelve reads at once met no limit.")
        return
    other = p.api.once("GET", f"/api/lists/{list_id}/size")
    p.choose("list_read_bucket", f"after getUsers was refused, size gave status {other.status}",
             shared=other.status == 429, separate=other.status == 200)
    told = refused.headers.get("retry-after", "0")
    if told.isdigit():
        p.settle("retry_after_s", int(told), "the 429 of getUsers " + ("had no Retry-After" if told == "0" else f"said Retry-After: {told}"))
    else:
        p.leave("retry_after_s", "Retry-After is a date.")


def calls_a_minute(p: Project, call) -> tuple[int, str]:
    begun = time.monotonic()
    for made in range(p.given.hammer):
        answer = call()
        if answer.status != 429:
            continue
        told = re.search(r"rate limit of ([0-9.]+) per (second|minute)", str(answer.get("msg", "")))
        if told:
            per_minute = float(told[1]) * (60 if told[2] == "second" else 1)
            return round(per_minute), f"the 429 of call {made + 1} named the limit"
        passed = time.monotonic() - begun
        return made, f"{made} calls passed in {passed:.1f} s before the first 429, which named no limit"
    return 0, f"{p.given.hammer} calls in {time.monotonic() - begun:.1f} s met no limit"


@settles("limit_subscribe_per_min")
def subscribe_limit(p: Project):
    """How many calls of subscribe does a minute take?"""
    list_id = p.new_list()
    value, how = calls_a_minute(p, lambda: p.api.once("POST", "/api/lists/subscribe", {"listId": list_id, "subscribers": [NOBODY]}))
    p.settle("limit_subscribe_per_min", value, how)


@settles("limit_unsubscribe_per_min")
def unsubscribe_limit(p: Project):
    """How many calls of unsubscribe does a minute take?"""
    list_id = p.new_list()
    body = {"listId": list_id, "subscribers": [NOBODY], "channelUnsubscribe": False}
    value, how = calls_a_minute(p, lambda: p.api.once("POST", "/api/lists/unsubscribe", body))
    p.settle("limit_unsubscribe_per_min", value, how)


@settles("limit_lists_write_per_min")
def lists_limit(p: Project):
    """How many deletions of lists does a minute take? (Asked with a list that does not exist.)"""
    value, how = calls_a_minute(p, lambda: p.api.once("DELETE", "/api/lists/1"))
    p.settle("limit_lists_write_per_min", value, how)


@settles("limit_users_write_per_min")
def users_limit(p: Project):
    """How many calls of updateSubscriptions does a minute take? (Asked with a malformed address.)"""
    value, how = calls_a_minute(p, lambda: p.api.once("POST", "/api/users/updateSubscriptions", NOBODY))
    p.settle("limit_users_write_per_min", value, how)


# --- Time until things are seen.

@settles("list_ready_after_ms")
def list_ready(p: Project):
    """How long does a new list answer invalidListId?"""
    list_id = p.new_list(ready=False)
    took = p.wait(lambda: p.subscribe(list_id, [NOBODY]).status == 200)
    p.settle_time("list_ready_after_ms", took, "from the answer of create to the first subscribe that was taken", missed="Not usable within")


@settles("visible_after_ms")
def visible(p: Project):
    """How long until a read sees a write?"""
    person = p.stranger()
    p.api.call("POST", "/api/users/update", person)
    took = p.wait(lambda: p.user(person))
    p.settle_time("visible_after_ms", took, "from the answer of users/update to the first read that knew the person")


@settles("size_lag_ms")
def size_lag(p: Project):
    """How long until a list's size sees a subscribe?"""
    person, list_id = p.create(), p.new_list()
    p.subscribe(list_id, [person])
    took = p.wait(lambda: p.api.call("GET", f"/api/lists/{list_id}/size").text.strip(' "') == "1")
    p.settle_time("size_lag_ms", took, "from the answer of subscribe to the first size of 1; limits make it coarse")


@settles("export_lag_ms")
def export_lag(p: Project):
    """How long until an export of users sees a write?"""
    person = p.stranger()
    start = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - 86400))
    end = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 86400))
    target = "/api/export/data.json?" + urllib.parse.urlencode({"dataTypeName": "user", "startDateTime": start, "endDateTime": end})
    name, = person.values()
    p.api.call("POST", "/api/users/update", person)
    took = p.wait(lambda: name in p.api.call("GET", target).text)
    p.settle_time("export_lag_ms", took, "from the answer of users/update to the first export with the person; limits make it coarse")


@settles("deleted_stay_ms")
def deleted_stay(p: Project):
    """How long does getUsers name a member who was deleted?"""
    person, list_id = p.create(), p.new_list()
    p.subscribe(list_id, [person])
    (kind, name), = person.items()
    listed = lambda: name in p.api.call("GET", f"/api/lists/getUsers?listId={list_id}").text.split()  # noqa: E731
    p.wait(listed)
    p.api.call("DELETE", "/api/users/" + ("byUserId/" if kind == "userId" else "") + urllib.parse.quote(name, safe=""))
    took = p.wait(lambda: not listed())
    p.settle_time("deleted_stay_ms", took, "from the answer of DELETE to the first getUsers without the person", missed="Still named after")


# --- Who is created, who is found.

@settles("unsubscribe_unknown_email", types=("email",))
def unsubscribe_unknown_email(p: Project):
    """What does unsubscribe do with an address the project does not know?"""
    list_id, person = p.new_list(), p.stranger()
    answer = p.subscribe(list_id, [person], "unsubscribe", channelUnsubscribe=False)
    p.let_pass()
    created = p.user(person) is not None
    p.choose("unsubscribe_unknown_email", f"successCount {counts(answer)[0]}, failCount {counts(answer)[1]}, profile {'made' if created else 'not made'}",
             create=created, not_found=not created and counts(answer)[1] == 1, ignore=not created and counts(answer)[1] == 0)


def vanishes_or_fails(p: Project, name: str, answer):
    p.choose(name, f"{answer.brief}, successCount {counts(answer)[0]}, failCount {counts(answer)[1]}",
             not_found=counts(answer) == (0, 1), ignore=counts(answer) == (0, 0))


@settles("unknown_existing_only", types=("hybrid", "user_id"))
def unknown_existing_only(p: Project):
    """What does subscribe with updateExistingUsersOnly say of somebody unknown?"""
    vanishes_or_fails(p, "unknown_existing_only", p.subscribe(p.new_list(), [p.stranger()], updateExistingUsersOnly=True))


@settles("unsubscribe_unknown", types=("hybrid", "user_id"))
def unsubscribe_unknown(p: Project):
    """What does unsubscribe say of somebody unknown?"""
    vanishes_or_fails(p, "unsubscribe_unknown", p.subscribe(p.new_list(), [p.stranger()], "unsubscribe", channelUnsubscribe=False))


def which_array(p: Project, name: str, answer, what: str):
    p.choose(name, f"{answer.brief}, failCount {counts(answer)[1]}",
             not_found=bool(answer.failed("notFound" + what)), invalid=bool(answer.failed("invalid" + what)))


@settles("email_project_user_id", types=("email",))
def email_project_user_id(p: Project):
    """Under which name does an unknown userId alone fail?"""
    which_array(p, "email_project_user_id", p.subscribe(p.new_list(), [{"userId": p.word()}]), "UserIds")


@settles("user_id_project_email", types=("user_id",))
def user_id_project_email(p: Project):
    """Under which name does a row with an email alone fail?"""
    answer = p.subscribe(p.new_list(), [{"email": f"{p.word()}@example.com"}], updateExistingUsersOnly=True)
    which_array(p, "user_id_project_email", answer, "Emails")


@settles("hybrid_both", types=("hybrid",))
def hybrid_both(p: Project):
    """Email and userId of one row belong to two people: whom does it mean?"""
    by_email, by_id, list_id = p.create(), p.create({"userId": p.word()}), p.new_list()
    answer = p.subscribe(list_id, [by_email | by_id], updateExistingUsersOnly=True)
    p.let_pass()
    email, user_id = p.on_list(by_email, list_id), p.on_list(by_id, list_id)
    p.choose("hybrid_both", f"failCount {counts(answer)[1]}, on the list: {'the email' if email else ''} {'the userId' if user_id else ''}",
             conflict=counts(answer)[1] == 1 and not email and not user_id, user_id_wins=user_id and not email, email_wins=email and not user_id)


@settles("shared_user_id", types=("email",))
def shared_user_id(p: Project):
    """Two people bear one userId: whom does a write by it reach?"""
    user_id, list_id = p.word(), p.new_list()
    people = [p.create(p.stranger(), userId=user_id) for _ in range(2)]
    p.subscribe(list_id, [{"userId": user_id}])
    p.let_pass()
    reached = [p.on_list(person, list_id) for person in people]
    p.choose("shared_user_id", f"{sum(reached)} of two were reached", all=all(reached), first=reached == [True, False])


@settles("no_identifier")
def no_identifier(p: Project):
    """What becomes of a row with neither email nor userId?"""
    answer = p.subscribe(p.new_list(), [{}])
    p.choose("no_identifier", f"{answer.brief}, failCount {counts(answer)[1]}", batch=answer.status == 400,
             row=answer.status == 200 and counts(answer)[1] == 1)


@settles("bulk_update_only")
def bulk_update_only(p: Project):
    """Does bulkUpdate honour updateOnly?"""
    person = p.stranger()
    answer = p.bulk([person], updateOnly=True)
    p.let_pass()
    created = p.user(person) is not None
    p.choose("bulk_update_only", f"{answer.brief}, profile {'made' if created else 'not made'}",
             off=answer.status == 200 and created, on=answer.status == 200 and not created)


@settles("forgotten_status")
def forgotten_status(p: Project):
    """Which status does a write for somebody forgotten get?"""
    person = p.create()
    if p.api.call("POST", "/api/users/forget", person).status != 200:
        return p.leave("forgotten_status", "forget was refused.")
    answer = None

    def refused():
        nonlocal answer
        answer = p.api.call("POST", "/api/users/update", person)
        return answer.status != 200

    # Asked seldom: a write that still passes makes the person anew.
    if p.wait(refused, max(p.given.patience, 1)) is None:
        return p.leave("forgotten_status", "Not forgotten in time (it may take ten minutes: --patience 900).")
    p.choose("forgotten_status", answer.brief, **{"_409": answer.status == 409, "_400": answer.status == 400})


@settles("letters_beyond_ascii", types=("hybrid", "email"))
def letters_beyond_ascii(p: Project):
    """What becomes of letters beyond ASCII in an address?"""
    word = p.word()
    person = {"email": f"{word}É@example.com"}
    answer = p.api.call("POST", "/api/users/update", person)
    if answer.status != 200:
        return p.choose("letters_beyond_ascii", answer.brief, refuse=answer.status == 400)
    p.wait(lambda: p.user(person))
    told = (p.user(person) or {}).get("email", "")
    p.choose("letters_beyond_ascii", f"stored as {told.removeprefix(word)!r}", keep=told == f"{word}É@example.com",
             lower=told == f"{word}é@example.com")


# --- Fields.

@settles("project_new_fields")
def project_new_fields(p: Project):
    """What becomes of an unknown field when createNewFields is absent?"""
    name = p.word("f")
    answer = p.bulk([p.create() | {"dataFields": {name: "x"}}])
    p.choose("project_new_fields", f"created {answer.get('createdFields')}, filtered out {answer.get('filteredOutFields')}",
             drop=name in (answer.get("filteredOutFields") or []), add=name in (answer.get("createdFields") or []))


def batch_or_row(p: Project, name: str, answer):
    p.choose(name, f"{answer.brief}, failCount {counts(answer)[1]}", batch=answer.status == 400,
             row=answer.status == 200 and counts(answer) == (1, 1))


@settles("type_conflict", "type_conflict_subscribe")
def type_conflict(p: Project):
    """Does one type conflict refuse the whole batch, in bulkUpdate and in subscribe?"""
    field, one, other, list_id = p.word("f"), p.create(), p.create(), p.new_list()
    p.write(one, {field: 1})
    rows = [one | {"dataFields": {field: 2}}, other | {"dataFields": {field: "text"}}]
    batch_or_row(p, "type_conflict", p.bulk(rows))
    batch_or_row(p, "type_conflict_subscribe", p.subscribe(list_id, rows))


def taken(answer) -> bool:
    return answer.status == 200 and counts(answer)[1] == 0


@settles("numbers")
def numbers(p: Project):
    """Does a whole number fit a double field, and a fraction a long field?"""
    person, double, whole = p.create(), p.word("f"), p.word("f")
    p.write(person, {double: 1.5, whole: 1})
    both = [taken(p.write(person, {double: 2})), taken(p.write(person, {whole: 2.5}))]
    p.choose("numbers", f"a whole number into a double field was {'taken' if both[0] else 'refused'}, "
             f"a fraction into a long field {'taken' if both[1] else 'refused'}", exact=not any(both), coerced=all(both))


@settles("number_texts")
def number_texts(p: Project):
    """Does a text of digits fit a number field, and a number a text field?"""
    person, number, text = p.create(), p.word("f"), p.word("f")
    p.write(person, {number: 1, text: "text"})
    both = [taken(p.write(person, {number: "2"})), taken(p.write(person, {text: 2}))]
    p.choose("number_texts", f"digits into a long field were {'taken' if both[0] else 'refused'}, "
             f"a number into a text field {'taken' if both[1] else 'refused'}", refuse=not any(both), accept=all(both))


@settles("mixed_arrays")
def mixed_arrays(p: Project):
    """May an array hold values of several types?"""
    fits = taken(p.write(p.create(), {p.word("f"): [1, "x"]}))
    p.choose("mixed_arrays", "a number and a text in one array were " + ("taken" if fits else "refused"), refuse=not fits, accept=fits)


@settles("dotted_names")
def dotted_names(p: Project):
    """What becomes of a dot in a field's name?"""
    person, name = p.create(), p.word("f")
    answer = p.write(person, {f"{name}.inner": "x"})
    nested = lambda: isinstance(((p.user(person) or {}).get("dataFields") or {}).get(name), dict)  # noqa: E731
    nests = taken(answer) and p.wait(nested) is not None
    p.choose("dotted_names", answer.brief + (", nested" if nests else ""), refuse=not taken(answer), nest=nests)


@settles("merge_nested")
def merge_nested(p: Project):
    """How deep does mergeNestedObjects merge?"""
    person, name = p.create(), p.word("f")
    p.write(person, {name: {"deep": {"kept": 1, "changed": 1}}})
    p.write(person, {name: {"deep": {"changed": 2}}}, mergeNestedObjects=True)
    deep = lambda: (((p.user(person) or {}).get("dataFields") or {}).get(name) or {}).get("deep") or {}  # noqa: E731
    if p.wait(lambda: deep().get("changed") == 2) is None:
        return p.leave("merge_nested", "The second write was not seen.")
    p.choose("merge_nested", f"below the first level was left {json.dumps(deep())}", top="kept" not in deep(), deep="kept" in deep())


@settles("missing_email", types=("hybrid", "user_id"))
def missing_email(p: Project):
    """What stands for the email of somebody who has none?"""
    user = p.user(p.create({"userId": p.word()})) or {}
    p.choose("missing_email", f"the user has {sorted(user)}", omit="email" not in user, empty=user.get("email") == "",
             null="email" in user and user["email"] is None)


# --- The shape of answers.

@settles("shape")
def shape(p: Project):
    """Of which year are the answers?"""
    answer = p.api.call("POST", "/api/lists", {})
    old = isinstance((answer.get("params") or {}).get("obj.name"), list)
    server = answer.headers.get("server", "").startswith("iterable-ingress")
    in_array = isinstance(answer.get("msg"), list)
    p.choose("shape", f"{answer.brief}, params in the {'older' if old else 'newer'} form, Server {'named' if server else 'not named'}",
             current=answer.status == 400 and not old, _2022=old and in_array, _2021=old and not in_array and server,
             _2017=old and not in_array and not server)


@settles("echo_case", "echo_repeats", "counts")
def echoes(p: Project):
    """How do failed identifiers come back, and what do the counts count?"""
    list_id, person = p.new_list(), p.create()
    bad = f"{p.word().upper()}@"
    answer = p.subscribe(list_id, [{"email": bad}, {"email": bad}])
    back = answer.failed("invalidEmails")
    p.choose("echo_case", "upper case came back " + ("as it was" if bad in back else "otherwise"), lower=bad.lower() in back, as_sent=bad in back)
    p.choose("echo_repeats", f"sent twice, named {len(back)} times", distinct=len(back) == 1, repeated=len(back) == 2)
    success = p.subscribe(list_id, [person, person])
    both = (answer.get("failCount"), success.get("successCount"))
    p.choose("counts", f"one that failed, sent twice, counts {both[0]}; one that succeeded, sent twice, {both[1]}",
             people=both == (1, 1), rows=both == (2, 2))


@settles("echo_both", types=("hybrid",))
def echo_both(p: Project):
    """Under which identifier does a row with both come back?"""
    answer = p.subscribe(p.new_list(), [p.stranger() | {"userId": p.word()}], updateExistingUsersOnly=True)
    email, user_id = bool(answer.failed("notFoundEmails")), bool(answer.failed("notFoundUserIds"))
    p.choose("echo_both", f"named by email: {email}, by userId: {user_id}", email=email and not user_id, user_id=user_id and not email,
             both=email and user_id)


@settles("no_op_arrays", "no_op_counts", "failed_updates")
def no_ops(p: Project):
    """Which arrays does subscribe answer with, and do no-ops count?"""
    person, list_id = p.create(), p.new_list()
    p.subscribe(list_id, [person])
    p.let_pass()
    answer = p.subscribe(list_id, [person])
    keys = answer.json
    p.choose("no_op_arrays", f"the answer has {sorted(keys)}", on="noOpEmails" in keys, off="noOpEmails" not in keys)
    p.choose("failed_updates", f"the answer has {sorted(keys)}", on="failedUpdates" in keys, off="failedUpdates" not in keys)
    p.choose("no_op_counts", f"a second subscribe counts {counts(answer)}", success=counts(answer) == (1, 0), neither=counts(answer) == (0, 0))


# --- Lists.

@settles("unknown_list")
def unknown_list(p: Project):
    """How is a list named that does not exist?"""
    answer = p.api.call("DELETE", "/api/lists/1")
    p.choose("unknown_list", answer.brief, bad_params=answer.get("code") == "BadParams", invalid_list_id="invalidListId" in str(answer.get("msg")))


@settles("non_standard_lists")
def non_standard_lists(p: Project):
    """Does subscribe take a Dynamic, Suppression or Internal list?"""
    lists = p.api.call("GET", "/api/lists").get("lists") or []
    other = [one for one in lists if one.get("listType") != "Standard"]
    if not other:
        return p.leave("non_standard_lists", "The API cannot make such a list: make a dynamic one by hand, and ask again.")
    answer = p.subscribe(other[0]["id"], [NOBODY])
    p.choose("non_standard_lists", f"a list of type {other[0]['listType']}: {answer.brief}", refuse=answer.status == 400, accept=answer.status == 200)


@settles("duplicate_list_names")
def duplicate_list_names(p: Project):
    """May two lists share a name?"""
    name = p.word("list")
    p.new_list(name, ready=False)
    answer = p.api.call("POST", "/api/lists", {"name": name})
    if answer.status == 200:
        p.lists.append(answer.json["listId"])
    p.choose("duplicate_list_names", answer.brief, accept=answer.status == 200, refuse=400 <= answer.status < 500)


def longest(fits, known_good: int, most: int) -> int | None:
    """The largest size that fits; None if `most` does. Tries by halves."""
    if fits(most):
        return None
    low, high = known_good, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


@settles("list_name_max", "description_max")
def list_texts(p: Project):
    """How long may a list's name and description be?"""
    def makes(**body) -> bool:
        answer = p.api.call("POST", "/api/lists", {"name": p.word("list")} | body)
        if answer.status == 200:
            p.lists.append(answer.json["listId"])
        return answer.status == 200

    def settle(name, fits):
        found = longest(fits, 20, 4000)
        p.settle(name, found or 0, f"{found} characters were taken and one more refused" if found else "4000 characters were taken")

    settle("list_name_max", lambda size: makes(name=p.word("list").ljust(size, "n")))
    settle("description_max", lambda size: makes(description="d" * size))


@settles("get_users_order", "get_users_repeats", "get_users_line_end", "get_users_slow_ms")
def get_users(p: Project):
    """In which form does getUsers come?"""
    list_id = p.new_list()
    people = [p.stranger() for _ in range(25)]
    p.subscribe(list_id, people)
    read = lambda: p.api.call("GET", f"/api/lists/getUsers?listId={list_id}")  # noqa: E731
    if p.wait(lambda: len(set(read().text.split())) == len(people)) is None:
        for name in ("get_users_order", "get_users_repeats", "get_users_line_end", "get_users_slow_ms"):
            p.leave(name, "Not all members were seen.")
        return
    one, two = read(), read()
    lines = one.text.split()
    unique = lambda answer: list(dict.fromkeys(answer.text.split()))  # noqa: E731
    p.choose("get_users_order", "two reads came in " + ("one order" if unique(one) == unique(two) else "two orders"),
             shuffled=unique(one) != unique(two), sorted=unique(one) == unique(two))
    p.choose("get_users_repeats", f"{len(lines)} lines for {len(people)} people", off=len(lines) == len(people), on=len(lines) > len(people))
    p.choose("get_users_line_end", f"{one.body.count(bytes([13]))} carriage returns", lf=b"\r" not in one.body, crlf=b"\r\n" in one.body)
    usual = min(p.api.call("GET", "/api/lists").seconds for _ in range(3))
    slow = max(0, milliseconds(min(one.seconds, two.seconds) - usual))
    p.settle("get_users_slow_ms", slow if slow >= 50 else 0, f"for {len(people)} people, {slow} ms more than GET lists; large lists take minutes")


@settles("list_change_touches_profile")
def list_change_touches_profile(p: Project):
    """Does joining a list move profileUpdatedAt?"""
    person, list_id = p.create(), p.new_list()
    stamp = lambda: (p.user(person) or {}).get("dataFields", {}).get("profileUpdatedAt")  # noqa: E731
    before = stamp()
    time.sleep(2.1)  # the stamp has whole seconds
    p.subscribe(list_id, [person])
    if p.wait(lambda: p.on_list(person, list_id)) is None:
        return p.leave("list_change_touches_profile", "The membership was not seen on the profile.")
    after = stamp()
    p.choose("list_change_touches_profile", "it " + ("moved" if before != after else "stayed"), off=before == after, on=before != after)


@settles("subscriptions_api")
def subscriptions_api(p: Project):
    """Are the calls under /api/subscriptions open to the project?"""
    answer = p.api.call("PUT", f"/api/subscriptions/emailList/{p.new_list()}?action=subscribe", {"users": [], "usersByUserId": []})
    p.choose("subscriptions_api", answer.brief, off=answer.status in (401, 403, 404), on=answer.status in (200, 202))


# --- Sizes.

@settles("batch_max")
def batch_max(p: Project):
    """How many rows may a batch have? (Asked with rows that can only fail.)"""
    list_id = p.new_list()
    most = p.given.rows_max
    found = longest(lambda rows: p.subscribe(list_id, [NOBODY] * rows).status == 200, 1, most)
    p.settle("batch_max", found or 0, f"{found} rows were taken and one more refused" if found else f"{most} rows were taken")


@settles("body_max", "too_large")
def body_max(p: Project):
    """How large may a body be, and what is the answer above that?"""
    list_id = p.new_list()
    body = json.dumps({"listId": list_id, "subscribers": []}).encode()
    refusal = None

    def fits(size: int) -> bool:
        nonlocal refusal
        answer = p.api.call("POST", "/api/lists/subscribe", body.ljust(size))  # blanks after JSON mean nothing
        if answer.status != 200:
            refusal = answer
        return answer.status == 200

    # The documented limit first, so that few large bodies have to be sent.
    low, high = len(body), p.given.body_max
    if high > 4_000_001 and fits(4_000_000):
        low, high = 4_000_000, 4_000_001 if not fits(4_000_001) else high
    found = longest(fits, low, high) if high - low > 1 else low
    if found is None or refusal is None:
        for name in ("body_max", "too_large"):
            p.leave(name, f"{p.given.body_max} bytes were taken.")
        return
    p.settle("body_max", found, f"{found} bytes were taken and one more refused")
    p.choose("too_large", refusal.brief, **{"_413": refusal.status == 413, "_400": refusal.get("code") == "BatchTooLarge"})


@settles("field_limit")
def field_limit(p: Project):
    """How many fields may a project have? (Asked with one write of too many; nothing of it should be kept.)"""
    name = p.word("f")
    answer = p.write(p.create(), {f"{name}_{i}": 1 for i in range(20_001)})
    limit = (answer.get("params") or {}).get("limit")
    if answer.get("code") == "UniqueFieldsLimitExceeded" and isinstance(limit, int):
        p.settle("field_limit", limit, "the refusal of 20001 new fields names it")
    else:
        p.leave("field_limit", f"20001 new fields gave {answer.brief}.")


# --- Exports.

@settles("export_job_ms", "export_url_ms", "export_file_bytes", "export_page", "export_total_bytes_max")
def export_job(p: Project):
    """How long does an export of users run, how are its files cut, and how long can they be fetched?"""
    for _ in range(30):
        p.api.call("POST", "/api/users/update", p.stranger())
    p.let_pass()
    time.sleep(p.settled.get("export_lag_ms", (0, ""))[0] / 1000)  # exports may see it later still
    job = p.api.call("POST", "/api/export/start", {"dataTypeName": "user", "outputFormat": "application/x-json-stream"}).json["jobId"]
    state = lambda: p.api.call("GET", f"/api/export/{job}/files")  # noqa: E731
    took = p.wait(lambda: state().get("jobState", "").lower() == "completed")
    if took is None:
        for name in ("export_job_ms", "export_url_ms", "export_file_bytes", "export_page", "export_total_bytes_max"):
            p.leave(name, f"The job was not completed within {p.given.patience:.0f} s.")
        return
    p.settle("export_job_ms", milliseconds(took), "from the answer of start to the first state of completed; a small project")
    page = state()
    files = list(page.json["files"])
    begun = time.monotonic()
    first_page = len(files)
    while files and (more := p.api.call("GET", f"/api/export/{job}/files?startAfter={files[-1]['file']}").get("files")):
        files += more
    if len(files) > first_page:
        p.settle("export_page", first_page, f"{len(files)} files came {first_page} at a time")
    else:
        p.leave("export_page", f"All {len(files)} files came on one page.")
    sizes = [len(p.api.download(p.api.call("GET", f"/api/export/{job}/files?startAfter={one['file'][:-1]}").json["files"][0]["url"]).body)
             for one in files[:20]]
    if len(files) > 1:
        p.settle("export_file_bytes", max(sizes), f"the largest of {len(sizes)} files; the limit is less than a row above it")
    else:
        p.leave("export_file_bytes", "Everything fitted in one file (documented: 10 MB).")
    if page.get("exportTruncated"):
        p.settle("export_total_bytes_max", sum(sizes), "all files together; the limit is less than a row above it")
    else:
        p.leave("export_total_bytes_max", "Nothing was truncated (documented: 100 GB).")
    if not files:
        return p.leave("export_url_ms", "The export had no file.")
    url = page.json["files"][0]["url"]
    if told := re.search(r"[?&]X-Amz-Expires=(\d+)", url):
        return p.settle("export_url_ms", int(told[1]) * 1000, "the address itself says so")
    lived = p.wait(lambda: p.api.download(url).status == 403)
    if lived is None:
        p.leave("export_url_ms", f"Still good after {p.given.patience:.0f} s (documented: 30 minutes; --patience 2000 waits for it).")
    else:
        p.settle("export_url_ms", milliseconds(time.monotonic() - begun), "from the answer with the address to the first 403")
