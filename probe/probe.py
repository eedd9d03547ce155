#!/usr/bin/env python3
"""Settles by experiment what nobody could check about Iterable, and writes the answers as a file of switches.

  export ITERABLE_API_KEY=…
  ./dev probe --base-url https://api.iterable.com --project-type hybrid --yes > iterable.yaml
  iterable-sim --switches iterable.yaml

IN A THROW-AWAY PROJECT ONLY: it creates people under example.com, lists, and fields that cannot be deleted
again; it forgets a person, and runs into rate limits on purpose. At the end it deletes the lists it made.
The file goes to standard output, what it finds to standard error. It exits with 0 when every question it asked
was settled, 3 when some were not, and 1 when it could not ask.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from api import Api  # noqa: E402
from questions import NOT_FOR_ITERABLE, QUESTIONS, Project, switches  # noqa: E402

TYPES = ("hybrid", "email", "user_id")


def say(text: str):
    print(text, file=sys.stderr, flush=True)


def options():
    read = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    read.add_argument("--base-url", help="such as https://api.iterable.com or http://127.0.0.1:8181")
    read.add_argument("--project-type", choices=TYPES)
    read.add_argument("--only", default="", metavar="NAMES", help="settle these switches alone, with commas between")
    read.add_argument("--patience", type=float, default=60, metavar="S", help="longest wait for an effect to be seen (60)")
    read.add_argument("--rows-max", type=int, default=20_000, metavar="N", help="most rows tried in one batch (20000)")
    read.add_argument("--body-max", type=int, default=8_000_000, metavar="N", help="most bytes tried in one body (8000000)")
    read.add_argument("--hammer", type=int, default=150, metavar="N", help="most calls made at once to find a limit (150)")
    read.add_argument("--list", action="store_true", help="print the questions, and leave")
    read.add_argument("--yes", action="store_true", help="the project is a throw-away one")
    given = read.parse_args()
    if not given.list and not (given.base_url and given.project_type):
        read.error("--base-url and --project-type are needed")
    return given


def write(project: Project, given, names: list[str]):
    print("# What ./dev probe found; for iterable-sim --switches FILE.")
    print(f"# A {given.project_type} project. Of what is not settled the simulator keeps its default.")
    for name in names:
        if name in project.settled:
            value, how = project.settled[name]
            print(f"\n# {how}\n{name}: {value if isinstance(value, int) else chr(34) + value + chr(34)}")
        else:
            print(f"\n# {name}: not settled. {project.unsettled.get(name, 'The experiment ended before it.')}")


def main() -> int:
    given = options()
    if given.list:
        for question in QUESTIONS:
            print(f"{', '.join(question.names)} ({', '.join(question.types)}): {question.text}")
        for name, why in NOT_FOR_ITERABLE.items():
            print(f"{name}: not asked. {why}")
        return 0
    wanted = [name for name in given.only.split(",") if name]
    if unknown := [name for name in wanted if name not in switches()]:
        say(f"probe: no question settles {', '.join(unknown)}; see --list")
        return 1
    key = os.environ.get("ITERABLE_API_KEY", "")
    if not key:
        say("probe: ITERABLE_API_KEY is not set: it must hold a server-side key of a throw-away project")
        return 1
    if not given.yes:
        say("probe: THIS CHANGES THE PROJECT FOR GOOD: people, lists, and fields that can never be deleted.\n"
            "Use a project made for this and nothing else, then say --yes. Nothing was done.")
        return 1
    api = Api(given.base_url, key)
    first = api.call("GET", "/api/lists")
    if first.status != 200:
        say(f"probe: GET /api/lists gives {first.brief}; the key must be a server-side one of that data centre. Nothing was done.")
        return 1
    project = Project(api, given)
    asked = [q for q in QUESTIONS if not wanted or set(q.names) & set(wanted)]
    names = [name for q in asked for name in q.names if not wanted or name in wanted]
    for question in asked:
        if given.project_type not in question.types:
            for name in question.names:
                project.leave(name, f"It does not arise in {given.project_type} projects.")
            continue
        say(f"{', '.join(question.names)}: {question.text}")
        try:
            question.run(project)
        except (OSError, ValueError, KeyError, TypeError) as error:  # an answer of another form must not end the rest
            for name in question.names:
                project.leave(name, f"The experiment failed: {type(error).__name__}.")
        for name in question.names:
            if name in project.settled:
                value, how = project.settled[name]
                say(f"  {name} = {value}: {how}")
            else:
                say(f"  {name}: not settled. {project.unsettled.get(name, '')}")
    project.clean_up()
    write(project, given, names)
    settled = [name for name in names if name in project.settled]
    say(f"{len(settled)} of {len(names)} settled, in {api.calls} calls")
    return 0 if len(settled) == len(names) else 3


if __name__ == "__main__":
    sys.exit(main())
