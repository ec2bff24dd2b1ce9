"""Holds what the server answers against the reference, and counts what differs."""

import struct

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
