"""Asks a running server everything, and compares every answer with what was put in.

OtherLanguageTests.swift starts a server, deploys others.sql, loads the other files, and runs the checks:

    python3 -m maser_client.against_server files FOLDER
    python3 -m maser_client.against_server      # the server is MASER_ENDPOINT, MASER_CA, MASER_CERT and MASER_KEY
"""

import base64
import datetime
import itertools
import json
import math
import os
import struct
import sys
import time
import unittest

from . import Client, Failed, frames

SQL = """
CREATE APPLICATION others OPTIONS (checkpoint = '20 ms');
CREATE CATEGORY sales BUCKETS 3 BY shop FORMAT JSON;
CREATE CATEGORY notes BUCKETS 1;
CREATE CATEGORY visits BUCKETS 2 BY shop FORMAT JSON;
CREATE INPUT TABLE sales (at TIMESTAMP, shop STRING, amount INT64, price DOUBLE) FROM CATEGORY 'sales' TIME at;
CREATE INPUT TABLE visits (at TIMESTAMP, shop STRING, amount INT64) FROM CATEGORY 'visits' TIME at;
CREATE TABLE things (
    kind STRING, number INT64, label STRING, whole INT64, ratio DOUBLE, photo BYTES, made TIMESTAMP, sold BOOL
) PRIMARY KEY (kind, number) SHARD BY (kind);
CREATE TABLE keyed (flag BOOL, count INT64, ratio DOUBLE, name STRING, code BYTES, at TIMESTAMP, bound DOUBLE)
    PRIMARY KEY (flag, count, ratio, name, code, at);
CREATE TABLE by_shop AS
    SELECT shop, COUNT(*) AS sales, SUM(amount) AS amount, AVG(price) AS mean_price, MIN(price) AS cheapest
    FROM sales [1 DAY] GROUP BY shop;
CREATE TABLE by_visit AS SELECT shop, COUNT(*) AS sales, SUM(amount) AS amount FROM visits [1 DAY] GROUP BY shop;
"""

THINGS = {"kind": "STRING", "number": "INT64", "label": "STRING", "whole": "INT64", "ratio": "DOUBLE"}
THINGS.update(photo="BYTES", made="TIMESTAMP", sold="BOOL")
KEYED = {"flag": "BOOL", "count": "INT64", "ratio": "DOUBLE", "name": "STRING", "code": "BYTES", "at": "TIMESTAMP"}
KEYED.update(bound="DOUBLE")

KINDS = ["", "a", "a\x00", "a\x00b", "aa", "Zürich 東京 🛫", "\x7f"]
NUMBERS = [-(1 << 63), -256, -255, -1, 0, 1, 255, 256, 1 << 40, (1 << 63) - 1]
LABELS = [None, "", "zero\x00byte", "naïve 東京 🛫", "x" * 300]
WHOLES = [None, -(1 << 63), -1, 0, 1, (1 << 63) - 1]
RATIOS = [None, 0.0, -0.0, 0.1, -1.5, 5e-324, 1.7976931348623157e308]
PHOTOS = [None, b"", b"\x00\xff\x00", bytes(range(256))]
MOMENTS = [None, -1, 0, 1, 1_372_896_000_123_456, -62_135_596_800_000_000]
FLAGS = [None, False, True]
BOUNDS = [None, 0.5, math.inf, -math.inf, math.nan]  # the CSV file has them: JSON cannot say infinity

DAY = 86_400_000_000
NOON = 1_372_852_800_000_000


def things():
    """Rows with every type, its extremes and NULL among them, by key."""
    choices = dict(zip(list(THINGS)[2:], (LABELS, WHOLES, RATIOS, PHOTOS, MOMENTS, FLAGS)))
    return {
        key: {name: among[index % len(among)] for name, among in choices.items()}
        for index, key in enumerate(itertools.product(KINDS, NUMBERS))
    }


def keyed():
    """Rows with every type in their keys."""
    ratios = [-math.inf, -1.5, 0.0, 5e-324, 2.5, math.inf]
    columns = ([False, True], [-256, -1, 0, 7], ratios, ["", "é\x00"], [b"", b"\x00\xff"], [-1, NOON])
    return {key: {"bound": BOUNDS[index % 5]} for index, key in enumerate(itertools.product(*columns))}


