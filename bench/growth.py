"""How the work grows: from 10,000 people upwards, and from 1 activation to 1,000. Curves into docs/curves, and their numbers
into build/bench/growth.json."""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

from data import catalog, make_shop
from machine import HERE, ROOT, Simulator, folder_bytes, measured_run, rollcall

PEOPLE = (10_000, 100_000, 1_000_000, 10_000_000, 20_000_000)
ACTIVATIONS = (1, 10, 100, 1_000)
PEOPLE_EACH = 1_000  # of those
AT_ONCE = 8
RUNS = ("first", "idle", "churn")


def curves(most, machine, one_round):
    results = {"machine": machine, "people": {}, "activations": {}}
    print(f"{'people':>12} {'':6} {'wall s':>8} {'CPU s':>8} {'peak MB':>8} {'calls':>8} {'home MB':>8}")
    for people in (size for size in PEOPLE if size <= most):
        figures = one_round(people, "plain")
        results["people"][people] = {name: figures[name] for name in RUNS}
        for name in RUNS:
            one = figures[name]
            print(f"{people:12,} {name:6} {one['seconds']:8.2f} {one['cpu']:8.2f} {one['peak_mb']:8.0f} {one['calls']:8,} {one['home_bytes'] / 1e6:8.1f}", flush=True)
        _keep(results)
    print(f"{'activations':>12} {'first s':>8} {'idle s':>8} {'status s':>8} {'home MB':>8}")
    for activations in ACTIVATIONS:
        figures = _many(activations)
        results["activations"][activations] = figures
        print(f"{activations:12,} {figures['first']:8.2f} {figures['idle']:8.2f} {figures['status']:8.3f} {figures['home_bytes'] / 1e6:8.1f}", flush=True)
        _keep(results)
    _draw(results)


def _keep(results):
    (HERE / "growth.json").write_text(json.dumps(results, indent=1))


def _many(activations):
    """So many lists of the same people in one project, some at a time."""
    shutil.rmtree(HERE / "home", ignore_errors=True)
    make_shop(PEOPLE_EACH, "plain")
    names = [f"List {n}" for n in range(activations)]
    with Simulator(PEOPLE_EACH) as simulator:
        (HERE / "catalog.yaml").write_text(catalog(simulator.address, "plain", names))
        rollcall("apply", HERE / "catalog.yaml")
        measured_run(names[0])  # which makes the fields, and tries the destination
        figures = {}
        for kind, some in (("first", names[1:]), ("idle", names)):
            started = time.monotonic()
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for _, report in pool.map(measured_run, some):
                    assert report["status"] == "completed", report
            figures[kind] = time.monotonic() - started
        figures["status"], _, figures["status_mb"], output = rollcall("status", "--json")
        assert len(json.loads(output)) == activations
        return figures | {"home_bytes": folder_bytes(HERE / "home")}


def _draw(results):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "rollcall", "svg.fonttype": "none", "font.size": 9}
    from matplotlib import pyplot

    figure, places = pyplot.subplots(1, 4, figsize=(13, 3.2), layout="constrained")
    people = list(results["people"])
    for place, (what, label, scale) in zip(places, (("seconds", "seconds", 1), ("peak_mb", "peak memory, MB", 1),
                                                    ("home_bytes", "home after the run, MB", 1e-6), ("calls", "calls", 1))):
        for name in RUNS:
            place.plot(people, [results["people"][n][name][what] * scale for n in people], marker="o", markersize=3, label=name)
        place.set(xscale="log", xlabel="people", title=label)
        place.set(ylim=(0, None)) if what == "peak_mb" else place.set(yscale="log")
        place.grid(alpha=0.3)
    places[0].legend()
    (ROOT / "docs/curves").mkdir(exist_ok=True)
    figure.savefig(ROOT / "docs/curves/people.svg", metadata={"Date": None})

    figure, places = pyplot.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
    counts = list(results["activations"])
    for place, (what, label) in zip(places, (("idle", "an idle run of all, seconds"), ("status", "`status`, seconds"), ("home_bytes", "home, MB"))):
        place.plot(counts, [results["activations"][n][what] * (1e-6 if what == "home_bytes" else 1) for n in counts], marker="o", markersize=3)
        place.set(xscale="log", yscale="log", xlabel="activations", title=label)
        place.grid(alpha=0.3)
    figure.savefig(ROOT / "docs/curves/activations.svg", metadata={"Date": None})
