"""The home as a whole: held against a file, kept and restored, given a new key, without a person."""

import copy
import fcntl
import hashlib
import io
import json
import shutil
import struct
import tarfile

import duckdb
import pytest

from world import LIST, a_day_of_changes, copy_home, customer, files_with, populate, restore_home, started


@pytest.fixture
def world(make_world):
    return make_world()


# --- diff

def diff(world, catalog, *options, expect):
    (world.folder / "shop.yaml").write_text(json.dumps(catalog))
    return world.rollcall("diff", str(world.folder / "shop.yaml"), *options, expect=expect)


def test_a_file_that_was_applied_differs_in_nothing(world):
    started(world)
    assert diff(world, world.catalog(), expect=0).out.startswith("Nothing to change; 5 unchanged.")
    told = diff(world, world.catalog(), "--json", expect=0).json
    assert told["differs"] is False and told["counts"] == {"unchanged": 5} and told["warnings"] == []
    exported = world.rollcall("export").out
    (world.folder / "exported.yaml").write_text(exported)
    world.rollcall("diff", str(world.folder / "exported.yaml"), expect=0)


def test_what_differs_is_named_without_a_look_at_the_data_and_nothing_is_stored(world):
    started(world)
    before = world.rollcall("export").out
    (world.folder / "shop.duckdb").unlink()
    changed = world.catalog()
    changed["segments"][0]["where"] = {"field": "nobody_has_this", "op": "is_true"}
    changed["segments"].append({"name": "New", "model": "customers", "where": world.rule})
    changed["activations"] = []
    told = diff(world, changed, "--json", expect=1).json
    assert told["differs"] is True
    assert {(one["what"], one["kind"], one["name"]) for one in told["changes"] if one["what"] != "unchanged"} == {
        ("changed", "segment", "Lapsed VIPs"), ("created", "segment", "New"), ("archived", "activation", LIST)}
    text = diff(world, changed, expect=1).out
    assert "3 changes to make" in text and "archived" in text and "nothing was stored" in text
    assert world.rollcall("export").out == before


def test_a_file_that_is_wrong_ends_with_2(world):
    started(world)
    wrong = copy.deepcopy(world.catalog())
    wrong["segments"][0]["model"] = "custmers"
    done = diff(world, wrong, "--json", expect=2)
    assert "did you mean `customers`?" in done.err and done.json["problems"][0]["message"]
    assert "there is no file" in world.rollcall("diff", str(world.folder / "none.yaml"), expect=2).err


# --- backup and restore

def modes(folder):
    return {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}, {
        path.stat().st_mode & 0o777 for path in [folder, *folder.rglob("*")] if path.is_dir()}


def backed_up(world, name="kept.tar"):
    path = world.folder / name
    world.rollcall("backup", str(path))
    return path


def restored(world, kept, home, *options, expect=0):
    """Into another home."""
    own, world.home = world.home, home
    try:
        return world.rollcall("restore", str(kept), *options, expect=expect)
    finally:
        world.home = own


def rewritten(path, change):
    """The archive with its members changed: {name: bytes} in, an iterable of (TarInfo or name, bytes) out."""
    with tarfile.open(path) as archive:
        members = {one.name: archive.extractfile(one).read() for one in archive}
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for info, content in change(members):
            if isinstance(info, str):
                info = tarfile.TarInfo(info)
                info.size, info.mode = len(content), 0o600
            archive.addfile(info, io.BytesIO(content))


