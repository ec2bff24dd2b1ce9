"""Lookups and categories, with keys as values and rows as dicts."""

import os
import random
import time

from . import keys, rows
from .frames import Connection, Failed, tls

# After these a request may have taken effect: frames.md.
OPEN = {48, 50}


class Producer:
    """Numbers appends, so that one that is sent again lands once. Without a name it is one that nobody else can be."""

    def __init__(self, name=None, epoch=0):
        self.id, self.epoch, self.sequence = name or os.urandom(16), epoch, 0

    def next(self):
        self.sequence += 1
        return {"id": self.id, "epoch": self.epoch, "sequence": self.sequence}


class Client:
    def __init__(self, host, port, ca, certificate, key, timeout=10):
        self.connect = lambda: Connection(tls(host, port, ca, certificate, key, timeout), timeout)
        self.connection, self.timeout = self.connect(), timeout
        self.tables, self.producer = {}, Producer()

    def describe(self, table):
        """A table's descriptor; asked for once, and again when an answer shows that the table has changed."""
        if table not in self.tables:
            self.tables[table] = self.connection.call("describe table", table=table)
        return self.tables[table]

    def get(self, table, *key):
        return self.get_many({table: [key]})[table][0]

    def get_many(self, tables):
        """Rows of several tables by one request: {table: [key, ...]} gives {table: [row or None, ...]}."""
        request = [
            {"table": table, "keys": [self.key(table, key) for key in asked]} for table, asked in tables.items()
        ]
        answers = self.connection.call("get", tables=request)["tables"]
        return {
            table: [self.row(table, answer, row["message"]) for row in answer["rows"]]
            for table, answer in zip(tables, answers)
        }

    def scan(self, table, *prefix, start=None, end=None, reverse=False, page=0):
        """Keys and rows in key order, page by page; `start` (inclusive) and `end` (exclusive) follow the prefix."""
        types = self.key_types(table)
        request = {"table": table, "prefix": keys.encode(prefix, types), "reverse": reverse, "limit": page}
        for name, bound in (("from", start), ("to", end)):
            if bound is not None:
                request[name] = keys.encode(bound, types[len(prefix) :])
        while True:
            answer = self.connection.call("scan", **request)
            for row in answer["rows"]:
                yield keys.decode(row["key"], types), self.row(table, answer, row["message"])
            request["continuation"] = answer["continuation"]
            if not answer["continuation"]:
                return

    def fold(self, table, *key, start=None, end=None):
        """One row of the panes of a key that begin from `start` to before `end`, and how many they are."""
        request = {"table": table, "key": self.key(table, key), "from": start, "to": end}
        answer = self.connection.call("fold", **request)
        return self.row(table, answer, (answer["row"] or {}).get("message")), answer["panes"]

    def open_producer(self, category, name):
        """Takes the place of whoever appends to the category under the same name (bytes): from now on that one is refused."""
        return Producer(name, self.connection.call("open producer", category=category, id=name)["epoch"])

    def append(self, category, records, producer=None):
        """Records as dicts of `value` and, if wanted, `key`, `headers` and `bucket`; gives {bucket: end}.

        Whatever happens to the connection, it is sent until there is an answer or the time is over, and lands once."""
        request = {"category": category, "records": records, "producer": (producer or self.producer).next()}
        deadline, delay = time.monotonic() + self.timeout, 0.01
        while True:
            try:
                ends = self.connection.call("append", **request)["ends"]
                return {end["bucket"]: end["offset"] for end in ends}
            except (Failed, OSError) as error:
                if isinstance(error, Failed) and not (error.retriable or error.code in OPEN):
                    raise
                time.sleep(delay * random.uniform(0.5, 1))
                if time.monotonic() > deadline:
                    raise
                delay = min(delay * 2, 0.5)
                if isinstance(error, OSError):
                    self.reconnect()

    def reconnect(self):
        self.connection.close()
        try:
            self.connection = self.connect()
        except OSError:
            pass  # the next call finds out

    def read(self, category, bucket, offset, count=1000, wait=0):
        """The records from an offset on. Where there is none yet, waits for one so many milliseconds."""
        request = {"bucket": bucket, "offset": offset, "max_records": count, "wait_milliseconds": wait}
        return self.connection.call("read", category=category, **request)

    def seek(self, category, **to):
        """An offset for each bucket: `earliest={}`, `latest={}` or `append_time=` microseconds."""
        return self.connection.call("seek", category=category, **to)["offsets"]

    def close(self):
        self.connection.close()

    def key_types(self, table):
        return [column["type"] for column in self.describe(table)["key_columns"]]

    def key(self, table, values):
        return keys.encode(values, self.key_types(table))

    def row(self, table, answer, message):
        known = self.describe(table)
        if (answer["table_id"], answer["schema_revision"]) != (known["id"], known["schema_revision"]):
            del self.tables[table]
        return None if message is None else rows.decode(message, self.describe(table)["columns"])
