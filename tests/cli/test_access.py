"""Who may use the service: users, tokens and the log, by the command line."""

import re
import subprocess

import pytest

from world import binary, files_with

PASSWORD = "four unrelated words here"


@pytest.fixture
def world(make_world):
    return make_world()


def with_stdin(world, text, *args):
    """(code, stdout, stderr) of a command that reads a password."""
    done = subprocess.run([str(binary()), "--home", str(world.home), *args], input=text.encode(), capture_output=True,
                          env=world.environment(), cwd=world.folder, timeout=120)
    assert b"Sanitizer" not in done.stderr and b"runtime error:" not in done.stderr, done.stderr
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def users(world):
    return {one["email"]: one for one in world.rollcall("user", "list", "--json").json}


def noted(world, *options):
    return [(one["action"], one["kind"], one["name"]) for one in world.rollcall("log", "--json", *options).json]


def test_a_user_is_added_with_a_word_by_which_they_set_a_password(world):
    done = world.rollcall("user", "add", " Ada@Example.com ", "--name", "Ada", "--role", "admin")
    assert re.fullmatch(r"[\w-]{43}\n", done.out)
    assert "ada@example.com" in done.err and "within a day" in done.err
    ada = users(world)["ada@example.com"]
    assert (ada["name"], ada["role"], ada["disabled"], ada["has_password"]) == ("Ada", "admin", False, False)
    assert ada["last_seen_at"] is None and ada["created_at"].endswith("Z")
    assert files_with(world.home, done.out.strip()) == []
    table = world.rollcall("user", "list").out
    assert "ada@example.com" in table and "no password yet" in table


def test_a_password_is_read_from_the_first_line_of_stdin_and_kept_nowhere(world):
    code, out, err = with_stdin(world, PASSWORD + "\nnot this\n", "user", "add", "ada@example.com", "--password-stdin")
    assert code == 0 and "may sign in as viewer" in out
    assert PASSWORD not in out + err and files_with(world.home, PASSWORD) == []
    assert users(world)["ada@example.com"]["has_password"]
    for text, says in [("short\n", "shorter than 12"), ("passwordpassword\n", "guessed first"), ("\n", "no password"), ("", "no password"),
                       ("x" * 5000, "no password")]:
        code, out, err = with_stdin(world, text, "user", "add", "ben@example.com", "--password-stdin")
        assert code == 2 and says in err and out == ""
    assert set(users(world)) == {"ada@example.com"}
    code, out, _ = with_stdin(world, PASSWORD + " of a new kind", "user", "set", "ada@example.com", "--password-stdin", "--json")
    assert code == 0 and '"invitation": null' in out
    assert noted(world) == [("changed", "user", "ada@example.com"), ("created", "user", "ada@example.com")]
    assert PASSWORD not in world.rollcall("log", "--json").out


def test_a_user_is_changed_and_removed_and_all_of_it_is_noted(world):
    world.rollcall("user", "add", "ada@example.com", "--role", "admin")
    world.rollcall("user", "add", "ben@example.com")
    done = world.rollcall("user", "set", "Ben@example.com", "--role", "editor", "--name", "Ben", "--json").json
    assert done["user"]["role"] == "editor" and done["invitation"] is None
    assert "disabled" in world.rollcall("user", "set", "ben@example.com", "--disabled").out
    assert users(world)["ben@example.com"]["disabled"]
    world.rollcall("user", "set", "ben@example.com", "--enabled")
    assert re.fullmatch(r"[\w-]{43}\n", world.rollcall("user", "set", "ben@example.com", "--invite").out)
    world.rollcall("user", "remove", "ben@example.com")
    assert set(users(world)) == {"ada@example.com"}
    ben = "ben@example.com"
    assert noted(world) == [("removed", "user", ben), ("invited", "user", ben), ("changed", "user", ben), ("changed", "user", ben),
                            ("changed", "user", ben), ("created", "user", ben), ("created", "user", "ada@example.com")]
    lines = world.rollcall("log", "--json").json
    assert {one["who"] for one in lines} == {"command line"}
    assert lines[4]["before"]["role"] == "viewer" and lines[4]["after"] == {"email": ben, "name": "Ben", "role": "editor", "disabled": False}
    assert lines[0]["after"] is None and lines[0]["before"]["email"] == ben
    assert [one["number"] for one in lines] == sorted((one["number"] for one in lines), reverse=True)


def test_the_last_administrator_stays(world):
    world.rollcall("user", "add", "ada@example.com", "--role", "admin")
    for args in (["remove", "ada@example.com"], ["set", "ada@example.com", "--disabled"], ["set", "ada@example.com", "--role", "editor"]):
        done = world.rollcall("user", *args, "--json", expect=1)
        assert done.json["error"]["code"] == "last_admin" and "Make somebody else one first" in done.err
    assert users(world)["ada@example.com"]["role"] == "admin"
    assert noted(world) == [("created", "user", "ada@example.com")], "what was refused is not noted as done"


