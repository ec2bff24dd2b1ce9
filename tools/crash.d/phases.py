"""Where the kills fall.

A phase brings the server into a state and kills it there. What is counted is what was the case at the kill, never what
was hoped for: a trap that has sprung names the operation that was under way; a command was under way when it had not
ended; a start was one when the server did not listen yet. A kill that missed its phase counts as one during ingest.
"""

import os
import time

from maser_client import Failed
from server import Broken

# What the server was doing when a trap sprang, by the operation.
TRAPS = {
    "append": [("log", "wal_write"), ("log", "wal_sync")],
    "checkpoint": [("tables", "wal_write")],
    "flush": [("tables", "flush_write"), ("log", "flush_write")],
    "compaction": [("tables", "compaction_write")],
    "retention": [("log", "unlink_table")],
    "manifest": [("tables", "manifest_write"), ("log", "manifest_write"), ("catalog", "manifest_write"),
                 ("tables", "current_rename"), ("log", "current_rename")],
    "ingestion": [("tables", "link_table")],
    "catalog": [("catalog", "wal_write"), ("catalog", "wal_sync")],
}
# How many of them may pass before the one that is the last, at most; they come at very different rates.
PATIENCE = {"append": 60, "checkpoint": 80, "flush": 6, "compaction": 6, "retention": 2, "manifest": 4,
            "ingestion": 2, "catalog": 2}
APPS = ["events", "ticks", "outputs"]
BACKFILLED = ["by_key", "by_append", "latest"]
WAIT = {"flush": 6, "compaction": 6, "retention": 8, "manifest": 4}