def as_text(value, kind):
    """A value as files and records have it."""
    if kind == "BYTES" and value is not None:
        return base64.b64encode(value).decode()
    if kind == "TIMESTAMP" and value is not None:
        return (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=value)).isoformat() + "Z"
    return value


def as_csv(value):
    """A field of a file: NULL is empty, and the empty string is quoted."""
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return "" if value is None else json.dumps(value)


def write_files(folder):
    def write(name, lines):
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as file:
            file.writelines(line + "\n" for line in lines)

    def texts(rows, types):
        return [list(map(as_text, [*key, *row.values()], types.values())) for key, row in rows.items()]

    write("others.sql", [SQL])
    write("things.jsonl", [json.dumps(dict(zip(THINGS, row))) for row in texts(things(), THINGS)])
    write("keyed.csv", [",".join(KEYED)] + [",".join(map(as_csv, row)) for row in texts(keyed(), KEYED)])


def same(value):
    """A value that is equal where every bit is."""
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else struct.pack(">d", value)
    if isinstance(value, dict):
        return {name: same(value[name]) for name in value}
    if isinstance(value, (list, tuple)):
        return [same(element) for element in value]
    return value


def in_order(rows):
    """Rows by key as a scan gives them: columns one after the other, strings by their bytes."""
    return sorted(rows.items(), key=lambda row: comparable(row[0]))


def comparable(key):
    return [element.encode() if isinstance(element, str) else element for element in key]


def connect():
    host, port = os.environ["MASER_ENDPOINT"].rsplit(":", 1)
    return (host, int(port), *(os.environ[name] for name in ("MASER_CA", "MASER_CERT", "MASER_KEY")), 10)


