"""The source data, straight from its CSV files."""

import csv
import datetime
import typing


class Flight(typing.NamedTuple):
    scheduled: int  # seconds since 1970
    carrier: str
    flight: int
    tailnum: str
    origin: str
    dest: str
    dep_time: int
    dep_delay: float
    arr_delay: float
    air_time: int
    distance: int


def known(text, kind):
    return None if text == "NA" else kind(text)


def scheduled(row):
    """The data say in UTC at which hour a flight was to leave. That the records' offset, which flights.py gets from the
    rules of New York, leads to the same moment is part of what the comparison shows."""
    hour = datetime.datetime.strptime(row["time_hour"], "%Y-%m-%dT%H:%M:%SZ")
    hour = hour.replace(tzinfo=datetime.timezone.utc)
    return int(hour.timestamp()) + 60 * int(row["minute"])


def read_flights(path):
    with open(path, newline="") as source:
        return [
            Flight(
                scheduled=scheduled(row),
                carrier=row["carrier"],
                flight=int(row["flight"]),
                tailnum=known(row["tailnum"], str),
                origin=row["origin"],
                dest=row["dest"],
                dep_time=known(row["dep_time"], int),
                dep_delay=known(row["dep_delay"], float),
                arr_delay=known(row["arr_delay"], float),
                air_time=known(row["air_time"], int),
                distance=int(row["distance"]),
            )
            for row in csv.DictReader(source)
        ]


def read_loaded(path, types):
    """Rows of a CSV file that is loaded as it is; `types` maps columns that are no texts."""
    with open(path, newline="") as source:
        for row in csv.DictReader(source):
            yield {name: known(text, types.get(name, str)) for name, text in row.items()}
