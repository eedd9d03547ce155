#!/usr/bin/env python3
"""A Trino server for tests: one node on loopback, which keeps tables in memory.

  tests/trino.py start FOLDER   starts one; FOLDER/port, FOLDER/secure_port, FOLDER/token, FOLDER/ca.pem tell how to reach it
  tests/trino.py stop FOLDER    ends it, by its process id, and removes what it kept
  tests/trino.py sql FOLDER SCHEMA   carries out the one statement that stands on standard input, as its administrator

Over HTTP it believes any name; over HTTPS it asks for a password or a token. `Server` is the same for Python tests.
The program is what `./dev test` unpacked, build/deps/trino, or what lies in the folder that ROLLCALL_TRINO names.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from postgres import free_port, literal, serve  # noqa: E402

PASSWORD = "p'a\\ss %&=é\"word"  # whatever quoting could get wrong; Trino reads it as Latin-1
USER = "reader"
ADMIN = "admin"

# Two million rows that many tests read, made as they are read.
MANY = """
CREATE VIEW memory.default.many AS
SELECT g AS id, 'person' || CAST(g AS varchar) || '@example.com' AS email, 'First' || CAST(g % 1000 AS varchar) AS first,
  lower(to_hex(md5(to_utf8(CAST(g AS varchar))))) AS hash, CAST(g AS double) / 7 AS score,
  date_add('day', CAST(g % 2000 AS integer), DATE '2020-01-01') AS born
