"""Readers of a table while its version is switched, again and again: threads with a connection each, in a process of their own."""

import json
import os
import random
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass, field

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "examples"))

from maser_client import Client, Failed  # noqa: E402


@dataclass
class Found:
    lookups: int = 0
    failed: int = 0
    mixed: int = 0
    newest: int = 0
    reasons: list = field(default_factory=list)


class Readers:
    keys = 50
    threads = 4

    def __init__(self, server, table, rows):
        names = [server.file(name) for name in ("ca.pem", "client.pem", "client.key")]
        self.process = subprocess.Popen(
            [sys.executable, "-B", os.path.abspath(__file__), str(server.port), *names, table, str(rows)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def stop(self):
        output, _ = self.process.communicate("stop\n")
        return Found(**json.loads(output))


def read(client, table, rows, found, stop):
    """An answer whose rows are of two loads, or that goes back behind an earlier one, mixes versions."""
    while not stop.is_set():
        keys = [(random.randrange(rows),) for _ in range(Readers.keys)]
        try:
            answer = client.get_many({table: keys})[table]
        except (Failed, OSError) as failure:
            found.failed += 1
            found.reasons = [str(failure)]
            continue
        found.lookups += 1
        generations = {row and row["generation"] for row in answer}
        if len(generations) != 1 or None in generations or min(generations) < found.newest:
            found.mixed += 1
            found.reasons = [f"generations {generations} after {found.newest}"]
        else:
            found.newest = min(generations)


def main():
    port, ca, certificate, key, table, rows = sys.argv[1:]
    stop, every, threads = threading.Event(), [], []
    for _ in range(Readers.threads):
        client = Client("127.0.0.1", int(port), ca, certificate, key)
        every.append(Found())
        threads.append(threading.Thread(target=read, args=(client, table, int(rows), every[-1], stop)))
    for thread in threads:
        thread.start()
    sys.stdin.readline()
    stop.set()
    for thread in threads:
        thread.join()
    total = Found(newest=max(found.newest for found in every))
    for found in every:
        total.lookups += found.lookups
        total.failed += found.failed
        total.mixed += found.mixed
        total.reasons += found.reasons
    print(json.dumps(asdict(total)))


if __name__ == "__main__":
    main()
