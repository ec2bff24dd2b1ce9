"""A client that behaves, in a process of its own: what it waits is what an attack costs others.

    polite.py PORT CA CERTIFICATE KEY FILE      looks rows up until its standard input ends

Each line of FILE is a moment (time.monotonic, the same in every process), what was done, milliseconds, and whether the answer was right.
"""

import os
import random
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CITIES = 1000
# So that the client itself is no load.
PAUSE = 0.002
GETS_PER_CONNECTION = 50
# A server that has too many handshakes under way refuses more for a moment. Clients try again, and their users wait.
CONNECT_SECONDS = 5


class Polite:
    """Starts the process, and reads what it wrote."""

    def __init__(self, victim):
        self.path = os.path.join(victim.folder, "polite.txt")
        names = [victim.file(name) for name in ("ca.pem", "client.pem", "client.key")]
        self.process = subprocess.Popen(
            [sys.executable, "-B", os.path.abspath(__file__), str(victim.port), *names, self.path], stdin=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)

    def between(self, start, end):
        return Window([line for line in self.lines() if start <= float(line[0]) <= end])

    def lines(self):
        if not os.path.exists(self.path):
            return []
        with open(self.path) as file:
            return [line.split(" ", 3) for line in file.read().split("\n")[:-1]]

    def wait_for(self, count):
        deadline = time.monotonic() + 60
        while len(self.lines()) < count:
            if time.monotonic() > deadline:
                raise RuntimeError("the polite client gets no answers")
            time.sleep(0.05)


class Window:
    """What the client saw in a while."""

    def __init__(self, lines):
        self.gets = sorted(float(line[2]) for line in lines if line[1] == "get")
        self.connects = sorted(float(line[2]) for line in lines if line[1] == "connect")
        self.failures = [line[3] for line in lines if line[3] != "right"]

    @property
    def p99(self):
        return self.gets[int(len(self.gets) * 0.99)] if self.gets else 0.0

    @property
    def slowest_connect(self):
        return self.connects[-1] if self.connects else 0.0


def run(port, ca, certificate, key, path):
    from maser_client import Client

    is_over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), is_over.set()), daemon=True).start()

    with open(path, "w", buffering=1) as file:

        def timed(what, body, expected):
            began = time.monotonic()
            try:
                answer = body()
                said = "right" if expected is None or answer == expected else f"wrong: {answer}"
            except Exception as error:  # whatever it is, it is what a polite client met
                answer, said = None, f"failed: {error!r}"
            file.write(f"{began} {what} {(time.monotonic() - began) * 1000:.3f} {said}\n")
            return answer

        def connect():
            deadline = time.monotonic() + CONNECT_SECONDS
            while True:
                try:
                    return Client("127.0.0.1", int(port), ca, certificate, key, 20)
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(random.uniform(0.02, 0.1))

        while not is_over.is_set():
            client = timed("connect", connect, None)
            if client is None:
                time.sleep(0.1)
                continue
            for _ in range(GETS_PER_CONNECTION):
                number = random.randrange(CITIES)
                timed("get", lambda: client.get("cities", f"city{number}"), {"people": number})
                if is_over.is_set():
                    break
                time.sleep(PAUSE)
            client.close()


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(HERE, "..", "examples"))
    run(*sys.argv[1:])
