"""The contact index: it saves calls, is shared by the activations of a destination, and proves nobody."""

from world import LIST, World, copy_home, customer, restore_home

MEMBERS, PARKED, STRANGERS = 100, 20_000, 4_000
DAY = 86_400
SHARED = "The others"


def made(make_world, project_type="email") -> World:
    """Twenty thousand people who are no contacts, a hundred who are, and strangers; all contacts are days old."""
    world = make_world(project_type, "email", double={"keep_bodies": False, "export_seconds": 4.0})
    world.double.define_field("firstName", "string")
    world.attributes = [{"field": "first_name", "to": "firstName"}]
    world.destination = {"proof": {"by": "fastest"}}
    world.rows = [customer(i) for i in range(1, MEMBERS + PARKED + 1)]
    for i in range(1, MEMBERS + 1):
        world.double.add_contact(email=f"user{i}@example.com", user_id=f"U{i}")
    for i in range(1, STRANGERS + 1):
        world.double._new_contact(f"stranger{i}@example.com", f"S{i}")
    world.double.grow_old(3 * DAY)
    world.write_source()
    world.apply()
    return world


def exported(make_world, project_type="email") -> World:
    """The same after a first run, which exported everybody, and a second, after which the destination is trusted."""
    world = made(make_world, project_type)
    first = run(world)
    assert first["proof"]["by"] == "export" and exports(world) == ["whole"]
    assert first["proof"]["choice"]["way"] == "export"
    assert first["outcomes"]["added"] == MEMBERS and first["standing"]["not_a_contact"] == PARKED
    run(world)
    assert exports(world) == ["increment"]
    return world


def run(world: World, *options, **more) -> dict:
    world.minutes_pass()
    world.double.clear_log()
    return world.run(*options, **more)


def exports(world: World) -> list[str]:
    return ["whole" if entry.query.get("range") else "increment" for entry in world.double.calls("export/data.json")]


def look_ups(world: World) -> set:
    return {person for entry in world.double.calls("users/getByEmail") for person in entry.people}


def index_file(world: World):
    (path,) = (world.home / "contacts").glob("*.index")
    return path


def test_parked_people_are_looked_at_by_an_increment_and_a_handful_of_calls(make_world):
    world = exported(make_world)
    assert index_file(world).stat().st_size < 40 * (MEMBERS + STRANGERS)

    world.double.clear_log()
    world.minutes_pass()
    plan = world.rollcall("plan", LIST, "--json").json
    assert plan["proof_choice"]["way"] == "increment" and "look-ups" in plan["proof_choice"]["why"]
    assert set(plan["proof_choice"]["ways"]) == {"look_ups", "export", "increment"}
    assert plan["parked"] == PARKED and plan["parked_again"] == {"people": PARKED, "looked_up": 20, "budget": 10_000}
    assert plan["forecast"]["calls"] < 30
    told = world.rollcall("why", LIST, "user9000@example.com", "--json").json["next_run"]
    assert told.startswith("nothing yet") and "contact index" in told, "as one run in a thousand would look at this one"
    assert exports(world) == [] and look_ups(world) == set(), "a dry run asks the index that is there"

    # Nothing to do: one increment, a few look-ups of the longest waiting, and no write.
    idle = run(world)
    assert exports(world) == ["increment"]
    assert len(look_ups(world)) == 20 == idle["changes"]["retried"]
    assert world.double.write_calls() == []
    assert idle["calls"]["total"] < 30
    assert idle["proof"]["choice"]["way"] == "increment" and idle["proof"]["by"] == "lookup"
    assert idle["proof"]["choice"]["ways"]["look_ups"]["calls"] == PARKED
    assert idle["parked"] == {"people": PARKED, "looked_up": 20, "budget": 10_000}
    assert idle["standing"]["not_a_contact"] == PARKED
    told = world.rollcall("show", idle["run_id"]).out
    assert "20,000 people, 20 of them looked up again (at most 10,000 a run)" in told
    assert "an increment and 20 look-ups" in told
    waited = look_ups(world)

    # One becomes a contact and is found by the increment; the twenty are others than before.
    world.double.add_contact(email="user777@example.com", user_id="U777")
    report = run(world)
    assert exports(world) == ["increment"]
    assert report["outcomes"]["added"] == 1 and "user777@example.com" in world.members()
    assert len(look_ups(world)) == 21 and not look_ups(world) & waited - {"user777@example.com"}
    world.assert_right()


