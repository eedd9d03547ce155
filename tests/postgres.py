#!/usr/bin/env python3
"""A PostgreSQL server for tests: a cluster of its own among the temporary files, on loopback, as an unprivileged user.

  tests/postgres.py start FOLDER   makes and starts one; FOLDER/port is its port, FOLDER/place where it lies
  tests/postgres.py stop FOLDER    ends it, by its process id, and removes it

`Server` is the same for Python tests.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PASSWORD = "p'a\\ss %&=é\"word"  # whatever quoting could get wrong
USER = "reader"
ADMIN = "postgres"

# Two million rows that many tests read and none changes.
MANY = """
CREATE TABLE many AS
SELECT g AS id, 'person' || g || '@example.com' AS email, 'First' || g % 1000 AS first, md5(g::text) AS hash,
  g / 7.0::double precision AS score, DATE '2020-01-01' + (g % 2000)::integer AS born
FROM generate_series(0::bigint, 1999999) AS g;
"""


def programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        sys.exit("there is no PostgreSQL to test with: ./dev setup")
    return found[-1].parent


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def literal(value) -> str:
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


class Server:
    def __init__(self, folder: Path | None = None):
        """In that folder, or a new one."""
        self.folder = folder or Path(tempfile.mkdtemp(prefix="rollcall-postgres-"))
        self.data = self.folder / "data"
        self.port = 0

    # --- Its life.

    def create(self):
        """A new cluster, started, with a user who may only read."""
        if os.getuid() == 0:  # the server refuses to run as root
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        (self.folder / "password").write_text(PASSWORD)
        (self.folder / "password").chmod(0o644)
        self._run("initdb", "-D", str(self.data), "-U", ADMIN, "--auth=scram-sha-256", f"--pwfile={self.folder}/password",
                  "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self.port = free_port()
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\nunix_socket_directories = ''\nfsync = off\n"
                       "shared_buffers = 64MB\nlog_min_messages = warning\nmax_connections = 50\n")
        self.start()
        quoted = PASSWORD.replace("'", "''")
        self.sql(f"CREATE ROLE {USER} LOGIN PASSWORD '{quoted}'; GRANT pg_read_all_data, pg_read_all_stats TO {USER};")

    def start(self):
        self._run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-t", "60", "start")

    def stop(self, how: int = signal.SIGINT):
        """Ends the server, and every connection with it."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, how)
        except (FileNotFoundError, ProcessLookupError, ValueError, IndexError):
            return
        for _ in range(600):
            if not (self.data / "postmaster.pid").exists():
                return
            time.sleep(0.05)
        raise AssertionError("the server does not end")

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def restart(self):
        self.stop()
        self.start()

    # --- As its administrator.

    def sql(self, text: str) -> str:
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", ADMIN, "postgres"],
                              input=text, capture_output=True, text=True, env=os.environ | {"PGPASSWORD": PASSWORD})
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return done.stdout

    # --- As a source.

    password = PASSWORD
    many = MANY

    def source(self) -> dict:
        """Of a catalog, without the password."""
        return {"kind": "postgres", "host": "127.0.0.1", "port": self.port, "database": "postgres", "user": USER, "schema": "shop"}

    def put_table(self, name: str, columns: dict, rows: list[dict], select: str | None = None):
        """Anew, with columns of DuckDB's types, and these rows or those of a SELECT."""
        types = ", ".join(f'"{n}" {"double precision" if t == "DOUBLE" else t}' for n, t in columns.items())
        values = select or (rows and "VALUES " + ", ".join("(" + ", ".join(literal(row[n]) for n in columns) + ")" for row in rows))
        self.sql(f"BEGIN; CREATE SCHEMA IF NOT EXISTS shop; DROP TABLE IF EXISTS shop.{name}; CREATE TABLE shop.{name} ({types});"
                 + (f"INSERT INTO shop.{name} {values};" if values else "") + f"GRANT USAGE ON SCHEMA shop TO {USER}; COMMIT")

    def _run(self, program: str, *args: str):
        command = [str(programs() / program), *args]
        if os.getuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", *command]
        # Not a pipe: the server would keep it open.
        with (self.folder / f"{program}.log").open("w") as log:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=os.environ | {"LC_ALL": "C.UTF-8"})
        if done.returncode != 0:
            raise AssertionError(f"{program}: " + (self.folder / f"{program}.log").read_text())


def serve(verb: str, folder: Path, make: type, told: callable):
    """start or stop a server whose place is kept in a folder; `told(server)` is what else is written there, by name."""
    place = folder / "place"
    if place.exists():  # of this start, or one that was not stopped
        make(Path(place.read_text())).remove()
        shutil.rmtree(folder)
    if verb == "start":
        folder.mkdir(parents=True, exist_ok=True)
        server = make()
        place.write_text(str(server.folder))
        server.create()
        server.sql(server.many)
        for name, text in told(server).items():
            (folder / name).write_text(text)


if __name__ == "__main__":
    if sys.argv[1:2] not in (["start"], ["stop"]):
        sys.exit(__doc__)
    serve(sys.argv[1], Path(sys.argv[2]), Server, lambda server: {"port": f"{server.port}\n"})
