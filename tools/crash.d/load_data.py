"""What the loads under kills are made of: an app with a history in files, and a table that loads alone fill.

History and category are one stream: files hold what was before a cut, the category goes on from it, and what a table then has to
hold follows from all of it, wherever the cut is.
"""

import json
import os
import random
import time

import reference
from stream import moment

KEYS, HISTORY, ROWS = 40, 8_000, 20_000
SECOND = 1_000_000

APP = """
CREATE APPLICATION sales OPTIONS (checkpoint = '20 ms');
CREATE CATEGORY sales BUCKETS 3 BY id FORMAT JSON;
CREATE INPUT TABLE sales (id STRING, at TIMESTAMP, key STRING, amount INT64, price DOUBLE, note STRING)
    FROM CATEGORY 'sales' TIME at;
CREATE TABLE by_key AS
SELECT key, COUNT(*) AS records, SUM(amount) AS amount, SUM(price) AS price, MIN(price) AS cheapest
FROM sales [1 MINUTE] GROUP BY key;
CREATE TABLE latest PRIMARY KEY (key) AS SELECT key, id, at, amount, note FROM sales DELETE WHERE amount = 0;
CREATE TABLE generations (id INT64, generation INT64, note STRING) PRIMARY KEY (id);
"""


def record(random_, id, at):
    return {
        "id": id, "at": moment(at), "key": f"k{int(KEYS * random_.random() ** 2)}",
        "amount": random_.choice([0, 1, 2, random_.randrange(-10**9, 10**9)]),
        "price": random_.choice([None, 0.1, 1e16, -1e16, random_.uniform(-1, 1)]), "note": random_.randbytes(20).hex(),
    }


class SaleStream:
    """Appends as time goes by: each record's event time is that of its making, and no two are equal."""

    category, name = "sales", "sales"

    def __init__(self, seed):
        self.seed, self.last = seed, 0

    def append(self, sequence):
        random_ = random.Random(f"{self.seed}/{sequence}")
        return [self.value(f"{sequence}-{index}", random_) for index in range(random_.choice([1, 5, 20]))]

    def value(self, id, random_):
        self.last = max(self.last + 1, int(time.time() * SECOND))
        return json.dumps(record(random_, id, self.last), separators=(",", ":")).encode()


class History:
    """Files of what was before, and of what the category has by now."""

    def __init__(self, folder, seed):
        self.folder = os.path.join(folder, "history")
        os.mkdir(self.folder)
        random_ = random.Random(f"{seed}/history")
        start = int(time.time()) * SECOND - 3600 * SECOND
        self.records = [record(random_, f"h{index}", start + index * 200_003) for index in range(HISTORY)]
        self.write("history.jsonl", [json.dumps(each).encode() for each in self.records])
        self.count = 0

    def write(self, name, lines):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(b"".join(line + b"\n" for line in lines))
        return path

    def export(self, client, ends):
        """A folder for a load: the history, and the category's records before `ends`, by bucket."""
        values = []
        for bucket, (offset, end) in enumerate(zip(client.seek("sales", earliest={}), ends)):
            while offset < end:
                answer = client.read("sales", bucket, offset)
                values += [each["value"] for each in answer["records"] if each["offset"] < end]
                offset = answer["next_offset"]
        self.count += 1
        return [os.path.join(self.folder, "history.jsonl"), self.write(f"exported-{self.count}.jsonl", values)]


def generation_file(folder, generation):
    path = os.path.join(folder, f"generation-{generation}.csv")
    with open(path, "w") as file:
        file.write("id,generation,note\n")
        file.write("".join(f"{id},{generation},row {id} of {generation}\n" for id in range(ROWS)))
    return path


def expected(history, ledger):
    """Rows of the tables that the stream fills, from every record that is acknowledged."""
    records = [reference.parsed(json.dumps(each).encode()) for each in history.records]
    records += [reference.parsed(value) for value in reference.read_ledger(ledger, "sales")]
    groups = reference.grouped(records, lambda each: (each["key"], reference.pane(each)))
    return {"by_key": {key: by_key_row(group) for key, group in groups.items()}, "latest": reference.latest(records)}


def by_key_row(group):
    prices, amounts = reference.present(group, "price"), reference.present(group, "amount")
    return {
        "records": len(group), "amount": sum(amounts), "price": reference.exact(prices),
        "cheapest": min(prices, default=None),
    }
