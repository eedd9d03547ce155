"""The commands around a run: their JSON, their exit codes, and that those that only look change nothing."""

import json
import time

import pytest

from world import LIST, assert_sums, customer, populate


@pytest.fixture
def world(make_world):
    world = make_world()
    world.whole_program = True
    populate(world, people=16)
    world.write_source()
    world.apply()
    return world


def snapshot_of(world):
    """Every file of the home by its content, the database (plans are kept there) and the pace aside."""
    return {str(p.relative_to(world.home)): p.read_bytes() for p in world.home.rglob("*")
            if p.is_file() and not p.name.startswith("rollcall.db") and p.name != "lock" and p.parent.name != "pace"}


@pytest.mark.parametrize("args", [["frobnicate"], ["run"], ["run", LIST, "--frob"], ["rejects", "no-such-run"], ["show", "no-such-run"],
                                  ["run", "No such activation"], ["plan", "No such activation"], ["count", "No such segment"],
                                  ["why", "No such activation", "x"], ["pause", "No such activation"], ["fields", "No such destination"],
                                  ["rejects", "x", "--kind", "nonsense"]])
def test_a_wrong_command_ends_with_2_and_says_why(world, args):
    done = world.rollcall(*args, expect=2)
    assert done.err.strip()
    assert done.out == "" or args[0] != "run"


def test_help_and_version_are_there(world):
    assert "run" in world.rollcall("--help").out
    assert world.rollcall("run", "--help").out
    assert world.rollcall("--version").out.strip()


@pytest.mark.parametrize("command", [["check"], ["fields", "Iterable"], ["count", LIST], ["preview", LIST], ["plan", LIST], ["run", LIST], ["runs"],
                                     ["status"], ["why", LIST, "user4@example.com"], ["pause", LIST], ["resume", LIST]])
def test_json_is_one_value_and_nothing_else(world, command):
    done = world.rollcall(*command, "--json")
    json.loads(done.out)


def test_a_plan_makes_no_write_and_changes_nothing(world):
    world.run()
    world.change(4, vip=False)
    world.change(5, first_name="Changed")
    world.write_source()
    before, project = snapshot_of(world), world.double.save()
    world.double.clear_log()
    plan = world.rollcall("plan", LIST, "--json").json
    proven = world.rollcall("plan", LIST, "--prove", "--json").json
    assert world.double.write_calls() == []
    assert snapshot_of(world) == before
    assert plan["changes"] == proven["changes"] == {"entered": 0, "left": 1, "changed": 1, "retried": 2}
    assert plan["guard"]["passed"] is True
    people = {p["key"]: p for p in plan["people"]}
    assert people["user4@example.com"]["change"] == "left" and people["user5@example.com"]["change"] == "changed"
    assert people["user5@example.com"]["attributes"] == ["firstName"]
    assert {p["key"] for p in proven["people"] if p.get("contact") is False} >= {"user2@example.com", "user10@example.com"}
    assert plan["segment"] == world.expected_counts()
    assert {"calls", "seconds"} <= set(plan["forecast"])
    world.double.restore(project)
    report = world.run()
    assert report["changes"] == plan["changes"], "the run does what the plan said"
    world.assert_right()


def test_a_first_plan_names_the_new_fields_and_makes_none(world):
    plan = world.rollcall("plan", LIST, "--json", "--all").json
    assert plan["changes"]["entered"] == 12 == len(plan["people"])
    assert set(plan["fields"]["to_create"]) == {"lifetimeValue", "orderCount", "newsletter", "birthDate"}
    assert world.double.write_calls() == [] and world.double.lists_named(LIST) == []


def test_rejects_names_those_not_on_the_list_and_why(world):
    world.double.refuses["user4@example.com"] = "invalidData"
    world.double.forgotten.add("user5@example.com")
    world.put(customer(60, email=None), customer(61, email="nonsense"), customer(62, email="USER6@example.com"))
    world.write_source()
    report = world.run()
    assert report["status"] == "completed_with_rejects"

    def kind(name):
        return {(p["key"], str(p["primary_key"])): p for p in world.rollcall("rejects", report["run_id"], "--kind", name, "--json").json}

    rejected = {key: person["reason"] for (key, _), person in kind("rejected").items()}
    assert set(rejected) == {"user4@example.com", "user5@example.com"}
    assert "invalid_data" in rejected["user4@example.com"] and "forgotten" in rejected["user5@example.com"]
    assert {key for key, _ in kind("not_a_contact")} == {"user2@example.com", "user10@example.com"}
    assert {pk for _, pk in kind("no_key")} == {"60"}
    assert {pk for _, pk in kind("invalid_key")} == {"61"}
    assert {pk for _, pk in kind("duplicate_key")} == {"62"}
    assert kind("unknown") == {} and kind("not_sent") == {}
    assert len(kind("all")) == 7
    csv = world.rollcall("rejects", report["run_id"], "--kind", "all", "--csv").out.strip().splitlines()
    assert len(csv) == 8
    text = world.rollcall("rejects", report["run_id"]).out
    assert "user4@example.com" in text


