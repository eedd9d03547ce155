"""The home as a whole: held against a file, kept and restored."""

import copy
import hashlib
import io
import json
import shutil
import tarfile

import pytest

from world import LIST, a_day_of_changes, populate, started


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
