"""What is run and measured: a process, and the simulator beside it."""

import http.client
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / "build/bin"
HERE = ROOT / "build/bench"
sys.path.append(str(ROOT / "tests"))  # its servers serve here, too


def measured(words, **more):
    """Seconds, seconds of CPU, peak MB, and what it printed."""
    os.sync()  # what others wrote is not waited for here
    started = time.monotonic()
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, text=True, **more)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{words} ended with {process.returncode}\n{output}")
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output


def rollcall(*words):
    return measured([BIN / "rollcall", "--home", HERE / "home", *words])


def measured_run(name):
    """Of one activation: figures, and its report."""
    seconds, cpu, peak, output = rollcall("run", name, "--json")
    report = json.loads(output)
    return {"seconds": seconds, "cpu": cpu, "peak_mb": peak, "calls": sum(report["calls"]["by_endpoint"].values())}, report


def folder_bytes(folder):
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())


class Simulator:
    def __init__(self, contacts, *more):
        """So many, or those of a file."""
        log = HERE / "simulator.log"
        self.process = subprocess.Popen([BIN / "iterable-sim", "--listen", "127.0.0.1:0", "--contacts", str(contacts), *more],
                                        stdout=log.open("w"), stderr=subprocess.STDOUT)
        while not (found := re.search(r"http://([0-9.]+):(\d+)", log.read_text())):
            if self.process.poll() is not None:
                sys.exit(log.read_text())
            time.sleep(0.05)
        self.address, self.host, self.port = found[0], found[1], int(found[2])
        self.begun_with = self.cpu()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def cpu(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.host, self.port)
        connection.request(method, path, body, {"Api-Key": "0" * 32, "Content-Type": "application/json"})
        text = connection.getresponse().read().decode()
        connection.close()
        return text

    def must_hold(self, name, members):
        """The list, once what was written last shows in it."""
        lists = json.loads(self.ask("GET", "/api/lists"))["lists"]
        path = f"/api/lists/{next(one['id'] for one in lists if one['name'] == name)}/size"
        until = time.monotonic() + 30
        while (size := int(self.ask("GET", path))) != members:
            assert time.monotonic() < until, f"{size} on the list, and not {members}"
            time.sleep(0.2)
