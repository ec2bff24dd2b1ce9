"""Holds what the server answers against the reference, and counts what differs."""

import json
import struct

from reference import MINUTE, microseconds

SHOWN = 20


def same(expected, actual):
    """Equal to the last bit, and of the same type; an integer column may not answer a double."""
    if isinstance(expected, float) and isinstance(actual, float):
        return struct.pack(">d", expected) == struct.pack(">d", actual)
    return type(expected) is type(actual) and expected == actual


class Differences:
    def __init__(self):
        self.count = 0
        self.lines = []
        self.compared = {}

    def add(self, line):
        self.count += 1
        if len(self.lines) < SHOWN:
            self.lines.append(line)

    def take(self, other):
        """Those of another comparison."""
        self.lines += other.lines[: SHOWN - len(self.lines)]
        self.count += other.count
        self.compared.update(other.compared)

    def table(self, name, expected, rows):
        """Rows as a scan gives them, against {key: row}."""
        found = {}
        for key, row in rows:
            if key in found:
                self.add(f"{name} {key}: comes twice in a scan")
            found[key] = row
        for key in sorted(expected.keys() | found.keys(), key=repr):
            if key not in found:
                self.add(f"{name} {key}: missing; expected {expected[key]}")
            elif key not in expected:
                self.add(f"{name} {key}: not expected; found {found[key]}")
            else:
                for column in expected[key]:
                    if not same(expected[key][column], found[key].get(column)):
                        self.add(f"{name} {key}: {column} is {found[key].get(column)!r}, not {expected[key][column]!r}")
        self.compared[name] = self.compared.get(name, 0) + len(expected)

    def counts(self, name, expected, found):
        """How often each thing is there, as {thing: times}."""
        for thing in sorted(expected.keys() | found.keys(), key=repr):
            wanted, times = expected.get(thing, 0), found.get(thing, 0)
            if wanted != times:
                self.add(f"{name} {thing!r}: there {times} times, not {wanted}")
        self.compared[name] = self.compared.get(name, 0) + len(expected)


def read_category(client, category):
    """Every record that is kept, bucket by bucket: (bucket, record)."""
    starts, ends = client.seek(category, earliest={}), client.seek(category, latest={})
    for bucket, (offset, end) in enumerate(zip(starts, ends)):
        while offset < end:
            answer = client.read(category, bucket, offset)
            for record in answer["records"]:
                yield bucket, record
            offset = answer["next_offset"]


def outputs(differences, client, expected):
    """Holds the output categories against the reference."""
    counts = {}
    for _, record in read_category(client, "large"):
        row = json.loads(record["value"])
        row = (row["id"], row["amount"], row["price"], microseconds(row["at"]), row["region"])
        counts[row] = counts.get(row, 0) + 1
    differences.counts("large", expected.large, counts)
    finals(differences, emitted(client, "final_ticks", "total"), expected)
    changes(differences, emitted(client, "changed_keys", "amount"), expected.changed_keys)


def emitted(client, category, column):
    """{(key, pane): [(revision, records, sum)]} in the order of the log."""
    panes = {}
    for _, record in read_category(client, category):
        row = json.loads(record["value"])
        headers = {header["name"]: header["value"] for header in record["headers"]}
        pane = (row["key"], microseconds(row["window_start"]))
        panes.setdefault(pane, []).append((int(headers.get("revision", b"0")), row["records"], row[column]))
    return panes


def finals(differences, found, expected):
    """The ticks come in the order of their event time: each pane goes out once, as it is in the end."""
    for pane, rows in found.items():
        if len(rows) > 1:
            differences.add(f"final_ticks {pane}: emitted {len(rows)} times: {rows}")
        if rows[-1][1:] != expected.final_ticks.get(pane):
            differences.add(f"final_ticks {pane}: {rows[-1][1:]}, not {expected.final_ticks.get(pane)}")
    for pane in expected.final_ticks:
        # The last ones wait for a watermark that only later ticks would bring.
        if pane not in found and pane[1] + 2 * MINUTE < expected.newest_tick:
            differences.add(f"final_ticks {pane}: never emitted")
    differences.compared["final_ticks"] = len(expected.final_ticks)


def changes(differences, found, expected):
    """Each revision comes once, they rise, and the last one is how the pane stands."""
    for pane, rows in found.items():
        revisions = [row[0] for row in rows]
        if revisions != sorted(set(revisions)):
            differences.add(f"changed_keys {pane}: revisions {revisions} do not rise")
    last = {pane: rows[-1][1:] for pane, rows in found.items()}
    for pane in sorted(expected.keys() | last.keys()):
        if expected.get(pane) != last.get(pane):
            differences.add(f"changed_keys {pane}: {last.get(pane)} in the end, not {expected.get(pane)}")
    differences.compared["changed_keys"] = len(expected)
