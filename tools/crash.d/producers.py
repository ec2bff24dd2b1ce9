"""Producers: they append their stream and repeat each append until it is acknowledged, whatever happens meanwhile."""

import json
import random
import threading
import time

from maser_client import frames

RETRIED = {
    # After these the append has had no effect, or may have had: the same one is sent again with the same sequence.
    "disk full": 49, "storage failure": 48, "overloaded": 32, "deadline exceeded": 33, "unavailable": 34, "internal": 50,
}
FENCED = 20


class Producer(threading.Thread):
    """Keeps up to `depth` appends on their way, over connections through the proxy."""

    timeout = 8

    def __init__(self, stream, connect, ledger, seed, depth, rate):
        super().__init__(daemon=True, name=stream.name)
        self.stream, self.connect, self.depth, self.rate = stream, connect, depth, rate
        self.random = random.Random(f"{seed}/{stream.name}")
        self.id = f"crash/{stream.name}".encode()
        self.epoch = 0
        self.ledger = open(ledger, "wb", buffering=1 << 16)
        self.sequence = 0
        self.waiting = {}  # sequence: values, of appends that are not acknowledged
        self.done = []  # (sequence, values) of some that are, to be offered again
        self.epochs = self.fenced = 0
        self.is_opening = False
        self.records = self.appends = self.retries = self.duplicates = self.refused = self.lost_connections = 0
        self.problems = []
        self.is_stopping = threading.Event()
        self.is_paused = threading.Event()
        self.last_acknowledged = time.monotonic()

    def run(self):
        connection = None
        try:
            while not self.is_stopping.is_set() or self.waiting:
                try:
                    if connection is None:
                        connection = self.connect(self.timeout)
                        on_their_way = {}  # request id: sequence, or None of a duplicate
                        for sequence in self.shuffled(self.waiting):
                            self.retries += 1
                            on_their_way[self.send(connection, sequence, self.waiting[sequence])] = sequence
                    self.step(connection, on_their_way)
                except (OSError, frames.Failed):  # those of TLS among them; a server that stops refuses hellos
                    self.lost_connections += 1
                    close(connection)
                    connection = None
                    time.sleep(0.02)
        except BaseException as error:
            self.problems.append(f"{self.name}: {type(error).__name__}: {error}")
            raise
        finally:
            close(connection)
            self.ledger.flush()

    def shuffled(self, items):
        items = list(items)
        self.random.shuffle(items)
        return items

    def step(self, connection, on_their_way):
        if self.depth == 1 and not on_their_way and (self.is_opening or self.random.random() < 0.02):
            # A connection that is lost meanwhile leaves open which epoch it is: then another one is opened.
            self.is_opening = True
            self.begin_epoch(connection)
            self.is_opening = False
        while len(self.waiting) < self.depth and not self.is_stopping.is_set() and not self.is_paused.is_set():
            self.sequence += 1
            values = self.stream.append(self.sequence)
            self.waiting[self.sequence] = values
            on_their_way[self.send(connection, self.sequence, values)] = self.sequence
            self.throttle(len(values))
        if self.done and self.random.random() < 0.05:
            sequence, values = self.random.choice(self.done)
            self.duplicates += 1
            on_their_way[self.send(connection, sequence, values)] = None
        if not on_their_way:
            time.sleep(0.01)
            return
        request = next(iter(on_their_way))
        try:
            connection.receive(request)
        except frames.Failed as failure:
            self.failed(connection, on_their_way, on_their_way.pop(request, 0), failure)
            return
        sequence = on_their_way.pop(request)
        if sequence is not None:
            self.acknowledge(sequence)

    def begin_epoch(self, connection):
        """As a producer does that was started again; the one of before is still there, and must not get through."""
        opened = connection.call("open producer", category=self.stream.category, id=self.id)["epoch"]
        if opened <= self.epoch:
            self.problems.append(f"{self.name}: epoch {opened} was opened after {self.epoch}")
        stale, self.epoch = self.epoch, opened
        self.epochs += 1
        # Nothing of before can be offered again: in this epoch it would land.
        self.done = []
        value = json.dumps({"key": "stale", "number": self.sequence, "at": None, "note": None}).encode()
        producer = {"id": self.id, "epoch": stale, "sequence": self.sequence + 1}
        try:
            connection.call("append", category=self.stream.category, records=[{"value": value}], producer=producer)
            self.problems.append(f"{self.name}: an append of epoch {stale} landed in epoch {opened}")
        except frames.Failed as failure:
            if failure.code == FENCED:
                self.fenced += 1
            elif failure.code not in RETRIED.values():
                self.problems.append(f"{self.name}: a stale append was refused with {failure.code}: {failure}")

    def failed(self, connection, on_their_way, sequence, failure):
        self.refused += 1
        if failure.code not in RETRIED.values():
            self.problems.append(f"{self.name}: append {sequence} was refused: {failure.code} {failure}")
            raise ConnectionError(str(failure))
        time.sleep(0.02)
        if sequence == 0:  # about the connection
            raise ConnectionError(str(failure))
        if sequence is not None:
            self.retries += 1
            on_their_way[self.send(connection, sequence, self.waiting[sequence])] = sequence

    def send(self, connection, sequence, values):
        producer = {"id": self.id, "epoch": self.epoch, "sequence": sequence}
        request = {"category": self.stream.category, "records": [{"value": value} for value in values]}
        return connection.send("append", {**request, "producer": producer})

    def acknowledge(self, sequence):
        values = self.waiting.pop(sequence)
        for value in values:
            is_line = value[:1] == b"{" and b"\n" not in value
            self.ledger.write((value if is_line else b"hex:" + value.hex().encode()) + b"\n")
        self.appends += 1
        self.records += len(values)
        self.last_acknowledged = time.monotonic()
        if self.random.random() < 0.1:
            self.done.append((sequence, values))
            # Not older than what a category remembers of a producer.
            self.done = [(number, kept) for number, kept in self.done[-40:] if number > self.sequence - 900]

    def throttle(self, count):
        if self.rate:
            time.sleep(count / self.rate * self.random.uniform(0, 2))


def close(connection):
    if connection is not None:
        try:
            connection.close()
        except OSError:
            pass