def with_manifest(members, **changed):
    """Members after a manifest that tells the truth about them."""
    told = json.loads(members["manifest.json"]) | changed
    told["files"] = [{"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
                     for name, content in members.items() if name != "manifest.json"]
    return [("manifest.json", json.dumps(told).encode())] + [(n, c) for n, c in members.items() if n != "manifest.json"]


def test_a_restored_home_notices_that_it_is_one_and_its_list_ends_right(make_world):
    world = make_world("email", "email")
    populate(world)
    world.write_source()
    world.apply()
    world.run()
    kept = backed_up(world)
    a_day_of_changes(world)
    world.write_source()
    world.run()
    world.change(20, vip=False)  # since then, by nobody's run
    world.write_source()
    shutil.rmtree(world.home)
    done = world.rollcall("restore", str(kept), "--json").json
    assert done["activations"] == 1 and done["warnings"] == []
    assert modes(world.home) == ({0o600}, {0o700})
    report = world.run()
    assert any("this home is a copy of another, or was restored from a backup" in one for one in report["warnings"]), report
    world.assert_right()
    assert "this home is a copy" not in json.dumps(world.run()), "said once"
    assert [one["action"] for one in world.rollcall("log", "--json").json][:1] == ["restored"]


def test_what_is_in_a_backup(world):
    started(world)
    (world.home / "contacts").mkdir(exist_ok=True)
    done = world.rollcall("backup", str(world.folder / "kept.tar"), "--json")
    assert done.json["activations"] == 1 and "keep it as safe as the home" in done.err
    path = world.folder / "kept.tar"
    assert path.stat().st_mode & 0o777 == 0o600
    with tarfile.open(path) as archive:
        names = archive.getnames()
        manifest = json.loads(archive.extractfile("manifest.json").read())
        files = {one["name"]: one for one in manifest["files"]}
        for name in names[1:]:
            content = archive.extractfile(name).read()
            assert (files[name]["bytes"], files[name]["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        state = json.loads(archive.extractfile(names[3]).read() if names[3].endswith("state.json") else archive.extractfile(names[4]).read())
    uid, = [one.name for one in (world.home / "activations").iterdir()]
    assert set(names) == {"manifest.json", "rollcall.db", "key", f"activations/{uid}/state.json",
                          f"activations/{uid}/ledger-{state['generation']}.parquet"} and names[0] == "manifest.json"
    assert not list((world.home / "tmp").iterdir()), "nothing is left of it"
    done = world.rollcall("backup", str(path), "--json", expect=1)
    assert "no backup is written over" in done.err and done.json["error"]["kind"] == "conflict"
    assert world.rollcall("log", "--json").json[0]["action"] == "backed_up"


def test_a_backup_while_a_run_is_interrupted_holds_nothing_of_it(world):
    started(world)
    world.change(4, vip=False)
    world.write_source()
    assert world.run_expecting_death("plan.sealed", 1)
    kept = backed_up(world)
    with tarfile.open(kept) as archive:
        assert not [name for name in archive.getnames() if "runs" in name or "planned" in name]
    world.run()
    shutil.rmtree(world.home)
    world.rollcall("restore", str(kept))
    assert world.run()["status"] == "completed"
    world.assert_right()


def test_backups_while_runs_go_on_are_each_of_one_moment(world):
    started(world)
    process = world.start("run", LIST, "--full")
    kept = [backed_up(world, f"kept{i}.tar") for i in range(3)]
    process.communicate(timeout=120)
    assert process.returncode == 0
    for path in kept:
        shutil.rmtree(world.home)
        world.rollcall("restore", str(path))
        assert world.run()["status"] == "completed"
        world.assert_right()


def test_nothing_is_restored_over_a_home(world):
    started(world)
    kept = backed_up(world)
    before = world.rollcall("export").out
    done = world.rollcall("restore", str(kept), "--json", expect=1)
    assert "is there and not empty" in done.err and "--home DIR" in done.err
    assert world.rollcall("export").out == before
    other = world.folder / "elsewhere" / "other"
    restored(world, kept, other)  # the remedy
    assert (other / "rollcall.db").exists()
    (world.folder / "empty").mkdir()
    restored(world, kept, world.folder / "empty")
    assert modes(world.folder / "empty") == ({0o600}, {0o700})
    (world.folder / "file").write_text("mine")
    restored(world, kept, world.folder / "file", expect=1)
    assert (world.folder / "file").read_text() == "mine"


LINK = tarfile.TarInfo("key")
LINK.type, LINK.linkname = tarfile.SYMTYPE, "/etc/passwd"
TRICKS = {
    "a name that leads out": lambda m: with_manifest(m | {"../evil": b"x"}),
    "a name from the root": lambda m: with_manifest(m | {"/tmp/evil": b"x"}),
    "a name that leads out of an activation": lambda m: with_manifest(m | {"activations/../state.json": b"x"}),
    "a deeper name": lambda m: with_manifest(m | {"activations/a/b/state.json": b"x"}),
    "a lock": lambda m: with_manifest(m | {"activations/a/lock": b"x"}),
    "an activation without a name": lambda m: with_manifest(m | {"activations//state.json": b"x"}),
    "a ledger of no number": lambda m: with_manifest(m | {"activations/a/ledger-x.parquet": b"x"}),
    "a ledger of no number at all": lambda m: with_manifest(m | {"activations/a/ledger.parquet": b"x"}),
    "a file that the manifest does not know": lambda m: [*m.items(), ("activations/a/state.json", b"x")],
    "a file twice": lambda m: [*with_manifest(m), ("key", b"k" * 32)],
    "no manifest": lambda m: [(n, c) for n, c in m.items() if n != "manifest.json"],
    "a manifest that is no JSON": lambda m: [*(m | {"manifest.json": b"[]"}).items()],
    "no key": lambda m: with_manifest({n: c for n, c in m.items() if n != "key"}),
    "another key": lambda m: [*(m | {"key": b"k" * 32}).items()],
    "a longer key": lambda m: [*(m | {"key": b"k" * 33}).items()],
    "a link": lambda m: [("manifest.json", m["manifest.json"]), ("rollcall.db", m["rollcall.db"]), (LINK, b"")],
    "a later form": lambda m: with_manifest(m, rollcall_backup=2),
    "nothing": lambda m: [],
}


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS.keys())
def test_an_archive_that_is_not_ours_is_refused_whole(world, trick):
    world.apply(catalog={"version": 1})
    kept = backed_up(world)
    rewritten(kept, trick)
    home = world.folder / "new" / "home"
    done = restored(world, kept, home, "--json", expect=1)
    assert "no backup of ours" in done.err and done.json["error"]["kind"] == "corrupt"
    assert not (world.folder / "new").exists() or not list((world.folder / "new").iterdir())
    assert not list(world.folder.glob("**/evil"))


def test_an_archive_that_is_damaged_or_cut_short_is_refused_whole(world):
    started(world)
    kept = backed_up(world)
    whole = kept.read_bytes()
    home = world.folder / "new" / "home"
    for damaged in (whole[:-600 - 1024], whole[:700], b"", whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:],
                    whole[:-1800] + bytes([whole[-1800] ^ 1]) + whole[-1799:]):
        kept.write_bytes(damaged)
        assert "no backup of ours" in restored(world, kept, home, expect=1).err
        assert not home.exists()
    assert "there is no file" in restored(world, world.folder / "none.tar", home, expect=2).err
    kept.write_bytes(whole)
    restored(world, kept, home)


def test_what_is_damaged_is_left_out_of_a_backup_and_named(world):
    started(world)
    ledger, = (world.home / "activations").glob("*/ledger-*.parquet")
    ledger.write_bytes(b"x" + ledger.read_bytes()[1:])
    done = world.rollcall("backup", str(world.folder / "kept.tar"), "--json")
    assert done.json["activations"] == 0 and LIST in done.json["warnings"][0] and "is left out" in done.err
    shutil.rmtree(world.home)
    world.rollcall("restore", str(world.folder / "kept.tar"))
    world.rollcall("run", LIST, expect=1)
    world.run("--full")  # the remedy
    world.assert_right()


# --- forget

def kept_of(world, *names):
    """Files of the home that hold one of these, as DuckDB reads them or byte for byte."""
    found = []
    for path in sorted(world.home.rglob("*")):
        if not path.is_file():
            continue
        text = path.read_bytes().lower()
        if path.suffix == ".parquet":
            text += str(duckdb.sql(f"SELECT * FROM read_parquet('{path}')").fetchall()).lower().encode()
        if any(name.lower().encode() in text for name in names):
            found.append(str(path.relative_to(world.home)))
    return found


def test_a_person_is_forgotten_everywhere_and_it_is_said_where_they_still_are(world):
    world.put(*[customer(i) for i in range(1, 7)])
    for i in range(1, 6):
        world.double.add_contact(email=f"user{i}@example.com", user_id=f"U{i}", firstName="Old")
    world.double.show_everything()
    world.write_source()
    world.apply()
    world.run()
    world.change(3, first_name="Another")
    world.write_source()
    world.run()
    for who in ("user3@example.com", "user6@example.com"):  # on the list; not a contact, told of by past runs
        assert kept_of(world, who)
        told = world.rollcall("forget", who, expect=2)
        assert "nothing was removed: say --yes" in told.err and f"kept in {LIST}" in told.out and kept_of(world, who)
    members = world.members()
    done = world.rollcall("forget", " USER3@Example.com ", "--yes")
    assert f"removed from {LIST}" in done.out and f"still on the list {LIST} ({world.the_list().id}) of Iterable" in done.out
    assert "still in the segment Lapsed VIPs" in done.out and "a later run takes them up again" in done.err
    assert kept_of(world, "user3@example.com") == []
    assert world.members() == members, "Iterable is not asked"
    told = world.rollcall("forget", "user6@example.com", "--yes", "--json").json
    one, = told["activations"]
    assert told["removed"] and one["in_ledger"] and one["in_past_runs"] >= 1 and one["on_list"] == "no" and one["in_segment"] is True
    assert kept_of(world, "user6@example.com") == []
    assert kept_of(world, "user2@example.com"), "others stay"
    line = world.rollcall("log", "--json").json[0]
    assert (line["action"], line["kind"], line["name"], line["after"]) == ("forgot", "person", "", {"activations": [LIST]})
    assert "user6" not in world.rollcall("log", "--json").out
    world.run()  # takes them up again, for the data still have them
    world.assert_right()
    world.drop(3)
    world.write_source()
    world.rollcall("forget", "user3@example.com", "--yes")
    world.run()
    assert "user3@example.com" in world.members() and kept_of(world, "user3@example.com") == []
    again = world.rollcall("forget", "user3@example.com", "--yes", "--json").json
    assert again["removed"] and not again["activations"][0]["in_ledger"]
    assert "no ledger and no past run told of this person" in world.rollcall("forget", "nobody@example.com", "--yes").out


def test_nobody_is_forgotten_while_an_activation_runs(world):
    started(world)
    uid, = [one.name for one in (world.home / "activations").iterdir()]
    with (world.home / "activations" / uid / "lock").open("r+") as lock:
        fcntl.fcntl(lock, 37, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
        done = world.rollcall("forget", "user4@example.com", "--yes", "--json", expect=4)
        assert LIST in done.err and done.json["error"]["kind"] == "busy"
        assert kept_of(world, "user4@example.com")
    world.rollcall("forget", "user4@example.com", "--yes")
    assert kept_of(world, "user4@example.com") == []


def test_somebody_in_an_interrupted_run_is_forgotten_and_the_next_run_ends_right(world):
    started(world)
    world.put(customer(50))
    world.double.add_contact(email="user50@example.com", user_id="U50")
    world.double.show_everything()
    world.write_source()
    assert world.run_expecting_death("plan.sealed", 1)
    world.rollcall("forget", "user50@example.com", "--yes")
    assert kept_of(world, "user50@example.com") == []
    assert world.run()["status"] == "completed"
    world.assert_right()


def test_a_person_is_forgotten_without_the_source_and_a_copy_stays_one(world):
    started(world)
    restore_home(world, copy_home(world, "copy"))
    (world.folder / "shop.duckdb").rename(world.folder / "away.duckdb")
    done = world.rollcall("forget", "user4@example.com", "--yes")
    assert "could not be asked" in done.out and kept_of(world, "user4@example.com") == []
    (world.folder / "away.duckdb").rename(world.folder / "shop.duckdb")
    assert any("this home is a copy" in one for one in world.run()["warnings"])
    world.assert_right()


def test_the_contact_index_goes_where_it_tells_of_the_person(make_world):
    world = started(make_world("email", "email", destination={"proof": {"by": "fastest"}}))
    index = list((world.home / "contacts").glob("*.index"))
    done = world.rollcall("forget", "stranger1@example.com", "--yes", "--json").json
    assert len(done["contact_indexes"]) == len(index)
    assert not list((world.home / "contacts").glob("*.index"))
    world.run()
    world.assert_right()


def test_a_blank_key_is_nobody(world):
    assert "the key is blank" in world.rollcall("forget", "  ", "--yes", expect=2).err


# --- rotate-key

def test_a_new_key_opens_everything_and_ends_sessions_and_tokens(make_world):
    world = started(make_world("email", "email", destination={"proof": {"by": "fastest"}}))
    world.rollcall("user", "add", "ada@example.com", "--role", "admin")
    world.rollcall("token", "add", "nightly")
    before = (world.home / "key").read_bytes()
    done = world.rollcall("rotate-key")
    assert "every session, token and invitation has ended" in done.err and "make a new one" in done.err
    after = (world.home / "key").read_bytes()
    assert len(after) == 32 and after != before and (world.home / "key").stat().st_mode & 0o777 == 0o600
    assert files_with(world.home, "key.next") == [] and not (world.home / "key.next").exists()
    assert world.rollcall("token", "list", "--json").json == []
    assert [one["email"] for one in world.rollcall("user", "list", "--json").json] == ["ada@example.com"]
    assert not list((world.home / "contacts").glob("*.index"))
    assert world.rollcall("log", "--json").json[0]["action"] == "rotated"
    world.change(4, first_name="Changed")
    world.write_source()
    assert world.run()["status"] == "completed"
    world.assert_right()
    (world.home / "key").write_bytes(before)
    assert "cannot be opened with the file `key`" in world.rollcall("status", expect=1).err
    (world.home / "key").write_bytes(after)
    world.rollcall("rotate-key", "--json")
    world.run()


def test_a_new_key_while_a_run_goes_on_leaves_it_alone(world):
    started(world)
    process = world.start("run", LIST, "--full", "--json")
    for _ in range(3):
        world.rollcall("rotate-key")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    world.run()
    world.assert_right()
