"""What every table and output has to hold, from the acknowledged records alone.

Plain dicts over the complete input, with exact sums: nothing of Maser's is used, and nothing is incremental. The records
are read from the ledger, where the producers write what was acknowledged, one JSON text a line as it was appended.
"""

import datetime
import json
import math
import os

MINUTE = 60_000_000


def microseconds(text):
    moment = datetime.datetime.fromisoformat(text.removesuffix("Z"))
    return (moment - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)


def read_ledger(folder, category):
    """The acknowledged values of a category; those of one producer in the order of its appends."""
    for name in sorted(os.listdir(folder)):
        if name.startswith(category + "."):
            with open(os.path.join(folder, name), "rb") as file:
                for line in file:
                    yield bytes.fromhex(line[4:].decode()) if line.startswith(b"hex:") else line[:-1]


def parsed(value):
    """A record as a dict, or None where an app cannot read it."""
    try:
        record = json.loads(value)
        if not isinstance(record, dict):
            return None
        if record.get("at") is not None:
            record["time"] = microseconds(record["at"])
        return record
    except ValueError:
        return None


def grouped(records, key):
    groups = {}
    for record in records:
        groups.setdefault(key(record), []).append(record)
    return groups


def present(records, name):
    return [record[name] for record in records if record[name] is not None]


def exact(values):
    return math.fsum(values) if values else None


def pane(record):
    return record["time"] // MINUTE * MINUTE


def by_append(events):
    groups = grouped(events, lambda event: (event["producer"], event["sequence"]))
    return {key: {"records": len(group), "amount": sum(present(group, "amount"))} for key, group in groups.items()}


def by_key_row(group):
    prices, amounts = present(group, "price"), present(group, "amount")
    return {
        "records": len(group),
        "amount": sum(amounts),
        "price": exact(prices),
        "mean_price": exact(prices) / len(prices) if prices else None,
        "cheapest": min(prices, default=None),
        "greatest": max(amounts, default=None),
    }


def by_key(events):
    groups = grouped(events, lambda event: (event["key"], pane(event)))
    return {key: by_key_row(group) for key, group in groups.items()}


def latest(events):
    """By event time, of which no two are equal; a row whose last event deletes it is not there."""
    rows = {}
    for event in events:
        if event["key"] not in rows or rows[event["key"]]["time"] < event["time"]:
            rows[event["key"]] = event
    return {
        (key,): {"id": row["id"], "at": row["time"], "amount": row["amount"], "note": row["note"]}
        for key, row in rows.items()
        if row["amount"] != 0
    }


def last_tick(ticks):
    """By order of the appends, which are of one producer."""
    return {(tick["key"],): {"number": tick["number"], "note": tick["note"]} for tick in ticks}


def ticks_by_key(ticks):
    rows = {}
    for key, group in grouped(ticks, lambda tick: (tick["key"],)).items():
        numbers = [tick["number"] for tick in group]
        rows[key] = {"records": len(group), "total": sum(numbers), "first": min(numbers), "last": max(numbers)}
    return rows


def by_team(events):
    groups = grouped(events, lambda event: (event["team"],))
    return {key: {"records": len(group), "price": exact(present(group, "price"))} for key, group in groups.items()}


# Joins, over {team: (region, weight)}


def by_region(events, teams):
    rows = {}
    for key, group in grouped(events, lambda event: teams.get(event["team"], (None, None))[:1]).items():
        weights = [teams[event["team"]][1] for event in group if event["team"] in teams]
        amounts = present(group, "amount")
        rows[key] = {"records": len(group), "amount": sum(amounts), "weight": sum(weights) if weights else None}
    return rows


def by_known_team(events, teams):
    return {key: row for key, row in by_team(events).items() if key[0] in teams}


# Outputs


def large(events, teams):
    """Each record that is to be there, once."""
    return {
        (event["id"], event["amount"], event["price"], event["time"], teams.get(event["team"], (None,))[0]): 1
        for event in events
        if event["amount"] > 100_000_000
    }


def panes(records, column):
    """{(key, pane): (records, sum of the column)}"""
    groups = grouped(records, lambda record: (record["key"], pane(record)))
    return {key: (len(group), sum(record[column] for record in group)) for key, group in groups.items()}


class Expected:
    def __init__(self, ledger, teams):
        events, self.poison = [], {}
        for value in read_ledger(ledger, "events"):
            event = parsed(value)
            if event is None:
                self.poison[value] = self.poison.get(value, 0) + 1
            else:
                events.append(event)
        ticks = [parsed(value) for value in read_ledger(ledger, "ticks")]
        self.tables = {
            "by_append": by_append(events),
            "by_key": by_key(events),
            "latest": latest(events),
            "by_team": by_team(events),
            "last_tick": last_tick(ticks),
            "ticks_by_key": ticks_by_key(ticks),
            "by_region": by_region(events, teams),
            "by_known_team": by_known_team(events, teams),
            "teams": {(team,): {"region": region, "weight": weight} for team, (region, weight) in teams.items()},
        }
        self.large = large(events, teams)
        self.changed_keys = panes(events, "amount")
        self.final_ticks = panes(ticks, "number")
        self.newest_tick = max((tick["time"] for tick in ticks), default=0)