FROM (SELECT CAST(a * 2000 + b AS bigint) AS g FROM UNNEST(sequence(0, 999)) AS t(a) CROSS JOIN UNNEST(sequence(0, 1999)) AS u(b)) AS s
"""

RULES = {
    "catalogs": [{"user": ADMIN, "allow": "all"}, {"allow": "read-only"}],
    "tables": [
        {"user": ADMIN, "privileges": ["SELECT", "INSERT", "DELETE", "UPDATE", "OWNERSHIP", "GRANT_SELECT"]},
        {"table": "hidden.*", "privileges": []},
        {"privileges": ["SELECT"]},
    ],
    "procedures": [{"user": ADMIN, "privileges": ["EXECUTE"]}],
}


def program() -> Path:
    found = Path(os.environ.get("ROLLCALL_TRINO", Path(__file__).resolve().parent.parent / "build/deps/trino"))
    if not (found / "server/lib").is_dir():
        sys.exit(f"there is no Trino to test with in {found}: ./dev test installs it")
    return found


def _token(key: bytes, user: str) -> str:
    """A JSON web token, as an identity provider would sign it."""
    def part(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    text = part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + b"." + part(json.dumps({"sub": user, "exp": int(time.time()) + 86400}).encode())
    return (text + b"." + part(hmac.new(key, text, hashlib.sha256).digest())).decode()


def statement(port: int, text: str, schema: str = "default") -> list[list]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/statement", text.encode(),
                                     {"X-Trino-User": ADMIN, "X-Trino-Catalog": "memory", "X-Trino-Schema": schema,
                                      "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME"})
    rows = []
    while True:
        with urllib.request.urlopen(request, timeout=60) as answer:
            page = json.load(answer)
        if "error" in page:
            raise AssertionError(page["error"]["message"])
        rows += page.get("data", [])
        if "nextUri" not in page:
            return rows
        request = page["nextUri"]


class Server:
    def __init__(self, folder: Path | None = None):
        """In that folder, or a new one."""
        self.folder = folder or Path(tempfile.mkdtemp(prefix="rollcall-trino-"))
        self.port = self.secure_port = 0
        self.token = ""

    # --- Its life.

    def create(self):
        self.port, self.secure_port = free_port(), free_port()
        catalogs = self.folder / "catalogs"
        catalogs.mkdir()
        (catalogs / "memory.properties").write_text("connector.name=memory\nmemory.max-data-per-node=256MB\n")
        (catalogs / "tpch.properties").write_text("connector.name=tpch\n")
        key = secrets.token_bytes(64)
        (self.folder / "jwt.key").write_text(base64.b64encode(key).decode())
        self.token = _token(key, USER)
        rounds, salt = 2000, secrets.token_bytes(16)  # the form its password file takes: PBKDF2
        digest = hashlib.pbkdf2_hmac("sha1", PASSWORD.encode(), salt, rounds, 20)
        (self.folder / "passwords").write_text(f"{USER}:{rounds}:{salt.hex()}:{digest.hex()}\n")
        self._certificate()
        (self.folder / "rules.json").write_text(json.dumps(RULES))
        self._write("authenticator.properties", {"password-authenticator.name": "file", "file.password-file": self.folder / "passwords"})
        self._write("access.properties", {"access-control.name": "file", "security.config-file": self.folder / "rules.json"})
        self._write("config.properties", {
            "coordinator": "true",
            "node-scheduler.include-coordinator": "true",
            "http-server.http.port": self.port,
            "http-server.https.enabled": "true",
            "http-server.https.port": self.secure_port,
            "http-server.https.keystore.path": self.folder / "server.pem",
            "http-server.authentication.type": "PASSWORD,JWT",
            "http-server.authentication.allow-insecure-over-http": "true",
            "http-server.authentication.jwt.key-file": self.folder / "jwt.key",
            "password-authenticator.config-files": self.folder / "authenticator.properties",
            "access-control.config-files": self.folder / "access.properties",
            "internal-communication.shared-secret": secrets.token_hex(32),
            "discovery.uri": f"http://127.0.0.1:{self.port}",
            "query.max-memory": "600MB",
            "query.max-memory-per-node": "600MB",
            "memory.heap-headroom-per-node": "300MB",
            "query.client.timeout": "30s",
            "catalog.management": "static",
            "catalog.config-dir": catalogs,
        })
        self.start()

    def start(self):
        node = {"node.environment": "test", "node.id": "one", "node.data-dir": self.folder / "data", "node.bind-ip": "127.0.0.1",
                "node.internal-address": "127.0.0.1", "plugin.dir": program() / "server/plugin", "config": self.folder / "config.properties",
                "log.enable-console": "true"}
        command = [str(program() / "java/bin/java"), "-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError",
                   "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-Djdk.attach.allowAttachSelf=true",
                   *(f"-D{name}={value}" for name, value in node.items()), "-cp", str(program() / "server/lib/*"), "io.trino.server.TrinoServer"]
        with (self.folder / "log").open("w") as log:
            process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        (self.folder / "pid").write_text(str(process.pid))
        for _ in range(1200):
            if process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v1/info", timeout=5) as answer:
                    if not json.load(answer)["starting"]:
                        break
            except OSError:
                pass
            time.sleep(0.1)
        for _ in range(300):  # ready before it knows that it is a worker too
            try:
                if self.sql("SELECT 1") == [[1]]:
                    return
            except (OSError, AssertionError):
                time.sleep(0.1)
        raise AssertionError("Trino does not start:\n" + (self.folder / "log").read_text()[-4000:])

    def stop(self, how: int = signal.SIGKILL):
        try:
            pid = int((self.folder / "pid").read_text())
            os.kill(pid, how)
        except (FileNotFoundError, ProcessLookupError):
            return
        for _ in range(600):
            try:
                if os.waitpid(pid, os.WNOHANG)[0] == pid:
                    break
            except ChildProcessError:  # another process started it
                try:
                    os.kill(pid, 0)
                except ProcessLookupError:
                    break
            time.sleep(0.05)
        (self.folder / "pid").unlink(missing_ok=True)

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, text: str) -> list[list]:
        """The rows of one statement, as its administrator."""
        return statement(self.port, text)

    # --- As a source.

    password = PASSWORD
    many = MANY

    def source(self) -> dict:
        """Of a catalog, without the password."""
        return {"kind": "trino", "url": f"https://127.0.0.1:{self.secure_port}", "ca_file": str(self.folder / "ca.pem"), "user": USER,
                "catalog": "memory", "schema": "shop"}

    def put_table(self, name: str, columns: dict, rows: list[dict], select: str | None = None):
        """Anew, with columns of DuckDB's types, and these rows or those of a SELECT."""
        types = {n: t.replace("TIMESTAMPTZ", "timestamp(6) with time zone") for n, t in columns.items()}
        values = ", ".join("(" + ", ".join(f"CAST({literal(row[n])} AS {t})" for n, t in types.items()) + ")" for row in rows)
        self.sql("CREATE SCHEMA IF NOT EXISTS memory.shop")
        self.sql(f"DROP TABLE IF EXISTS memory.shop.{name}")
        self.sql(f"CREATE TABLE memory.shop.{name} (" + ", ".join(f'"{n}" {t}' for n, t in types.items()) + ")")
        if select or values:
            self.sql(f"INSERT INTO memory.shop.{name} {select or 'VALUES ' + values}")

    # --- Its files.

    def _write(self, name: str, settings: dict):
        (self.folder / name).write_text("".join(f"{key}={value}\n" for key, value in settings.items()))

    def _certificate(self):
        """An authority of its own, and what that signed for 127.0.0.1."""
        def openssl(*args: str):
            done = subprocess.run(["openssl", *args], cwd=self.folder, capture_output=True, text=True)
            if done.returncode != 0:
                raise AssertionError(done.stderr)

        new_key = ["-newkey", "rsa:2048", "-nodes", "-batch"]
        openssl("req", "-x509", *new_key, "-subj", "/CN=Rollcall tests", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem")
        openssl("req", *new_key, "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr")
        (self.folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names",
                "-out", "server.crt")
        (self.folder / "server.pem").write_text((self.folder / "server.key").read_text() + (self.folder / "server.crt").read_text())


def told(server: Server) -> dict[str, str]:
    return {"ca.pem": (server.folder / "ca.pem").read_text(), "token": server.token, "secure_port": str(server.secure_port), "port": str(server.port)}


if __name__ == "__main__":
    if sys.argv[1:2] == ["sql"]:
        statement(int((Path(sys.argv[2]) / "port").read_text()), sys.stdin.read(), sys.argv[3])
    elif sys.argv[1:2] in (["start"], ["stop"]):
        serve(sys.argv[1], Path(sys.argv[2]), Server, told)
    else:
        sys.exit(__doc__)
