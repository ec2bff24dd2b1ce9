"""Lookups and categories, with keys as values and rows as dicts.

What a read asks for beyond its keys is given by name:

- max_staleness: milliseconds; a table that is older fails with the number 35
- wait_for: {category: {bucket: offset}}, as appends give it; the answer waits until all before is applied
- version: one of the table's versions, instead of the one that serves
- columns: names of the columns wanted, beside the key's
- raw: states as they are stored, as {number: payload}, instead of columns
"""

import collections
import os
import random
import time

from . import keys, rows
from .frames import Connection, Failed, tls
from .protobuf import read_fields

# After these a request may have taken effect: frames.md.
OPEN = {48, 50}
# What waiting does not mend within a call: its time is over, or the table is too old for its caller.
FOR_THE_CALLER = {33, 35}

# What was read, the append time up to which everything is in it (microseconds; None where nobody asked or nothing was ever
# loaded), and the table's version.
Answer = collections.namedtuple("Answer", "value freshness version")


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
            self.tables[table] = self.call("describe table", table=table)
        return self.tables[table]

    def get(self, table, *key, **reading):
        return self.get_many({table: [key]}, **reading)[table][0]

    def get_many(self, tables, **reading):
        """Rows of several tables by one request: {table: [key, ...]} gives {table: [row or None, ...]}."""
        return {table: answer.value for table, answer in self.ask(tables, **reading).items()}

    def ask(self, tables, freshness=False, max_staleness=None, wait_for=None, **selection):
        """The same as {table: Answer}. The version and the columns that are named are looked for in every table."""
        request = [
            {"table": table, "keys": [self.key(table, key) for key in asked], **self.selection(table, **selection)}
            for table, asked in tables.items()
        ]
        contract = self.contract(freshness, max_staleness, wait_for)
        answers = self.call("get", tables=request, contract=contract)["tables"]
        return {
            table: Answer(
                [self.row(table, answer, row["message"], **selection) for row in answer["rows"]],
                answer["freshness"],
                answer["version"],
            )
            for table, answer in zip(tables, answers)
        }

    def scan(self, table, *prefix, **reading):
        """Keys and rows in key order, fetched page by page."""
        for page in self.pages(table, *prefix, **reading):
            yield from page.value

    def pages(
        self, table, *prefix, start=None, end=None, reverse=False, page=0, freshness=False, max_staleness=None,
        wait_for=None, **selection,
    ):
        """The pages of a scan, each an Answer; `start` (inclusive) and `end` (exclusive) follow the prefix.

        All are of one version; it fails with the number 23 where that is dropped in the middle."""
        types = self.key_types(table)
        request = {"table": table, "prefix": keys.encode(prefix, types), "reverse": reverse, "limit": page}
        request.update(self.selection(table, **selection))
        request["contract"] = self.contract(freshness, max_staleness, wait_for)
        for name, bound in (("from", start), ("to", end)):
            if bound is not None:
                request[name] = keys.encode(bound, types[len(prefix) :])
        while True:
            answer = self.call("scan", **request)
            found = [
                (keys.decode(row["key"], types), self.row(table, answer, row["message"], **selection))
                for row in answer["rows"]
            ]
            yield Answer(found, answer["freshness"], answer["version"])
            request["continuation"] = answer["continuation"]
            if not answer["continuation"]:
                return

    def fold(self, table, *key, **reading):
        """One row of the panes of a key that begin from `start` to before `end`, and how many they are."""
        return self.ask_fold(table, *key, **reading).value

    def ask_fold(
        self, table, *key, start=None, end=None, version=None, freshness=False, max_staleness=None, wait_for=None
    ):
        request = {"table": table, "key": self.key(table, key), "from": start, "to": end, "version": version}
        answer = self.call("fold", contract=self.contract(freshness, max_staleness, wait_for), **request)
        row = self.row(table, answer, (answer["row"] or {}).get("message"))
        return Answer((row, answer["panes"]), answer["freshness"], answer["version"])

    def open_producer(self, category, name):
        """Takes the place of whoever appends to the category under the same name (bytes): from now on that one is refused."""
        return Producer(name, self.call("open producer", category=category, id=name)["epoch"])

    def append(self, category, records, producer=None):
        """Records as dicts of `value` and, if wanted, `key`, `headers` and `bucket`; gives {bucket: end}.

        Whatever happens to the connection, it is sent until there is an answer or the time is over, and lands once."""
        request = {"category": category, "records": records, "producer": (producer or self.producer).next()}
        ends = self.call("append", after=OPEN, **request)["ends"]
        return {end["bucket"]: end["offset"] for end in ends}

    def call(self, operation, after=(), **request):
        """Sends a request that may be sent twice until it is answered or the time is over, with growing delays, never the same.

        `after`: numbers of errors that are sent again although they do not say that it helps."""
        deadline, delay = time.monotonic() + self.timeout, 0.01
        while True:
            try:
                return self.connection.call(operation, **request)
            except (Failed, OSError) as error:
                if isinstance(error, Failed):
                    helps = error.retriable and error.code not in FOR_THE_CALLER
                    if not (helps or error.code in after):
                        raise
                time.sleep(delay * random.uniform(0.5, 1))
                if time.monotonic() > deadline:
                    raise
                delay = min(delay * 2, 0.5)
                # A server that is stopping has said so on this connection: the next one is made to who comes after it.
                if isinstance(error, OSError) or error.code == 34:
                    self.reconnect()

    def reconnect(self):
        self.connection.close()
        try:
            self.connection = self.connect()
        except (Failed, OSError):
            pass  # the next call finds out

    def read(self, category, bucket, offset, count=1000, wait=0):
        """The records from an offset on. Where there is none yet, waits for one so many milliseconds."""
        request = {"bucket": bucket, "offset": offset, "max_records": count, "wait_milliseconds": wait}
        return self.call("read", category=category, **request)

    def seek(self, category, **to):
        """An offset for each bucket: `earliest={}`, `latest={}` or `append_time=` microseconds."""
        return self.call("seek", category=category, **to)["offsets"]

    def close(self):
        self.connection.close()

    def key_types(self, table):
        return [column["type"] for column in self.describe(table)["key_columns"]]

    def key(self, table, values):
        return keys.encode(values, self.key_types(table))

    def selection(self, table, version=None, columns=None, raw=False):
        """What TableKeys and ScanRequest say of the version and the columns."""
        asked = {"version": version, "raw": raw}
        if columns is not None:
            described = self.describe(table)["states" if raw else "columns"]
            numbers = {column["name"]: column["number"] for column in described}
            asked["columns"] = [numbers[name] for name in columns]
        return asked

    def contract(self, freshness, max_staleness, wait_for):
        if not (freshness or wait_for) and max_staleness is None:
            return None
        positions = [
            {"category": category, "bucket": bucket, "offset": offset}
            for category, ends in (wait_for or {}).items()
            for bucket, offset in ends.items()
        ]
        return {"max_staleness_milliseconds": max_staleness, "wait_for": positions, "freshness": freshness}

    def row(self, table, answer, message, version=None, columns=None, raw=False):
        known = self.describe(table)
        if (answer["table_id"], answer["schema_revision"]) != (known["id"], known["schema_revision"]):
            del self.tables[table]
        if message is None:
            return None
        if raw:
            return {number: payload for number, _, payload in read_fields(message)}
        described = self.describe(table)["columns"]
        wanted = [column for column in described if columns is None or column["name"] in columns]
        return rows.decode(message, wanted)