class Phases:
    def __init__(self, server, shared, sources, random):
        self.server, self.shared, self.sources, self.random = server, shared, sources, random
        self.deploys = self.lookups_while_full = 0
        self.is_changed = False
        self.commands = {}  # by name: the seconds that one took, undisturbed

    def pause(self, longest):
        time.sleep(self.random.uniform(0, longest))

    # Each returns the phase at the kill; the server has ended then.

    def ingest(self):
        self.pause(0.8)
        self.server.kill()
        return "ingest"

    def trap(self, phase):
        moment = self.random.choice(["before", "within", "within", "after"])
        self.set_trap(TRAPS[phase], self.random.randint(1, PATIENCE[phase]), moment)
        return self.wait_for_trap(phase, WAIT.get(phase, 3))

    def set_trap(self, operations, countdown, moment):
        # Nothing is torn but a write, and a sync, of which there is no half.
        if moment == "within" and not all(name.endswith(("write", "sync")) for _, name in operations):
            moment = "before"
        self.shared.set_trap(operations, countdown, moment)

    def wait_for_trap(self, phase, seconds):
        deadline = time.monotonic() + seconds
        while not self.server.has_ended and time.monotonic() < deadline:
            time.sleep(0.005)
        self.server.kill()
        return phase if self.shared.sprung in TRAPS[phase] else "ingest"

    def command(self, phase, *arguments, trap=None):
        """While a command is under way: at a random moment of it, or at an operation that belongs to it."""
        if trap and self.random.random() < 0.5:
            self.set_trap(TRAPS[trap], self.random.randint(1, PATIENCE[trap]), self.random.choice(["before", "within", "after"]))
        began = time.monotonic()
        command = self.server.begin_command(*arguments)
        deadline = began + self.random.uniform(0, self.commands.get(phase, 0.3))
        while time.monotonic() < deadline and command.poll() is None and not self.server.has_ended:
            time.sleep(0.002)
        was_under_way = command.poll() is None
        if not was_under_way:
            self.commands[phase] = min(self.commands.get(phase, 0.3), time.monotonic() - began)
        self.server.kill()
        command.kill()
        self.said = command.communicate()[0]
        if self.shared.sprung:
            return phase
        return phase if was_under_way else "ingest"

    def load(self):
        return self.command("load", "load", "teams", self.sources["teams.csv"], trap="ingestion")

    def deploy(self):
        """Another app comes, and goes again at the next time: an odd number deploys, an even one deletes."""
        self.deploys += 1
        if self.deploys % 2:
            return self.command("deploy", "deploy", self.sources["extra.sql"], trap="catalog")
        return self.command("deploy", "delete", "extra", "--drop", trap="catalog")

    def redeploy(self):
        """The app of the events becomes another generation, and back."""
        self.is_changed = not self.is_changed
        name = "changed.sql" if self.is_changed else "events.sql"
        return self.command("redeploy", "deploy", self.sources[name], trap="catalog")

    def stop(self):
        return self.command("stop", "stop", self.random.choice(APPS), trap="catalog")

    def start(self):
        app = self.random.choice(APPS)
        self.server.command("stop", app)
        self.pause(0.3)
        return self.command("start", "start", app, trap="catalog")

    def backfill(self):
        self.server.command("start", "events")
        return self.command("backfill", "backfill", self.random.choice(BACKFILLED), "--from", "earliest", trap="checkpoint")

    def restart(self):
        """Kills it, and again before it listens, once or a few times."""
        self.server.kill()
        self.server.spawn()
        if self.random.random() < 0.6:
            # Anywhere among what a start does on the disk.
            every = [pair for operations in TRAPS.values() for pair in operations] + [("tables", "table_write")]
            self.shared.set_trap(every, self.random.randint(1, 60), self.random.choice(["before", "after"]))
        deadline = time.monotonic() + self.random.uniform(0, 0.5)
        while not self.server.has_ended and time.monotonic() < deadline:
            time.sleep(0.002)
        was_starting = not self.server.is_listening
        self.server.kill()
        return "restart" if was_starting else "ingest"

    def shutdown(self):
        """SIGTERM, and SIGKILL before it has ended by itself."""
        self.server.terminate()
        self.pause(0.15)
        was_ending = not self.server.has_ended
        self.server.kill()
        return "shutdown" if was_ending else "clean stop"

    def full_disk(self):
        """No room for a while. Killed while it lasts, or after the server had time to come back to itself."""
        refused = self.shared.page.refused
        self.shared.page.room = self.random.choice([0, self.random.randrange(300_000)])
        self.pause(2.5)
        self.look_up()
        if self.random.random() < 0.5:
            self.shared.page.room = -1
            self.pause(1.5)
        was_full = self.shared.page.room >= 0
        self.server.kill()
        if was_full and self.random.random() < 0.4:
            self.start_without_room()
        self.shared.page.room = -1
        if self.shared.page.refused == refused:
            return "ingest"
        return "full disk" if was_full else "after a full disk"


    def look_up(self):
        """Lookups need no room."""
        try:
            client = self.server.client()
        except OSError:
            return  # no room for what a connection needs is another matter
        try:
            row = client.get("teams", "t1")
            self.lookups_while_full += 1
        except (Failed, OSError) as failure:
            raise Broken(f"a lookup on a full disk failed: {failure}") from failure
        finally:
            client.close()
        if row != {"region": "region1", "weight": -4}:
            raise Broken(f"a lookup on a full disk gave {row}")

    def start_without_room(self):
        """It may refuse to start, in words, or start."""
        self.server.spawn()
        deadline = time.monotonic() + 2
        while not self.server.has_ended and not self.server.is_listening and time.monotonic() < deadline:
            time.sleep(0.005)
        if self.server.has_ended and self.server.process.returncode not in (0, 1):
            raise Broken(f"without room it ended with {self.server.process.returncode}:\n{self.server.log[-3000:]}")
        self.server.kill()


def write_sources(folder, texts):
    """The files that commands are given, by their names."""
    paths = {}
    for name, text in texts.items():
        paths[name] = os.path.join(folder, name)
        with open(paths[name], "w") as file:
            file.write(text)
    return paths
