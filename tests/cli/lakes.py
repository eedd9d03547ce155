"""Places that DuckDB's extensions read, each written by somebody else's program; for `World.server`."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path

import boto3
import duckdb
import pyarrow
from deltalake import write_deltalake
from moto.server import ThreadedMotoServer
from postgres import PASSWORD
from pyiceberg.catalog.sql import SqlCatalog


def arrow_table(columns: dict, rows: list[dict], select: str | None) -> pyarrow.Table:
    """With columns of DuckDB's types."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'; CREATE TABLE t (" + ", ".join(f'"{n}" {t}' for n, t in columns.items()) + ")")
        if select:
            connection.execute("INSERT INTO t " + select)
        elif rows:
            places = ", ".join(f"CAST(? AS {t})" for t in columns.values())
            connection.execute("INSERT INTO t VALUES " + ", ".join([f"({places})"] * len(rows)), [row[n] for row in rows for n in columns])
        return connection.execute("FROM t").to_arrow_table()


class Folder:
    """What lies in a folder of this machine."""

    password = None

    def create(self):
        self.folder = Path(tempfile.mkdtemp(prefix="rollcall-lake-"))

    def remove(self):
        shutil.rmtree(self.folder)


class Sqlite(Folder):
    def source(self):
        return {"kind": "sqlite", "path": str(self.folder / "shop.db")}

    def put_table(self, name, columns, rows, select=None):
        with sqlite3.connect(self.folder / "shop.db") as connection:
            connection.execute(f"DROP TABLE IF EXISTS {name}")
            connection.execute(f"CREATE TABLE {name} (" + ", ".join(f'"{n}" {t}' for n, t in columns.items()) + ")")
            if select:
                connection.execute(f"INSERT INTO {name} {select}")
            connection.executemany(f"INSERT INTO {name} VALUES (" + ", ".join("?" for _ in columns) + ")",
                                   [[value if value is None or isinstance(value, (int, float)) else str(value) for value in row.values()]
                                    for row in ({n: row[n] for n in columns} for row in rows)])
        connection.close()


class Delta(Folder):
    def source(self):
        return {"kind": "delta", "path": str(self.folder)}

    def put_table(self, name, columns, rows, select=None):
        write_deltalake(str(self.folder / name), arrow_table(columns, rows, select), mode="overwrite", schema_mode="overwrite")


class Iceberg(Folder):
    def source(self):
        return {"kind": "iceberg", "path": str(self.folder / "shop")}

    def create(self):
        super().create()
        self.catalog = SqlCatalog("tests", uri=f"sqlite:///{self.folder}/catalog.db", warehouse=f"file://{self.folder}")
        self.catalog.create_namespace("shop")

    def put_table(self, name, columns, rows, select=None):
        rows = arrow_table(columns, rows, select)
        if not self.catalog.table_exists(f"shop.{name}"):
            self.catalog.create_table(f"shop.{name}", rows.schema)
        self.catalog.load_table(f"shop.{name}").overwrite(rows)

    def remove(self):
        self.catalog.close()
        super().remove()


class Store(Folder):
    """An object store, emulated, and files of one kind in it."""

    password = PASSWORD
    secret = "secret_access_key"  # the key of a source that the password stands under

    def create(self):
        super().create()
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.client = boto3.client("s3", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="reader",
                                   aws_secret_access_key=PASSWORD)
        self.client.create_bucket(Bucket="shop")

    def stop(self):
        self.server.stop()

    def remove(self):
        self.stop()
        super().remove()

    def source(self):
        return {"kind": self.kind, "path": "s3://shop/lake", "endpoint": self.url, "region": "us-east-1", "access_key_id": "reader"}


class StoredFiles(Store):
    def __init__(self, kind):
        self.kind = kind

    def put_table(self, name, columns, rows, select=None):
        file = self.folder / f"{name}.{self.kind}"
        with duckdb.connect(":memory:") as connection:
            connection.register("rows", arrow_table(columns, rows, select))
            connection.execute(f"COPY rows TO '{file}' (FORMAT {self.kind})")
        self.client.upload_file(str(file), "shop", f"lake/{file.name}")


class StoredDelta(Store):
    kind = "delta"

    def put_table(self, name, columns, rows, select=None):
        write_deltalake(f"s3://shop/lake/{name}", arrow_table(columns, rows, select), mode="overwrite", schema_mode="overwrite", storage_options={
            "AWS_ENDPOINT_URL": self.url, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "reader",
            "AWS_SECRET_ACCESS_KEY": PASSWORD, "AWS_S3_ALLOW_UNSAFE_RENAME": "true"})
