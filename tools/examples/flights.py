#!/usr/bin/env python3
"""Turns flights.csv of nycflights13 into JSON lines, as a system that books departures would send them.

    flights.py flights.csv > flights.jsonl

Fields keep their names; NA becomes null. `scheduled` is the scheduled departure in RFC 3339 with New York's offset,
from the year, month, day and `sched_dep_time` (hours and minutes as one number, in New York's time).
"""

import csv
import datetime
import json
import sys
import zoneinfo

NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
TEXTS = {"carrier", "tailnum", "origin", "dest", "time_hour"}


def scheduled(row):
    hours, minutes = divmod(int(row["sched_dep_time"]), 100)
    # Whole hours are added to the day, so that 2400 is midnight at its end.
    day = datetime.datetime(int(row["year"]), int(row["month"]), int(row["day"]))
    moment = day + datetime.timedelta(hours=hours, minutes=minutes)
    return moment.replace(tzinfo=NEW_YORK).isoformat()


def record(row):
    """One flight as a JSON object; `row` maps the columns of flights.csv to their texts."""
    fields = {"scheduled": scheduled(row)}
    for name, text in row.items():
        if text == "NA":
            fields[name] = None
        else:
            fields[name] = text if name in TEXTS else int(text)
    return json.dumps(fields, separators=(",", ":"))


def main(path):
    with open(path, newline="") as source:
        for row in csv.DictReader(source):
            print(record(row))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: flights.py flights.csv > flights.jsonl")
    main(sys.argv[1])