class AgainstServer(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.client = Client(*connect())
        self.addCleanup(self.client.close)

    def expect(self, actual, expected):
        self.assertEqual(same(actual), same(expected))

    def expect_failure(self, code, body):
        with self.assertRaises(Failed) as caught:
            body()
        self.assertEqual((caught.exception.code, caught.exception.retriable), (code, False), str(caught.exception))
        self.assertTrue(str(caught.exception))


class Tables(AgainstServer):
    def test_a_descriptor_says_what_a_table_is(self):
        described = self.client.describe("things")
        columns = [(column["name"], column["type"]) for column in described["key_columns"] + described["columns"]]
        self.assertEqual(columns, list(THINGS.items()))
        self.assertEqual([column["number"] for column in described["key_columns"]], [0, 0])
        stored = [(state["number"], state["name"], state["monoid"], state["types"]) for state in described["states"]]
        self.assertEqual(stored, [(c["number"], c["name"], "", [c["type"]]) for c in described["columns"]])
        self.assertEqual([described["source"], described["shard_columns"]], ["loads", 1])
        panes = self.client.describe("by_shop")
        keys = [(column["name"], column["type"]) for column in panes["key_columns"]]
        self.assertEqual(keys, [("shop", "STRING"), ("window_start", "TIMESTAMP")])
        self.assertEqual([panes["source"], panes["input"], panes["app"]], ["aggregate", "sales", "others"])
        self.assertEqual([described["pane_microseconds"], panes["pane_microseconds"]], [0, DAY])
        self.assertIn("count", [state["monoid"] for state in panes["states"]])

    def test_rows_are_got_one_by_one(self):
        for key, row in things().items():
            self.expect(self.client.get("things", *key), row)
        self.assertIsNone(self.client.get("things", "a", 17))

    def test_rows_of_several_tables_come_in_one_answer(self):
        known, others, absent = things(), keyed(), ("no such kind", 1)
        asked = [absent, *known, absent, next(iter(known))]
        answer = self.client.get_many({"things": asked, "keyed": list(others), "by_shop": []})
        self.expect(answer["things"], [known.get(key) for key in asked])
        self.expect(answer["keyed"], list(others.values()))
        self.assertEqual(answer["by_shop"], [])

    def test_answers_find_their_requests(self):
        known, connection = things(), self.client.connection
        keys = [self.client.key("things", key) for key in known]
        sent = [connection.send("get", {"tables": [{"table": "things", "keys": [key]}]}) for key in keys]
        for request, row in reversed(list(zip(sent, known.values()))):
            answer = connection.receive(request)["tables"][0]
            self.expect(self.client.row("things", answer, answer["rows"][0]["message"]), row)


class Scans(AgainstServer):
    def expect_scan(self, expected, *prefix, pages=(2,), **bounds):
        for page in pages:
            self.expect(list(self.client.scan(*prefix, page=page, **bounds)), expected)
            self.expect(list(self.client.scan(*prefix, page=page, reverse=True, **bounds)), expected[::-1])

    def test_pages_of_any_size_are_one_scan_in_key_order_both_ways(self):
        for table, rows in (("things", things()), ("keyed", keyed())):
            self.expect_scan(in_order(rows), table, pages=(0, 1, 7, len(rows) - 1, len(rows), len(rows) + 1))

    def test_a_scan_keeps_to_its_prefix_and_range(self):
        rows = things()
        for kind in KINDS:
            expected = in_order({key: row for key, row in rows.items() if key[0] == kind})
            self.expect_scan(expected, "things", kind)
            for start, end in ((-256, 256), (2, 3), (5, 5), (5, -5)):
                among = [(key, row) for key, row in expected if start <= key[1] < end]
                self.expect_scan(among, "things", kind, start=[start], end=[end])
        self.expect_scan([], "things", "b")
        self.expect_scan([(("a", 255), rows["a", 255])], "things", "a", 255)

    def test_a_bound_may_be_of_leading_columns(self):
        rows = in_order(things())
        for bound in (["aa"], ["aa", 0], ["aaa"], ["aa", 7]):
            before = [(key, row) for key, row in rows if comparable(key) < comparable(bound)]
            self.expect_scan(before, "things", end=bound)
            self.expect_scan(rows[len(before) :], "things", start=bound)


class Categories(AgainstServer):
    """In one test, as what is appended stays."""

    def test_what_is_appended_is_read_again_and_is_aggregated(self):
        before = int(time.time() * 1e6) - 1_000_000
        self.assertEqual(self.client.seek("sales", earliest={}), [0, 0, 0])
        values = [self.sale(0, "é", -3, 0.5), self.sale(0, "é", 1), self.sale(2, "é", 5, 0.25), self.sale(1, "x", -9)]
        headers = [{"name": "origin", "value": b"\x00\xff"}]
        ends = self.client.append("sales", [{"value": values[0], "headers": headers, "key": b""}])
        ends.update(self.client.append("sales", [{"value": value} for value in values[1:3]]))
        ends.update(self.client.append("sales", [{"value": values[3], "bucket": 2}]))
        described = self.client.connection.call("describe category", category="sales")
        self.assertEqual([described["buckets"], described["bucket_column"], described["format"]], [3, "shop", "JSON"])
        all_ends = [ends.get(bucket, 0) for bucket in range(3)]
        self.assertEqual(described["end_offsets"], all_ends)
        self.assertEqual(self.client.seek("sales", latest={}), all_ends)
        self.assertEqual(self.client.seek("sales", append_time=before), [0, 0, 0])
        self.assertEqual(self.client.seek("sales", append_time=before + (1 << 40)), all_ends)

        read = [record for bucket, end in enumerate(all_ends) for record in self.records(bucket, end)]
        # A record without a key gets the column that chose its bucket; with a bucket of its own it has none.
        keys = dict(zip(values, [b"", "é".encode(), "é".encode(), None]))
        self.assertEqual({record["value"]: record["key"] for record in read}, keys)
        self.assertEqual([record["value"] for record in read if record["headers"] == headers], values[:1])
        self.assertTrue(all(before < record["append_time"] < before + 60_000_000 for record in read))

        self.wait_until_applied()
        self.check_results()

    def sale(self, days, shop, amount, price=None):
        at = as_text(NOON + days * DAY, "TIMESTAMP")
        return json.dumps({"at": at, "shop": shop, "amount": amount, "price": price}).encode()

    def records(self, bucket, end):
        """One after the other, to the end and no further."""
        read = []
        while len(read) < end:
            answer = self.client.read("sales", bucket, len(read), count=1)
            self.assertEqual([record["offset"] for record in answer["records"]], [len(read)])
            self.assertEqual([answer["next_offset"], answer["end_offset"]], [len(read) + 1, end])
            read += answer["records"]
        self.assertEqual(self.client.read("sales", bucket, end, wait=20)["records"], [])
        return read

    def wait_until_applied(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            (app,) = self.client.connection.call("status")["apps"]
            if all(bucket["position"] == bucket["end"] for bucket in app["buckets"]):
                return
            time.sleep(0.01)
        self.fail("the records were not applied in time")

    def check_results(self):
        start = NOON - NOON % DAY
        first = {"sales": 2, "amount": -2, "mean_price": 0.5, "cheapest": 0.5}
        third = {"sales": 1, "amount": 5, "mean_price": 0.25, "cheapest": 0.25}
        other = {"sales": 1, "amount": -9, "mean_price": None, "cheapest": None}
        rows = [(("x", start + DAY), other), (("é", start), first), (("é", start + 2 * DAY), third)]
        self.expect(self.client.get("by_shop", "é", start), first)
        self.expect(list(self.client.scan("by_shop")), rows)
        self.expect(list(self.client.scan("by_shop", "é", start=[start + 1])), rows[2:])
        both = {"sales": 3, "amount": 3, "mean_price": 0.375, "cheapest": 0.25}
        self.expect(self.client.fold("by_shop", "é"), (both, 2))
        self.expect(self.client.fold("by_shop", "é", start=start, end=start + 2 * DAY), (first, 1))
        self.expect(self.client.fold("by_shop", "é", start=start + 1), (third, 1))
        self.expect(self.client.fold("by_shop", "nowhere"), (None, 0))


class Contracts(AgainstServer):
    """In keys of their own, so that other tests do not see them."""

    def sale(self, shop, amount, days=0):
        at = as_text(NOON + days * DAY, "TIMESTAMP")
        return {"value": json.dumps({"at": at, "shop": shop, "amount": amount}).encode()}

    def test_who_waits_for_an_append_sees_it(self):
        for amount in range(1, 11):
            ends = self.client.append("visits", [self.sale("own", amount)])
            row = self.client.get("by_visit", "own", NOON - NOON % DAY, wait_for={"visits": ends})
            self.expect(row, {"sales": amount, "amount": amount * (amount + 1) // 2})
            found, panes = self.client.fold("by_visit", "own", wait_for={"visits": ends})
            self.expect((found, panes), (row, 1))
            self.expect([row for _, row in self.client.scan("by_visit", "own", wait_for={"visits": ends})], [row])

    def test_what_nobody_appended_is_waited_for_until_the_time_is_over(self):
        client = Client(*connect()[:-1], timeout=1)
        self.addCleanup(client.close)
        asked = [{"table": "by_visit", "keys": [client.key("by_visit", ("own", NOON))]}]
        never = {"wait_for": [{"category": "visits", "bucket": 0, "offset": 1 << 40}]}
        with self.assertRaises(Failed) as caught:
            client.connection.call("get", tables=asked, contract=never)
        self.assertEqual((caught.exception.code, caught.exception.retriable), (33, True))
        # Of a category that does not feed the table, or is not there, nothing can be waited for.
        self.expect_failure(17, lambda: self.client.get("things", "a", 0, wait_for={"visits": {0: 1}}))
        self.expect_failure(17, lambda: self.client.get("by_visit", "own", NOON, wait_for={"visits": {7: 1}}))

    def test_an_answer_says_how_fresh_it_is_and_of_which_version(self):
        before = int(time.time() * 1e6)
        ends = self.client.append("visits", [self.sale("fresh", 1)])
        asked = {"by_visit": [("fresh", NOON - NOON % DAY)], "things": [("a", 0)]}
        answers = self.client.ask({"by_visit": asked["by_visit"]}, freshness=True, wait_for={"visits": ends})
        self.assertTrue(before < answers["by_visit"].freshness < before + 60_000_000, answers)
        self.assertEqual(answers["by_visit"].version, self.client.describe("by_visit")["serving_version"])
        # A loaded table is as fresh as its version.
        answers = self.client.ask(asked, freshness=True)
        self.assertTrue(before - 3_600_000_000 < answers["things"].freshness < before, answers["things"].freshness)
        self.assertIsNone(self.client.ask(asked)["things"].freshness)
        folded = self.client.ask_fold("by_visit", "fresh", freshness=True)
        self.assertTrue(folded.freshness >= before)
        for page in self.client.pages("by_visit", "fresh", freshness=True):
            self.assertTrue(page.freshness >= before)
            self.assertEqual(page.version, folded.version)

    def test_what_is_older_than_a_reader_allows_is_refused(self):
        ends = self.client.append("visits", [self.sale("stale", 1)])
        key = ("stale", NOON - NOON % DAY)
        row = self.client.get("by_visit", *key, wait_for={"visits": ends}, max_staleness=60_000)
        self.expect(row, {"sales": 1, "amount": 1})
        time.sleep(0.002)
        with self.assertRaises(Failed) as caught:
            self.client.get("things", "a", 0, max_staleness=1)
        self.assertEqual((caught.exception.code, caught.exception.retriable), (35, True))
        self.assertIn("things", str(caught.exception))

    def test_a_reader_may_name_the_version(self):
        serving = self.client.describe("things")["serving_version"]
        row = things()["a", 0]
        self.expect(self.client.get("things", "a", 0, version=serving), row)
        scanned = list(self.client.scan("things", "a", version=serving, page=3))
        self.expect(scanned, in_order({key: row for key, row in things().items() if key[0] == "a"}))
        self.expect_failure(23, lambda: self.client.get("things", "a", 0, version=serving + 1))
        self.expect_failure(23, lambda: list(self.client.scan("things", version=serving + 1)))
        self.expect_failure(23, lambda: self.client.fold("by_visit", "own", version=99))

    def test_only_the_columns_that_are_named_come(self):
        wanted = ["sold", "label"]
        for key, row in list(things().items())[:20]:
            expected = {name: row[name] for name in row if name in wanted}
            self.expect(self.client.get("things", *key, columns=wanted), expected)
        for key, row in self.client.scan("things", "a", columns=["whole"]):
            self.expect(row, {"whole": things()[key]["whole"]})
        asked = [{"table": "things", "keys": [], "columns": [77]}]
        self.expect_failure(17, lambda: self.client.connection.call("get", tables=asked))

    def test_states_come_as_they_are_stored(self):
        ends = self.client.append("visits", [self.sale("raw", 5), self.sale("raw", 7)])
        key = ("raw", NOON - NOON % DAY)
        states = self.client.describe("by_visit")["states"]
        (count,) = [state["number"] for state in states if state["monoid"] == "count"]
        raw = self.client.get("by_visit", *key, wait_for={"visits": ends}, raw=True)
        self.assertEqual(raw[count], 2)
        self.assertEqual(set(raw), {state["number"] for state in states})
        (scanned,) = self.client.scan("by_visit", "raw", raw=True)
        self.assertEqual(scanned, (key, raw))

    def test_a_ping_is_answered(self):
        self.assertEqual(self.client.connection.call("ping"), {})

    def test_a_read_outlives_its_connection(self):
        self.client.connection.close()
        self.expect(self.client.get("things", "a", 0), things()["a", 0])


class Producers(AgainstServer):
    """In a category of their own; each test looks at what it appended."""

    def values(self, start):
        return [record["value"] for record in self.client.read("notes", 0, start)["records"]]

    def end(self):
        return self.client.seek("notes", latest={})[0]

    def test_an_append_that_is_sent_again_lands_once(self):
        start, connection = self.end(), self.client.connection
        request = {"category": "notes", "records": [{"value": b"a"}, {"value": b"b"}]}
        request["producer"] = {"id": b"once", "sequence": 7}
        sent = [connection.send("append", request) for _ in range(3)]
        ends = [connection.receive(request_id)["ends"] for request_id in sent]
        self.assertEqual(ends, [[{"bucket": 0, "offset": start + 2}]] * 3)
        # In any order, and never before what is remembered.
        for sequence in (3, 1029, 6, 6, 7):
            request["producer"]["sequence"] = sequence
            request["records"] = [{"value": str(sequence).encode()}]
            connection.call("append", **request)
        request["producer"]["sequence"] = 5
        self.expect_failure(21, lambda: connection.call("append", **request))
        self.assertEqual(self.values(start), [b"a", b"b", b"3", b"1029", b"6"])

    def test_an_append_outlives_its_connection(self):
        start = self.end()
        self.client.append("notes", [{"value": b"before"}])
        self.client.connection.close()
        self.client.append("notes", [{"value": b"after"}])
        self.assertEqual(self.values(start), [b"before", b"after"])

    def test_whoever_opens_a_producer_fences_the_one_before(self):
        start = self.end()
        first = self.client.open_producer("notes", b"importer")
        self.client.append("notes", [{"value": b"first"}], first)
        second = self.client.open_producer("notes", b"importer")
        self.assertEqual(second.epoch, first.epoch + 1)
        self.expect_failure(20, lambda: self.client.append("notes", [{"value": b"late"}], first))
        self.client.append("notes", [{"value": b"second"}], second)
        self.assertEqual(self.values(start), [b"first", b"second"])


class Failures(AgainstServer):
    def expect_failures(self, code, requests):
        for operation, request in requests:
            with self.subTest(operation=operation, request=request):
                self.expect_failure(code, lambda: self.client.connection.call(operation, **request))

    def test_what_is_not_there_is_not_found(self):
        requests = [
            ("describe table", {"table": "nothing"}),
            ("get", {"tables": [{"table": "things"}, {"table": "nothing", "keys": [b"\x00"]}]}),
            ("scan", {"table": "nothing"}),
            ("fold", {"table": "nothing"}),
            ("append", {"category": "nothing", "records": [{"value": b"{}"}]}),
            ("open producer", {"category": "nothing", "id": b"x"}),
            ("read", {"category": "nothing", "max_records": 1}),
            ("seek", {"category": "nothing", "latest": {}}),
            ("describe category", {"category": "nothing"}),
        ]
        self.expect_failures(16, requests)

    def test_what_does_not_fit_is_an_invalid_argument(self):
        requests = [
            ("get", {"tables": [{"table": "things", "keys": [b"\xff"]}]}),
            ("get", {"tables": [{"table": "things", "keys": [b"\x02a\x00"]}]}),
            ("scan", {"table": "things", "prefix": b"\x15\x01"}),
            ("scan", {"table": "things", "continuation": b"nonsense"}),
            ("fold", {"table": "things", "key": b"\x02a\x00"}),
            ("append", {"category": "sales", "records": [{"value": b"{}", "bucket": 3}]}),
            ("append", {"category": "sales", "records": [{"value": b"{}"}], "producer": {"id": b"x"}}),
            ("append", {"category": "sales", "records": [{"value": b"{}"}], "producer": {"sequence": 1}}),
            ("open producer", {"category": "sales", "id": b"x" * 65}),
            ("read", {"category": "sales", "bucket": 3, "max_records": 1}),
        ]
        self.expect_failures(17, requests)

    def test_what_is_not_understood_is_answered_and_the_connection_goes_on(self):
        connection = self.client.connection
        for operation, message, code in ((15, b"", 3), (2, b"\x0a\x7f", 4)):
            request = connection.send("list tables", {})
            connection.receive(request)
            connection.waiting[request] = "Empty"
            connection.write(operation, request, message)
            self.expect_failure(code, lambda: connection.receive(request))
        self.assertIsNone(self.client.get("things", "a", 17))

    def test_another_protocol_is_refused_and_the_connection_closed(self):
        with frames.tls(*connect()) as stream:
            header = frames.HEADER.pack(frames.HEADER.size - 4 + 2, 1, 0, 0, 0, 0)
            stream.sendall(header + b"\x08\x02")
            header = frames.HEADER.unpack(stream.recv(frames.HEADER.size))
            self.assertEqual(header[1:5], (1, frames.RESPONSE, 2, 0))
            while stream.recv(4096):
                pass


if __name__ == "__main__":
    if sys.argv[1:2] == ["files"]:
        write_files(sys.argv[2])
    else:
        unittest.main()