def test_why_explains_one_person(world):
    world.run()
    member = world.rollcall("why", LIST, " User4@Example.com ", "--json").json
    parked = world.rollcall("why", LIST, "user2@example.com", "--json").json
    outside = world.rollcall("why", LIST, "user8@example.com", "--json").json
    assert member["in_segment"] is True and parked["in_segment"] is True and outside["in_segment"] is False
    assert member["key"] == "user4@example.com"
    text = json.dumps(parked)
    assert "not_a_contact" in text
    assert world.rollcall("why", LIST, "user4@example.com").out
    assert world.double.write_calls() == world.double.write_calls()


def test_status_and_history_tell_what_happened(world):
    first = world.run()
    world.change(4, vip=False)
    world.write_source()
    second = world.run()
    status = world.rollcall("status", "--json").json
    text = json.dumps(status)
    assert LIST in text and second["run_id"] in text
    listed = world.rollcall("runs", LIST, "--json").json
    assert [run["run_id"] for run in listed] == [second["run_id"], first["run_id"]]
    for report in (first, second):
        shown = world.rollcall("show", report["run_id"], "--json").json
        assert_sums(shown)
        assert shown == report
    assert world.rollcall("status").out and world.rollcall("runs").out and world.rollcall("show", first["run_id"]).out


def test_pause_and_resume_are_kept(world):
    world.rollcall("pause", LIST)
    assert "paused: true" in world.rollcall("export").out
    assert "paused" in world.rollcall("status").out
    world.rollcall("resume", LIST)
    assert "paused: true" not in world.rollcall("export").out


def test_an_activation_answers_to_its_destination_and_name_too(world):
    assert world.rollcall("run", f"Iterable/{LIST}", "--json").json["status"] == "completed"


def test_two_runs_of_one_activation_do_not_overlap(world):
    world.double.add_fault("throttle_retry_after", "users/getFields", times=3)
    first = world.start("run", LIST, "--json")
    deadline = time.monotonic() + 30
    while not world.double.calls("users/getFields") and time.monotonic() < deadline:
        time.sleep(0.02)
    second = world.rollcall("run", LIST, "--json", expect=4)
    assert second.err.strip()
    assert second.seconds < 20
    out, err = first.communicate(timeout=60)
    assert first.returncode == 0, err.decode()
    assert_sums(json.loads(out))
    world.assert_right()


def test_two_activations_run_side_by_side(make_world):
    world = make_world()
    populate(world, people=16)
    world.write_source()
    catalog = world.catalog()
    catalog["segments"].append({"name": "Everyone", "model": "customers", "where": {"all": []}})
    catalog["activations"].append(catalog["activations"][0] | {"segment": "Everyone", "name": "Everyone"})
    world.apply(catalog=catalog)
    both = [world.start("run", name, "--json") for name in (LIST, "Everyone")]
    for process in both:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err.decode()
        assert_sums(json.loads(out))
    world.assert_right()
    everyone = world.double.lists_named("Everyone")
    assert len(everyone) == 1 and len(everyone[0].members) == 14
    # Two processes share the project's limits without knowing of each other.
    world.double.violations[:] = [v for v in world.double.violations if not v.startswith("more than")]


def test_count_preview_and_sql_show_the_segment(world):
    counted = world.rollcall("count", LIST, "--json").json
    assert 12 in counted.values()
    assert "12" in world.rollcall("count", LIST).out
    rows = world.rollcall("preview", LIST, "--limit", "3", "--json").json
    assert len(rows if isinstance(rows, list) else rows["rows"]) == 3
    assert "SELECT" in world.rollcall("sql", LIST).out.upper()
    assert world.double.log == []


def test_fields_lists_what_the_project_has(world):
    text = json.dumps(world.rollcall("fields", "Iterable", "--json").json)
    assert "favouriteColour" in text and "firstName" in text


def test_check_finds_what_a_run_would_trip_over(world):
    assert world.rollcall("check").code == 0
    world.double.define_field("lifetimeValue", "string")
    done = world.rollcall("check", expect=None)
    assert done.code != 0 and "lifetimeValue" in done.out + done.err
    assert world.double.write_calls() == []
    assert world.rollcall("check", "shop").code == 0


def test_check_finds_a_wrong_key(world):
    world.double.api_key, right = "f" * 32, world.double.api_key
    world.env["ITERABLE_API_KEY"] = right
    done = world.rollcall("check", "Iterable", expect=None)
    assert done.code != 0
    assert "key" in (done.out + done.err).lower()
    world.double.api_key = right


def test_check_finds_a_primary_key_that_is_not_unique(world):
    world.columns = dict(world.columns)
    world.rows.append(dict(world.rows[3]))
    world.write_source()
    done = world.rollcall("check", "customers", expect=None)
    assert done.code != 0 and "customer_id" in done.out + done.err


def test_one_click_activation_uses_the_defaults_and_runs(make_world):
    world = make_world()
    populate(world, people=16)
    world.write_source()
    catalog = world.catalog()
    activation = catalog["activations"].pop()
    del catalog["activations"]
    catalog["destinations"][0]["defaults"] = {"model": "customers", "match_key": activation["match_key"], "attributes": activation["attributes"]}
    world.apply(catalog=catalog)
    report = world.rollcall("activate", LIST, "Iterable", "--json").json
    assert_sums(report)
    assert report["status"] == "completed" and report["trigger"] == "activation"
    world.assert_right()
    assert world.run()["status"] == "completed"
