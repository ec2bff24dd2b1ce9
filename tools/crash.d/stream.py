"""What the producers append: a known stream, of which every record follows from the run's seed, its producer and its number.

The apps and the joined table are here too. What the tables then hold says reference.py, from the records alone.
"""

import base64
import datetime
import json
import random

KEYS, TEAMS, TICK_KEYS = 200, 40, 60
SECOND = 1_000_000
POISON = [b'{"id": "torn', b"", b"[]", b'{"at": "yesterday", "key": "k1"}', b"\xff\xfe not JSON"]

EVENTS = """
CREATE APPLICATION events OPTIONS (checkpoint = '20 ms');
CREATE CATEGORY events BUCKETS 4 BY id FORMAT JSON;
CREATE INPUT TABLE events (
    id STRING, producer STRING, sequence INT64, at TIMESTAMP, key STRING, team STRING, amount INT64, price DOUBLE,
    note STRING
) FROM CATEGORY 'events' TIME at;
CREATE TABLE by_append AS
SELECT producer, sequence, COUNT(*) AS records, SUM(amount) AS amount FROM events GROUP BY producer, sequence;
CREATE TABLE by_key AS
SELECT key, COUNT(*) AS records, SUM(amount) AS amount, SUM(price) AS price, AVG(price) AS mean_price,
    MIN(price) AS cheapest, MAX(amount) AS greatest{columns}
FROM events [1 MINUTE] GROUP BY key;
CREATE TABLE latest PRIMARY KEY (key) AS
SELECT key, id, at, amount, note FROM events DELETE WHERE amount = 0;
{tables}"""

# What a changed app has more: a column over states that are there, and a table that begins where the category does.
MORE_COLUMNS = ",\n    SUM(price) / COUNT(*) AS share"
MORE_TABLES = "CREATE TABLE by_team AS SELECT team, COUNT(*) AS records, SUM(price) AS price FROM events GROUP BY team;\n"

TEAMS_TABLE = "CREATE TABLE teams (team STRING, region STRING, weight INT64) PRIMARY KEY (team);\n"

TICKS = """
CREATE APPLICATION ticks OPTIONS (checkpoint = '50 ms');
CREATE CATEGORY ticks BUCKETS 2 BY key FORMAT JSON RETAIN 4 MIB;
CREATE INPUT TABLE ticks (key STRING, number INT64, at TIMESTAMP, note STRING) FROM CATEGORY 'ticks';
CREATE TABLE last_tick PRIMARY KEY (key) AS SELECT key, number, note FROM ticks;
CREATE TABLE ticks_by_key AS
SELECT key, COUNT(*) AS records, SUM(number) AS total, MIN(number) AS first, MAX(number) AS last
FROM ticks GROUP BY key;
"""

OUTPUTS = """
CREATE APPLICATION outputs OPTIONS (
    checkpoint = '30 ms', state = 'exactly-once', output = 'exactly-once', watermark_confidence = '0.9');
CREATE INPUT TABLE events (
    id STRING, at TIMESTAMP, key STRING, team STRING, amount INT64, price DOUBLE
) FROM CATEGORY 'events' TIME at;
CREATE INPUT TABLE ticks (key STRING, number INT64, at TIMESTAMP) FROM CATEGORY 'ticks' TIME at;
CREATE TABLE by_region AS
SELECT t.region, COUNT(*) AS records, SUM(e.amount) AS amount, SUM(t.weight) AS weight
FROM events AS e LEFT JOIN teams AS t ON e.team = t.team GROUP BY t.region;
CREATE TABLE by_known_team AS
SELECT t.team, COUNT(*) AS records, SUM(e.price) AS price
FROM events AS e JOIN teams AS t ON e.team = t.team GROUP BY t.team;
CREATE CATEGORY large BUCKETS 3 BY id AS
SELECT e.id, e.amount, e.price, e.at, t.region
FROM events AS e LEFT JOIN teams AS t ON e.team = t.team WHERE e.amount > 100000000;
CREATE CATEGORY final_ticks BUCKETS 2 BY key AS
SELECT key, COUNT(*) AS records, SUM(number) AS total FROM ticks [1 MINUTE] GROUP BY key EMIT FINAL;
CREATE CATEGORY changed_keys BUCKETS 2 BY key AS
SELECT key, COUNT(*) AS records, SUM(amount) AS amount FROM events [1 MINUTE] GROUP BY key EMIT CHANGES;
"""


def events(is_changed):
    """The app of the events, as it is or changed."""
    return EVENTS.format(columns=MORE_COLUMNS if is_changed else "", tables=MORE_TABLES if is_changed else "")


def moment(microseconds):
    """As records have it."""
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=microseconds)).isoformat() + "Z"


def teams():
    """The rows of the joined table, the same at every load. Some teams of the stream are not in it."""
    return {f"t{number}": (f"region{number % 5}", number * 3 - 7) for number in range(TEAMS) if number % 7}


def teams_csv():
    rows = [f"{team},{region},{weight}\n" for team, (region, weight) in teams().items()]
    return "team,region,weight\n" + "".join(rows)


class EventStream:
    """Appends of events, out of order in their event time, some late and a few unreadable. No two have the same time."""

    category = "events"

    def __init__(self, seed, name, number, producers, start):
        self.seed, self.name, self.number, self.producers, self.start = seed, name, number, producers, start
        self.count = 0

    def append(self, sequence):
        """The values of an append; to be asked for in order."""
        random_ = random.Random(f"{self.seed}/{self.name}/{sequence}")
        return [self.value(sequence, index, random_) for index in range(random_.choice([1, 5, 20, 60]))]

    def value(self, sequence, index, random_):
        self.count += 1
        if random_.random() < 0.003:
            return random_.choice(POISON)
        late = random_.randrange(90) if random_.random() < 0.05 else 0
        second = self.start // SECOND + sequence // 8 - late
        within = (self.count * self.producers + self.number) % SECOND
        amount = random_.choice([0, 1, 2, 3, random_.randrange(-10**9, 10**9)])
        price = random_.choice([0.1, 1e16, -1e16, 2.5, random_.uniform(-1, 1), random_.uniform(-1e9, 1e9)])
        record = {
            "id": f"{self.name}-{sequence}-{index}",
            "producer": self.name,
            "sequence": sequence,
            "at": moment(second * SECOND + within),
            "key": f"k{int(KEYS * random_.random() ** 3)}",
            "team": f"t{random_.randrange(TEAMS)}",
            "amount": amount,
            "price": None if random_.random() < 0.02 else price,
            "note": random_.randbytes(60).hex(),
        }
        return json.dumps(record, separators=(",", ":")).encode()


class TickStream:
    """Appends of one producer, large and in the order of their event time: what is last decides, and retention has work."""

    category = "ticks"

    def __init__(self, seed, name, start):
        self.seed, self.name, self.start = seed, name, start
        self.count = 0

    def append(self, sequence):
        random_ = random.Random(f"{self.seed}/{self.name}/{sequence}")
        return [self.value(random_) for _ in range(random_.choice([5, 20, 40]))]

    def value(self, random_):
        self.count += 1
        record = {
            "key": f"k{random_.randrange(TICK_KEYS)}",
            "number": self.count,
            "at": moment(self.start + self.count * 50_000),
            "note": base64.b85encode(random_.randbytes(1200)).decode(),
        }
        return json.dumps(record, separators=(",", ":")).encode()
