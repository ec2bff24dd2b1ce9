"""A run of loads that are killed: the client that builds and uploads, the server that takes in, replays and switches, or both.

Whatever was killed, the version that serves never wavers, the same call again completes what it had begun, and after the next start
there is nothing on the disk that belongs to no version.
"""

import json
import os
import random
import signal
import threading
import time

import compare
import control
import load_data
import producers
import server
from maser_client import Failed

# What is called and killed, and how often each is drawn.
DECK = {"load rows": 3, "load cut": 4, "load before": 2, "load latest": 2, "rollback": 1, "drop": 1}
# The server ends within these, where it is not killed at a random moment.
TRAPS = {
    "load rows": [[("tables", "link_table")], [("catalog", "wal_write"), ("catalog", "wal_sync")], [("loads", "other")]],
    "load cut": [[("tables", "link_table")], [("catalog", "wal_write"), ("catalog", "wal_sync")], [("tables", "wal_write")],
                 [("tables", "manifest_write")]],
    "rollback": [[("catalog", "wal_write"), ("catalog", "wal_sync")]],
}
TRAPS["load before"] = TRAPS["load latest"] = TRAPS["load cut"]
TRAPS["drop"] = TRAPS["rollback"]


class Reader(threading.Thread):
    """Looks on all the while: totals never fall, and all rows of a load come and go together."""

    def __init__(self, run):
        super().__init__(daemon=True, name="reader")
        self.run_, self.problems, self.scans = run, [], 0
        self.is_stopping = threading.Event()
        self.greatest = {"records": 0}

    def run(self):
        client = None
        while not self.is_stopping.is_set():
            starts = self.run_.server.starts
            try:
                client = client or self.run_.server.client()
                self.look(client)
            except (Failed, OSError, EOFError) as failure:
                # Only a server that was killed fails a reader.
                if not self.run_.is_killing and starts == self.run_.server.starts:
                    self.problems.append(f"a reader failed though nobody was killed: {failure}")
                client = None
                time.sleep(0.02)
            time.sleep(0.05)

    def look(self, client):
        total = sum(row["records"] for _, row in client.scan("by_key"))
        if total < self.greatest["records"]:
            self.problems.append(f"by_key had {self.greatest['records']} records, and then {total}")
        self.greatest["records"] = max(total, self.greatest["records"])
        allowed = self.run_.generations
        keys = [(random.randrange(load_data.ROWS),) for _ in range(50)]
        answer = client.get_many({"generations": keys})["generations"]
        found = {row and row["generation"] for row in answer}
        if len(found) != 1 or None in found or not found <= allowed:
            self.problems.append(f"rows of generations {found} in one answer; {allowed} may serve")
        self.scans += 1