def test_an_index_or_an_increment_proves_nobody(make_world):
    """Contacts of the index are gone, contacts of the increment came and went: nobody is made again."""
    world = exported(make_world)
    world.put(*[customer(30_000 + i, email=f"stranger{i}@example.com", user_id=f"S{i}") for i in range(1, 4)])
    world.put(customer(40_000))  # nobody knows them: taken for no contact without a look-up
    for i in (1, 2):
        world.double.remove_contact(email=f"stranger{i}@example.com")
    for i in (300, 301):
        world.double.add_contact(email=f"user{i}@example.com", user_id=f"U{i}")
    world.double.remove_contact(email="user5@example.com")
    world.change(5, first_name="Gone at Iterable")
    world.double.remove_contact(email="user6@example.com")
    world.drop(6)
    world.write_source()
    before = len(world.double.contacts())
    # The index is brought up to date by a run that ends there; then one of the new ones is deleted.
    assert world.run_expecting_death("contacts.updated", 1)
    world.double.remove_contact(email="user301@example.com")
    report = run(world)
    assert exports(world) == ["increment"]
    assert {"stranger1@example.com", "stranger2@example.com", "stranger3@example.com", "user300@example.com",
            "user301@example.com", "user5@example.com", "user6@example.com"} <= look_ups(world)
    assert report["outcomes"]["added"] == 2  # stranger3 and user300
    assert report["outcomes"]["removed"] == 1
    assert len(world.double.contacts()) == before - 1
    world.assert_right()
    world.assert_clean()


def test_activations_of_one_destination_share_one_index(make_world):
    world = made(make_world)
    catalog = world.catalog()
    catalog["activations"].append(catalog["activations"][0] | {"name": SHARED})
    world.apply(catalog=catalog)
    for way in ("whole", "increment"):
        run(world)
        assert exports(world) == [way]
    world.name = SHARED
    other = run(world)
    assert exports(world) == ["increment"]
    assert other["outcomes"]["added"] == MEMBERS and other["outcomes"]["not_a_contact"] == PARKED
    assert other["proof"]["choice"]["way"] == "increment"
    assert len(look_ups(world)) == MEMBERS + 20
    assert other["proof"]["people"] == MEMBERS + 20
    world.assert_right()
    world.double.add_contact(email="user900@example.com", user_id="U900")
    # Both at once: each takes what it needs, and the file stays whole.
    world.minutes_pass()
    world.double.clear_log()
    processes = [world.start("run", name, "--json") for name in (LIST, SHARED)]
    for process in processes:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err.decode()[-3000:]
    assert set(exports(world)) == {"increment"}
    world.assert_right()
    world.name = LIST
    world.assert_right()


def test_a_kill_while_the_index_is_written_leaves_a_good_one(make_world):
    world = made(make_world)
    for point in ("index.part", "index.written", "index.kept"):
        world.minutes_pass()
        assert world.run_expecting_death(point, 1), point
    run(world)
    world.assert_right()
    home, project = copy_home(world, "kept"), world.double.save()
    for point in ("index.part", "index.written", "index.kept", "contacts.updated"):
        restore_home(world, home)
        world.double.restore(project)
        world.double.add_contact(email="user777@example.com", user_id="U777")
        world.minutes_pass()
        assert world.run_expecting_death(point, 1), point
        report = run(world)
        assert exports(world) == ["increment"], point
        assert report["outcomes"]["added"] == 1, point
        world.assert_right()
        world.assert_clean()


def test_a_damaged_index_or_one_of_another_project_is_made_anew(make_world):
    world = made(make_world)
    run(world)
    path = index_file(world)
    spoiled = bytearray(path.read_bytes())
    spoiled[len(spoiled) // 2] ^= 1
    path.write_bytes(spoiled)
    run(world)
    assert exports(world) == ["whole"]
    run(world)
    assert exports(world) == ["increment"]
    # Another key may open another project.
    world.double.api_key = "ab" * 16
    world.apply()
    run(world)
    assert exports(world) == ["whole"]
    run(world)
    assert exports(world) == ["increment"]
    assert path.read_bytes() != spoiled
    world.assert_right()


def test_an_index_that_lacks_people_is_found_out(make_world):
    """The whole export showed half of the people, and nothing betrayed it: a later run does."""
    world = made(make_world)
    world.double.add_fault("half", "export/data.json")
    run(world)
    world.assert_right()
    late = range(STRANGERS - 30, STRANGERS)
    world.put(*[customer(30_000 + i, email=f"stranger{i}@example.com", user_id=f"S{i}") for i in late])
    world.write_source()
    report = run(world)
    assert exports(world) == ["increment"]
    assert report["outcomes"]["added"] == len(late)
    assert any("lacked people" in warning for warning in report["warnings"]), report["warnings"]
    assert not list((world.home / "contacts").glob("*.index"))
    world.assert_right()
    run(world)
    assert exports(world) == ["whole"]


def test_where_the_answer_is_the_proof_the_parked_are_chosen_by_the_index_too(make_world):
    world = made(make_world, "hybrid")
    everybody, world.rows = world.rows, world.rows[:MEMBERS]
    world.activation = {"guard": {"max_added_share": 1000}}
    world.write_source()
    world.apply()
    run(world)  # contacts alone: the destination is trusted from here on
    world.rows = everybody
    world.write_source()
    second = run(world)
    assert second["standing"]["not_a_contact"] == PARKED and exports(world) == []
    third = run(world)
    assert exports(world) == ["whole"] and third["proof"]["choice"]["way"] == "export"
    assert third["parked"]["looked_up"] == PARKED
    world.double.add_contact(email="user777@example.com", user_id="U777")
    fourth = run(world)
    assert exports(world) == ["increment"]
    assert fourth["outcomes"]["added"] == 1 and fourth["calls"]["total"] < 40
    world.assert_right()
