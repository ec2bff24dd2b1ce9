#!/usr/bin/env python3
"""Holds every row of every table against the reference, bit for bit.

    compare.py EXPECTED_FOLDER ACTUAL_FOLDER

EXPECTED_FOLDER is what reference.py wrote; ACTUAL_FOLDER holds the output of `maser scan TABLE --json` as TABLE.jsonl
for the same tables. Prints a line for each table, and the first differences; exits 1 when there is one.
"""

import json
import os
import struct
import sys

SHOWN = 10


class Number(str):
    """A number of the answer as it was written, so that reading it loses nothing."""


def read_expected(path):
    with open(path) as file:
        header = json.loads(next(file))
        return header["key"], [json.loads(line) for line in file]


def read_actual(path):
    with open(path) as file:
        return [json.loads(line, parse_int=Number, parse_float=Number) for line in file]


def bits(value):
    return struct.pack(">d", value)


def agrees(expected, actual):
    """Whether the answer is the expected value, of the same type and to the last bit."""
    if isinstance(expected, float):
        return isinstance(actual, Number) and bits(expected) == bits(float(actual))
    if isinstance(expected, int) and not isinstance(expected, bool):
        return isinstance(actual, Number) and str(expected) == actual
    return type(expected) is type(actual) and expected == actual


def shown(value):
    return json.dumps(float(value) if isinstance(value, Number) else value)


def row_differences(expected, actual):
    for name in expected:
        if name not in actual:
            yield f"has no {name}"
        elif not agrees(expected[name], actual[name]):
            yield f"{name} is {shown(actual[name])}, should be {shown(expected[name])}"
    for name in actual:
        if name not in expected:
            yield f"has {name}, which the reference does not know"


def differences(key, expected_rows, actual_rows):
    """Each difference as text for a person: wrong values, missing rows, rows too many."""

    def key_of(row):
        # Numbers of the answer are texts; so a key of the reference is one as well.
        return tuple(None if row.get(name) is None else str(row[name]) for name in key)

    missing = {key_of(row): row for row in expected_rows}
    assert len(missing) == len(expected_rows), "the reference has a key twice"
    seen = set()
    for row in actual_rows:
        place = key_of(row)
        label = ", ".join("NULL" if part is None else part for part in place)
        expected = missing.pop(place, None)
        if place in seen:
            yield f"{label}: comes twice"
        elif expected is None:
            yield f"{label}: should not be there"
        else:
            for difference in row_differences(expected, row):
                yield f"{label}: {difference}"
        seen.add(place)
    for place in missing:
        yield ", ".join("NULL" if part is None else part for part in place) + ": is missing"


def counted(differences):
    return "1 difference" if differences == 1 else f"{differences:,} differences"


def compare_folders(expected_folder, actual_folder, out=sys.stdout):
    """True when everything agrees."""
    names = sorted(name for name in os.listdir(expected_folder) if name.endswith(".jsonl"))
    rows, wrong = 0, 0
    for name in names:
        table = name.removesuffix(".jsonl")
        key, expected = read_expected(os.path.join(expected_folder, name))
        path = os.path.join(actual_folder, name)
        actual = read_actual(path) if os.path.exists(path) else []
        found = list(differences(key, expected, actual))
        verdict = counted(len(found)) if found else "agrees"
        print(f"  {table:28}{len(expected):>10,} rows   {verdict}", file=out)
        for difference in found[:SHOWN]:
            print(f"      {difference}", file=out)
        rows += len(expected)
        wrong += len(found)
    if not rows:
        print("  there is nothing to compare", file=out)
        return False
    print(f"  {len(names)} tables, {rows:,} rows: " + (counted(wrong) if wrong else "all agree"), file=out)
    return wrong == 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: compare.py EXPECTED_FOLDER ACTUAL_FOLDER")
    sys.exit(0 if compare_folders(sys.argv[1], sys.argv[2]) else 1)