def test_a_token_is_printed_once(world):
    done = world.rollcall("token", "add", "nightly", "--role", "operator", "--expires", "90d")
    assert re.fullmatch(r"rc_[\w-]{43}\n", done.out)
    assert "never expires" not in done.err
    text = done.out.strip()
    assert files_with(world.home, text) == [] and files_with(world.home, text[3:]) == []
    token, = world.rollcall("token", "list", "--json").json
    assert (token["name"], token["role"], token["made_by"], token["last_used_at"]) == ("nightly", "operator", "command line", None)
    assert token["expires_at"] > token["created_at"]
    table = world.rollcall("token", "list").out
    assert "nightly" in table and text[3:] not in table
    world.rollcall("token", "add", "nightly", expect=1)
    world.rollcall("token", "remove", "nightly")
    assert world.rollcall("token", "list", "--json").json == []
    assert noted(world) == [("removed", "token", "nightly"), ("created", "token", "nightly")]
    assert text[3:] not in world.rollcall("log", "--json").out


def test_a_token_without_an_end_is_made_and_said_to_be_one(world):
    done = world.rollcall("token", "add", "list", "--json")
    assert "never expires" in done.err
    assert done.json["token"]["expires_at"] is None and done.json["text"].startswith("rc_")
    assert done.json["token"]["role"] == "viewer"
    assert "never" in world.rollcall("token", "list").out


@pytest.mark.parametrize("args, says", [
    (["user"], "which command?"),
    (["user", "frob"], "there is no command `user frob`"),
    (["user", "lst"], "did you mean `list`?"),
    (["token", "runs"], "there is no command `token runs`"),
    (["user", "add"], "`rollcall user add --help` says more"),
    (["user", "add", "ada"], "this is no e-mail address"),
    (["user", "add", "ada@x", "--role", "opreator"], "did you mean `operator`?"),
    (["user", "set", "ada@x", "--role", "admin"], "there is no user `ada@x`"),
    (["user", "set", "ada@x"], "nothing is said that would change"),
    (["user", "set", "ada@x", "--disabled", "--enabled"], "--enabled"),
    (["user", "remove", "ada@x"], "there is no user `ada@x`"),
    (["token", "add", " "], "this is no name"),
    (["token", "add", "t", "--role", "owner"], "there is no role `owner`"),
    (["token", "remove", "t"], "there is no token `t`"),
    (["log", "--limit", "0"], "--limit"),
] + [(["token", "add", "t", "--expires", span], "--expires must be a time span") for span in ("90", "d", "0d", "-1d", "1y", "90d ", "99999999999999999999d",
                                                                                             "600w")])
def test_a_wrong_command_ends_with_2_and_says_why(world, args, says):
    done = world.rollcall(*args, expect=2)
    assert says in done.err and done.out == ""
    assert world.rollcall("log", "--json").json == []


def test_the_log_is_filtered(world):
    world.rollcall("user", "add", "ada@example.com", "--role", "admin")
    world.rollcall("token", "add", "nightly", "--expires", "12h")
    world.rollcall("token", "remove", "nightly")
    assert noted(world, "--action", "created") == [("created", "token", "nightly"), ("created", "user", "ada@example.com")]
    assert noted(world, "--limit", "1") == [("removed", "token", "nightly")]
    assert len(noted(world, "--who", "command line")) == 3 and noted(world, "--who", "ada@example.com") == []
    assert "nothing of that kind" in world.rollcall("log", "--who", "ada@example.com").err
    table = world.rollcall("log").out
    assert "command line" in table and "nightly" in table and "(UTC)" in table


def test_names_and_commands_are_completed(world):
    def completed(*typed):
        return world.rollcall("complete", "--", *typed).out.split()

    world.rollcall("user", "add", "ada@example.com")
    world.rollcall("token", "add", "nightly", "--expires", "12h")
    assert {"user", "token", "log", "run"} <= set(completed())
    assert completed("user") == ["add", "list", "set", "remove"]
    assert {"ada@example.com", "--role", "--disabled"} <= set(completed("user", "set"))
    assert completed("user", "set", "ada@example.com", "--role") == ["viewer", "operator", "editor", "admin"]
    assert "nightly" in completed("--home", str(world.home), "token", "remove")
    assert completed("token", "frob") == []
    assert {"--expires", "--role"} <= set(completed("token", "add", "x"))


def test_help_tells_of_each(world):
    assert "Who may sign in" in world.rollcall("--help").out
    assert "remove" in world.rollcall("user", "--help").out
    assert "--expires" in world.rollcall("token", "add", "--help").out


def test_several_commands_at_once_lose_nothing(world):
    world.rollcall("user", "add", "ada@example.com", "--role", "admin")
    running = [world.start("user", "add", f"user{i}@example.com") for i in range(6)]
    for process in running:
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert len(users(world)) == 7 and len(noted(world)) == 7
