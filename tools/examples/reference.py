#!/usr/bin/env python3
"""Computes every table of delays.sql straight from the source data, without Maser.

    reference.py DATA_FOLDER OUT_FOLDER

DATA_FOLDER holds flights.csv, airports.csv, airlines.csv and planes.csv. OUT_FOLDER gets TABLE.jsonl for each table:
first a line that names the table and its key columns, then a line for each row. compare.py holds Maser's answers
against them.
"""

import collections
import datetime
import json
import os
import sys

from aggregates import (
    average, count, count_if, deviation_population, deviation_sample, first, last, max_by, maximum, min_by, minimum,
    ratio, total, variance_population, variance_sample,
)
from flight_data import Flight, read_flights, read_loaded

HOUR = 3600
DAY = 24 * HOUR
BUCKETS = 8


def column(name):
    index = Flight._fields.index(name)
    return lambda flight: flight[index]


def moment(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def miles_per_hour(flight):
    return None if flight.air_time is None else flight.distance / flight.air_time * 60


def kilometers(flight):
    return flight.distance * 1.609344


def later_than(minutes):
    return lambda flight: flight.dep_delay is not None and flight.dep_delay > minutes


def any_later_than(minutes):
    """BOOL_OR: NULL where no flight has a delay."""
    return maximum(lambda flight: None if flight.dep_delay is None else flight.dep_delay > minutes)


def verdict(flights):
    worst = maximum(column("dep_delay"))(flights)
    if worst is not None and worst > 60:
        return "late"
    return "cancelled" if worst is None else "fine"


def all_flights(flight):
    return True


class Aggregate:
    """A table with GROUP BY. `width` is its panes' width in seconds, or None."""

    def __init__(self, group_by, columns, width=None, where=all_flights):
        self.group_by = [column(name) for name in group_by]
        self.key = group_by + (["window_start"] if width else [])
        self.columns = columns
        self.width = width
        self.where = where

    def rows(self, flights):
        groups = collections.defaultdict(list)
        for flight in flights:
            if self.where(flight):
                key = [of(flight) for of in self.group_by]
                if self.width:
                    key.append(flight.scheduled - flight.scheduled % self.width)
                groups[tuple(key)].append(flight)
        for key, members in groups.items():
            row = dict(zip(self.key, key))
            if self.width:
                row["window_start"] = moment(row["window_start"])
            for name, aggregate in self.columns.items():
                row[name] = aggregate(members)
            yield row


DELAY = column("dep_delay")

AGGREGATES = {
    "delay_by_route": Aggregate(
        ["origin", "dest"],
        {
            "flights": count(),
            "departed": count(DELAY),
            "late": count_if(later_than(15)),
            "mean_delay": average(DELAY),
            "check_mean": ratio(total(DELAY), count(DELAY)),
            "least_delay": minimum(DELAY),
            "worst_delay": maximum(DELAY),
            "delay_deviation": deviation_sample(DELAY),
            "late_share": ratio(count_if(later_than(15)), count()),
        },
        width=DAY,
    ),
    "delay_by_route_hourly": Aggregate(
        ["origin", "dest"],
        {
            "flights": count(),
            "mean_delay": average(DELAY),
            "arrival_variance": variance_population(column("arr_delay")),
            "miles_per_hour": average(miles_per_hour),
            "kilometers": total(kilometers),
        },
        width=HOUR,
    ),
    "delay_by_carrier": Aggregate(
        ["carrier"],
        {
            "flights": count(),
            "miles": total(column("distance")),
            "minutes_late": total(column("arr_delay")),
            "mean_air_time": average(column("air_time")),
            "air_time_deviation": deviation_population(column("air_time")),
            "speed_variance": variance_sample(miles_per_hour),
            "first_aircraft": first(column("tailnum")),
            "last_destination": last(column("dest")),
            "quickest_to": min_by(column("dest"), column("arr_delay")),
            "slowest_to": max_by(column("dest"), column("arr_delay")),
            "any_very_late": any_later_than(180),
            "none_cancelled": minimum(lambda flight: flight.dep_time is not None),
        },
        width=DAY,
    ),
    "delay_by_carrier_hourly": Aggregate(
        ["carrier"],
        {
            "flights": count(),
            "mean_arrival_delay": average(column("arr_delay")),
            "latest_flight": max_by(column("flight"), DELAY),
            "minutes_in_air": lambda flights: total(column("air_time"))(flights) or 0,
        },
        width=HOUR,
        where=lambda flight: flight.dep_delay is not None and not (flight.origin == "LGA" and flight.distance < 300),
    ),
    "flights_by_tailnum": Aggregate(
        ["tailnum"],
        {
            "flights": count(),
            "minutes_in_air": total(column("air_time")),
            "miles": total(column("distance")),
            "first_origin": first(column("origin")),
            "last_destination": last(column("dest")),
            "first_scheduled": lambda flights: moment(min(flight.scheduled for flight in flights)),
            "last_scheduled": lambda flights: moment(max(flight.scheduled for flight in flights)),
        },
        width=DAY,
    ),
    "flights_by_tailnum_hourly": Aggregate(
        ["tailnum"],
        {
            "flights": count(),
            "first_by_name": minimum(column("dest")),
            "last_delay": last(column("arr_delay")),
            "verdict": verdict,
        },
        width=HOUR,
    ),
    "carriers": Aggregate(
        ["carrier"],
        {
            "flights": count(),
            "mean_delay": average(DELAY),
            "delay_deviation": deviation_sample(DELAY),
            "kilometers": total(kilometers),
            "kilometers_variance": variance_population(kilometers),
            "shortest_hop_by": min_by(column("tailnum"), column("distance")),
            "worst_aircraft": max_by(column("tailnum"), column("arr_delay")),
        },
    ),
}

LOADED = {
    "airports": ("faa", {"lat": float, "lon": float, "alt": int, "tz": int}),
    "airlines": ("carrier", {}),
    "planes": ("tailnum", {"year": int, "engines": int, "seats": int, "speed": int}),
}


def murmur2(data):
    """The hash of Kafka's default partitioner."""
    mask, multiplier = 0xFFFFFFFF, 0x5BD1E995
    value = 0x9747B28C ^ len(data)
    whole = len(data) - len(data) % 4
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * multiplier & mask
        word = (word ^ word >> 24) * multiplier & mask
        value = value * multiplier & mask ^ word
    if data[whole:]:
        value = (value ^ int.from_bytes(data[whole:], "little")) * multiplier & mask
    value = (value ^ value >> 13) * multiplier & mask
    return value ^ value >> 15


def bucket(flight):
    return (murmur2(flight.dest.encode()) & 0x7FFFFFFF) % BUCKETS


def aircraft(flights):
    """The flight with the greatest (event time, bucket, offset) of each tail number, unless it was cancelled.

    One producer sends the flights in the order of the file, so within a bucket that order is the offsets' order.
    """
    latest = {}
    for index, flight in enumerate(flights):
        if flight.tailnum is not None:
            rank = (flight.scheduled, bucket(flight), index)
            latest[flight.tailnum] = max(latest.get(flight.tailnum, (rank, flight)), (rank, flight))
    for tailnum, (_, flight) in latest.items():
        if flight.dep_time is not None:
            yield {
                "tailnum": tailnum,
                "carrier": flight.carrier,
                "flight": flight.flight,
                "last_seen_at": flight.dest,
                "last_scheduled": moment(flight.scheduled),
                "hours_late": None if flight.arr_delay is None else flight.arr_delay / 60,
            }


def tables(folder):
    """Every table: its name, its key columns, its rows."""
    flights = read_flights(os.path.join(folder, "flights.csv"))
    for name, table in AGGREGATES.items():
        yield name, table.key, table.rows(flights)
    yield "aircraft", ["tailnum"], aircraft(flights)
    for name, (key, types) in LOADED.items():
        yield name, [key], read_loaded(os.path.join(folder, f"{name}.csv"), types)


def main(folder, out):
    os.makedirs(out, exist_ok=True)
    for name, key, rows in tables(folder):
        count = 0
        with open(os.path.join(out, f"{name}.jsonl"), "w") as file:
            print(json.dumps({"table": name, "key": key}), file=file)
            for row in rows:
                # A float is written with a point or an exponent and read back to the same bits.
                print(json.dumps(row), file=file)
                count += 1
        print(f"{name}: {count:,} rows")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: reference.py DATA_FOLDER OUT_FOLDER")
    main(sys.argv[1], sys.argv[2])