class LoadRun:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.random = random.Random(options.seed)
        self.shared = control.Control(os.path.join(folder, "control"))
        self.server = server.Server(options.binary, folder, control.compile_library(folder), self.shared)
        self.work = os.path.join(folder, "work")
        os.mkdir(self.work)
        self.ledger = os.path.join(folder, "ledger")
        os.mkdir(self.ledger)
        self.history = load_data.History(folder, options.seed)
        self.producer = producers.Producer(
            load_data.SaleStream(options.seed), self.server.connect_through(lambda: self.server.port),
            os.path.join(self.ledger, "sales.sales"), options.seed, depth=3, rate=200)
        self.reader = Reader(self)
        self.differences = compare.Differences()
        self.is_killing = False
        self.generation = 0
        # Of which a row may be at the moment.
        self.generations = {0}
        self.kills, self.seconds = {}, {}
        self.commands = self.reruns = self.client_kills = self.server_kills = self.checks = 0
        self.began = time.monotonic()

    def say(self, text):
        if not self.options.quiet:
            print(f"{time.monotonic() - self.began:8.1f} s  {text}", flush=True)

    def run(self):
        try:
            self.server.start()
            self.server.must("deploy", self.write("sales.sql", load_data.APP))
            self.producer.start()
            for kind in ("load rows", "load cut", "load latest"):
                self.finish(self.arguments(kind), kind)
            for table in ("by_key", "latest"):
                # It has no history, and may not serve again.
                self.server.must("versions", table, "--drop", "1")
            self.reader.start()
            for number in range(1, self.options.kills + 1):
                if time.monotonic() - self.began > self.options.seconds:
                    self.say(f"the time is over after {number - 1} kills")
                    break
                self.kill(number)
                if self.reader.problems or self.producer.problems:
                    raise server.Broken("; ".join(self.reader.problems + self.producer.problems))
                if number % max(1, min(self.options.check_every, 5)) == 0:
                    self.check()
            self.check()
            self.end()
        except (server.Broken, RuntimeError) as error:
            self.differences.add(f"{type(error).__name__}: {error}")
        finally:
            self.producer.is_stopping.set()
            self.reader.is_stopping.set()
            self.server.end()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    # What is called

    def arguments(self, kind):
        if kind == "load rows":
            self.generation += 1
            self.generations = self.generations | {self.generation}
            path = load_data.generation_file(self.folder, self.generation)
            return ["load", "generations", path, "--work", self.work, "--json"]
        if kind == "rollback":
            return ["rollback", self.random.choice(["by_key", "latest"]), "--json"]
        if kind == "drop":
            return self.drop()
        table = "latest" if kind == "load latest" else "by_key"
        if kind == "load before":
            paths, cut = self.before()
        else:
            paths, cut = self.at_positions()
        return ["load", table, *paths, *cut, "--work", self.work, "--memory", "64MiB", "--json"]

    def drop(self):
        table = self.random.choice(["by_key", "latest"])
        versions = self.versions(table)
        standby = [each["version"] for each in versions if each["state"] == "standby"]
        return ["versions", table, "--drop", str(standby[0]), "--json"] if standby else ["versions", table, "--json"]

    def at_positions(self):
        """A cut, and files of exactly what was before it, while appends go on."""
        text = self.server.must("cut", "sales")
        client = self.server.client()
        try:
            paths = self.history.export(client, json.loads(text)["offsets"])
        finally:
            client.close()
        return paths, ["--cut", self.write(f"cut-{self.history.count}.json", text)]

    def before(self):
        """An event time before which nothing more comes, and files of more than that: what is too late for them is left out."""
        self.pause()
        at = load_data.moment(self.producer.stream.last + 1)
        self.producer.is_paused.clear()
        client = self.server.client()
        try:
            paths = self.history.export(client, client.seek("sales", latest={}))
        finally:
            client.close()
        return paths, ["--before", at]

    # The kill

    def kill(self, number):
        kind = self.random.choice([kind for kind, count in DECK.items() for _ in range(count)])
        arguments = self.arguments(kind)
        began = time.monotonic()
        # The client alone, the server alone (whose client waits for it), or both.
        victims = self.random.choice([("client",), ("server",), ("client", "server")])
        if kind in ("rollback", "drop"):
            victims = ("server",)
        self.is_killing = True
        if "server" in victims and self.random.random() < 0.5:
            trap = self.random.choice(TRAPS[kind])
            self.shared.set_trap(trap, self.random.randint(1, 3), self.random.choice(["before", "after"]))
        self.commands += 1
        command = self.server.begin_command(*arguments)
        deadline = began + self.random.uniform(0, self.seconds.get(kind, 2) * 1.1)
        while time.monotonic() < deadline and command.poll() is None and not self.server.has_ended:
            time.sleep(0.002)
        phase, elapsed = self.phase(kind, command), time.monotonic() - began
        if "client" in victims and command.poll() is None:
            command.send_signal(signal.SIGKILL)
            self.client_kills += 1
        if "server" in victims:
            self.server.kill()
            self.server_kills += 1
            self.server.start()
        else:
            self.shared.clear_trap()
        said, _ = command.communicate(timeout=120)
        self.is_killing = False
        self.kills[phase] = self.kills.get(phase, 0) + 1
        self.say(f"kill {number}: {' and '.join(victims)} in {kind}, at {phase}")
        # One that has never reached its server does not wait for it.
        is_refused_at_once = elapsed < 0.5 and "is the server running" in said
        self.settle(kind, arguments, command.returncode, said, "client" in victims or is_refused_at_once)

    def settle(self, kind, arguments, code, said, may_fail):
        if kind in ("rollback", "drop"):
            return
        if code == 0:
            self.adopted(kind)
        elif not may_fail:
            raise server.Broken(f"a load did not outlive its server: maser {' '.join(arguments)} gave {code}: {said}")
        else:
            self.reruns += 1
            self.finish(arguments, kind)

    def finish(self, arguments, kind):
        began = time.monotonic()
        code, said = self.server.command(*arguments)
        self.seconds[kind] = max(self.seconds.get(kind, 0), time.monotonic() - began)
        # A rollback may have been done since, and then it says how this version would serve.
        if code != 0 and '"state":"standby"' not in said:
            raise server.Broken(f"maser {' '.join(arguments)} gave {code}: {said}")
        self.adopted(kind)

    def adopted(self, kind):
        if kind == "load rows":
            self.generations = {self.generation}

    def phase(self, kind, command):
        """What was under way, by what is on the disk."""
        if command.poll() is not None:
            return "after " + kind
        if not kind.startswith("load"):
            return kind
        folders = os.listdir(self.work)
        if not any(os.path.exists(os.path.join(self.work, each, "manifest.json")) for each in folders):
            return "build"
        uploads = os.path.join(self.server.data, "loads")
        if any(os.path.isdir(os.path.join(uploads, each)) for each in os.listdir(uploads)):
            return "upload or ingest"
        return "replay or switch"

    # What has to be

    def versions(self, table):
        return [json.loads(line) for line in self.server.must("versions", table, "--json").splitlines()]

    def pause(self):
        self.producer.is_paused.set()
        # What it was making just then is waiting by now.
        time.sleep(0.05)
        deadline = time.monotonic() + 60
        while self.producer.waiting:
            if time.monotonic() > deadline or self.producer.problems:
                raise server.Broken(f"appends are not acknowledged: {self.producer.problems}")
            time.sleep(0.01)
        self.producer.ledger.flush()

    def check(self):
        self.pause()
        self.server.wait_until_applied()
        client = self.server.client()
        try:
            for name, rows in load_data.expected(self.history, self.ledger).items():
                self.differences.table(name, rows, client.scan(name))
            found = {}
            for _, row in client.scan("generations"):
                found[row["generation"]] = found.get(row["generation"], 0) + 1
            if len(found) != 1 or set(found.values()) != {load_data.ROWS} or not set(found) <= self.generations:
                self.differences.add(f"generations {found} are there; {self.generations} may be")
        finally:
            client.close()
        for table in ("by_key", "latest", "generations"):
            versions = self.versions(table)
            wrong = [each for each in versions if each["state"] not in ("serving", "standby") or each.get("failure")]
            if wrong or len(versions) > 3:
                self.differences.add(f"versions of {table}: {versions}")
        self.checks += 1
        self.producer.is_paused.clear()
        self.say(f"check {self.checks}: {self.producer.records} records, {self.reader.scans} scans")
        if self.differences.count:
            raise server.Broken("the tables differ")

    def end(self):
        """After a clean stop and a start nothing is there that belongs to nobody."""
        self.reader.is_stopping.set()
        self.producer.is_stopping.set()
        self.reader.join(30)
        self.server.terminate()
        code = self.server.wait_for_end()
        if code != 0:
            self.differences.add(f"a server that was asked to stop ended with {code}")
        self.server.start()
        self.server.wait_until_applied()
        left = os.listdir(os.path.join(self.server.data, "loads"))
        if left:
            self.differences.add(f"uploads are left: {left}")
        if os.listdir(self.work):
            self.differences.add(f"builds are left: {os.listdir(self.work)}")
        self.differences.count += self.orphans()

    def orphans(self):
        """Files of the table store that no version has: all that the versions say they take, and room for what goes on."""
        tables = os.path.join(self.server.data, "tables")
        size = sum(os.path.getsize(os.path.join(tables, name)) for name in os.listdir(tables) if name.endswith(".sst"))
        named = sum(each["bytes"] for table in ("by_key", "latest", "generations") for each in self.versions(table))
        # What is in memory counts for a version as well, and small families have files that are hardly more than their frame.
        if size > named * 1.2 + (2 << 20):
            self.differences.lines.append(f"{size} bytes of tables are on the disk, of which {named} are versions'")
            return 1
        return 0

    def figures(self):
        return {
            "kills": sum(self.kills.values()),
            "kills_by_phase": dict(sorted(self.kills.items())),
            "client_kills": self.client_kills,
            "server_kills": self.server_kills,
            "reruns": self.reruns,
            "records": self.producer.records,
            "scans": self.reader.scans,
            "checks": self.checks,
            "rows_compared": self.differences.compared,
            "seconds": round(time.monotonic() - self.began, 1),
            "seed": self.options.seed,
            "differences": self.differences.count,
        }
