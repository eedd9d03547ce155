"""The built simulator in the place of the double, for the tests that ask no more of either than this."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "conformance"))

from simulator import API_KEY, Simulator  # noqa: E402


@dataclass
class Contact:
    email: str | None
    user_id: str | None
    fields: dict


@dataclass
class List:
    id: int


class Simulated(Simulator):
    api_key = API_KEY
    kinds = {"lists/": ["/api/lists/subscribe", "/api/lists/unsubscribe"], "getBy": ["/api/users/getByEmail"]}

    def __init__(self, project_type="hybrid"):
        super().__init__(project_type)
        self._fails_at: dict[str, str] = {}

        self.violations: list = []

    def close(self):
        self.__exit__(None, None, None)

    def add_contact(self, email=None, user_id=None, **fields):
        self.add_people({"email": email, "userId": user_id, "dataFields": fields})

    def contact(self, *, email=None, user_id=None):
        told = super().contact(**({"email": email} if email else {"userId": user_id}))
        return told and Contact(told.get("email"), told.get("userId"), told.get("dataFields", {}))

    def remove_contact(self, **identifier):
        (name, value), = identifier.items()
        name = {"user_id": "userId"}.get(name, name)
        self.send("DELETE", f"/_sim/contacts?{name}={value.replace('@', '%40')}")

    def lists_named(self, name):
        return [List(one["id"]) for one in self.side("GET", "lists")["lists"] if one["name"] == name]

    def members(self, list_id, by):
        name = {"user_id": "userId"}.get(by, by)
        return {one[name] for one in self.side("GET", f"lists/{list_id}/members")}

    @property
    def fails_at(self):
        return dict(self._fails_at)

    @fails_at.setter
    def fails_at(self, people):
        self._fails_at = dict(people)
        self.side("PUT", "faults", [{"kind": "http_500", "rate": 1, "about": email, "endpoint": endpoint}
                                    for email, part in people.items() for endpoint in self.kinds[part]])

    def calm(self):
        self.fails_at = {}

    def forget_rates(self):
        pass

    def show_everything(self):
        pass

    def _total(self, name):
        return self.side("GET", "counters")["total"][name]

    @property
    def created(self):
        return [None] * self._total("created_contacts")

    @property
    def deleted(self):
        return [None] * self._total("deleted_contacts")

    @property
    def channel_unsubscribes(self):
        return self._total("channel_unsubscribe_true")

    @property
    def prefer_user_id(self):
        return self._total("prefer_user_id_true")
