"""What the published limits cost: everybody of an e-mail project is looked up before anybody is added, and so many look-ups a
second are allowed, of all activations of the project together. The least that a run can take is look-ups by that."""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

from data import catalog, make_shop
from machine import HERE, Simulator, measured_run, rollcall

LOOK_UPS_A_SECOND = 100
PEOPLE = 6_000  # of all activations together
ACTIVATIONS = (1, 10, 100)


def measure():
    out = {}
    print(f"{'activations':>12} {'people each':>12} {'least s':>8} {'wall s':>8} {'throttled':>10}  of the least")
    for activations in ACTIVATIONS:
        each = PEOPLE // activations
        shutil.rmtree(HERE / "home", ignore_errors=True)
        # The shop leaves one in 400 out of the segment.
        make_shop(each, "plain")
        entered = each - len(range(1, each, 400))
        names = [f"List {n}" for n in range(activations)]
        with Simulator(each, "--project-type", "email", "--limits", "published") as simulator:
            text = catalog(simulator.address, "plain", ["Before", *names])
            text = text.replace("project_type: hybrid", "project_type: email").replace("{type: user_id, field: user_id}", "{type: email, field: email}")
            (HERE / "catalog.yaml").write_text(text)
            rollcall("apply", HERE / "catalog.yaml")
            measured_run("Before")  # which tries the destination, and makes the attributes
            started = time.monotonic()
            with ThreadPoolExecutor(activations) as pool:
                reports = [report for _, report in pool.map(measured_run, names)]
            seconds, least = time.monotonic() - started, activations * entered / LOOK_UPS_A_SECOND
            for report in reports:
                assert report["status"] == "completed" and report["outcomes"]["added"] == entered, json.dumps(report)
        throttled = sum(report["calls"]["throttled"] for report in reports)
        out[activations] = {"seconds": seconds, "least": least, "throttled": throttled}
        print(f"{activations:12,} {each:12,} {least:8.1f} {seconds:8.1f} {throttled:10,}  {seconds / least:12.3f}", flush=True)
    return out
