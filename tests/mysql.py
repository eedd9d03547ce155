"""A MariaDB server for tests: among the temporary files, on loopback, as an unprivileged user. MySQL itself is not in Debian."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from postgres import PASSWORD, free_port

USER = "reader"
DATABASE = "shop"
# What DuckDB calls its types.
TYPES = {"VARCHAR": "text", "TIMESTAMP": "datetime(6)", "TIMESTAMPTZ": "timestamp(6) NULL"}


def literal(value) -> str:
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "true", False: "false"}[value]
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"


class Server:
    def __init__(self, folder: Path | None = None):
        self.folder = folder or Path(tempfile.mkdtemp(prefix="rollcall-mysql-"))
        self.data = self.folder / "data"
        self.socket = self.folder / "socket"
        self.port = 0
        self.process = None

    # --- Its life.

    def create(self):
        self.user = "mysql" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            os.chown(self.folder, pwd.getpwnam("mysql").pw_uid, -1)
        subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={self.data}", f"--user={self.user}", "--skip-test-db",
                        "--auth-root-authentication-method=normal"], check=True, capture_output=True)
        self.port = free_port()
        self.start()
        self.sql(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4; CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY {literal(PASSWORD)};"
                 f"GRANT SELECT ON {DATABASE}.* TO {USER}@'127.0.0.1'")

    def start(self):
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                ["mariadbd", "--no-defaults", f"--datadir={self.data}", f"--user={self.user}", f"--port={self.port}", "--bind-address=127.0.0.1",
                 f"--socket={self.socket}", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for _ in range(600):
            if subprocess.run(["mariadb-admin", "--no-defaults", f"--socket={self.socket}", "-uroot", "ping"], capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self, how: int = signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            self.process.wait(timeout=60)
            self.process = None

    def remove(self):
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, text: str) -> str:
        """As its administrator."""
        done = subprocess.run(["mariadb", "--no-defaults", f"--socket={self.socket}", "-uroot", "-N", "--default-character-set=utf8mb4"],
                              input=text, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return done.stdout

    # --- As a source.

    password = PASSWORD

    def source(self) -> dict:
        """Of a catalog, without the password."""
        return {"kind": "mysql", "host": "127.0.0.1", "port": self.port, "database": DATABASE, "user": USER}

    def put_table(self, name: str, columns: dict, rows: list[dict], select: str | None = None):
        """Anew, with columns of DuckDB's types, and these rows or those of a SELECT."""
        types = ", ".join(f"`{n}` {TYPES.get(t, t)}" for n, t in columns.items())
        values = select or (rows and "VALUES " + ", ".join("(" + ", ".join(literal(row[n]) for n in columns) + ")" for row in rows))
        self.sql(f"SET time_zone = '+00:00'; USE {DATABASE}; DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ({types});"
                 + (f"INSERT INTO {name} {values}" if values else ""))
