"""A run: producers, kills, power cuts, reloads, and the comparison."""

import json
import os
import random
import threading
import time

import compare
import control
import phases
import powercut
import producers
import proxy
import reference
import server
import stream

# How often each phase is drawn.
DECK = {
    "ingest": 3, "append": 2, "checkpoint": 4, "flush": 2, "compaction": 2, "retention": 2, "manifest": 2, "load": 3,
    "deploy": 2, "redeploy": 3, "stop": 1, "start": 1, "backfill": 3, "restart": 3, "shutdown": 1, "full disk": 2,
}

EXTRA = """
CREATE APPLICATION extra;
CREATE INPUT TABLE events (key STRING, amount INT64) FROM CATEGORY 'events';
CREATE TABLE extra_by_key AS SELECT key, COUNT(*) AS records FROM events GROUP BY key;
"""


class Run:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.random = random.Random(options.seed)
        self.shared = control.Control(os.path.join(folder, "control"))
        library = control.compile_library(folder)
        data = os.path.join(folder, "data")
        self.disk = powercut.Disk(data, os.path.join(folder, "graveyard")) if options.power_cut else None
        if options.syncs_ignored:
            self.shared.ignore_syncs("log", "wal_sync")
        variables = {}
        if options.positions_apart:
            variables["MASER_TEST_POSITIONS_APART"] = "1"
        if options.outputs_not_deduplicated:
            variables["MASER_TEST_OUTPUT_DUPLICATES"] = "1"
        self.server = server.Server(options.binary, folder, library, self.shared, self.disk, variables)
        self.sources = phases.write_sources(
            folder,
            {"teams.sql": stream.TEAMS_TABLE, "events.sql": stream.events(False), "changed.sql": stream.events(True),
             "ticks.sql": stream.TICKS, "outputs.sql": stream.OUTPUTS, "extra.sql": EXTRA,
             "teams.csv": stream.teams_csv()})
        self.phases = phases.Phases(self.server, self.shared, self.sources, self.random)
        self.ledger = os.path.join(folder, "ledger")
        os.mkdir(self.ledger)
        self.proxy = proxy.Proxy(lambda: self.server.port, options.seed)
        self.differences = compare.Differences()
        self.producers = []
        self.kills = {}
        self.lost = {"cuts": 0, "bytes": 0, "names": 0, "files": 0}
        self.loads = self.checks = self.backfills = 0
        self.began = time.monotonic()

    def say(self, text):
        if not self.options.quiet:
            print(f"{time.monotonic() - self.began:8.1f} s  {text}", flush=True)

    # The run

    def run(self):
        try:
            self.server.start()
            self.server.must("deploy", self.sources["teams.sql"])
            self.load_teams()
            for name in ("events", "ticks", "outputs"):
                self.server.must("deploy", self.sources[name + ".sql"])
            self.start_producers()
            self.kill_again_and_again()
            self.finish()
        except (server.Broken, powercut.BeyondModel) as error:
            self.differences.add(f"{type(error).__name__}: {error}")
        finally:
            for producer in self.producers:
                producer.is_stopping.set()
            self.server.end()
            self.proxy.close()

    def start_producers(self):
        start = int(time.time()) // 60 * 60 * stream.SECOND
        count, rate = self.options.producers, self.options.rate
        streams = [stream.EventStream(self.options.seed, f"p{n}", n, count, start) for n in range(count)]
        # Far enough in the past: they run faster than the clock, and a watermark does not go beyond it.
        streams.append(stream.TickStream(self.options.seed, "ticker", start - 3 * 86_400 * stream.SECOND))
        for number, each in enumerate(streams):
            path = os.path.join(self.ledger, f"{each.category}.{each.name}")
            is_ticker = each.category == "ticks"
            # Most go through the proxy; what is always cut off would never see what else can happen.
            port = (lambda: self.server.port) if number == 0 else (lambda: self.proxy.port)
            self.producers.append(
                producers.Producer(
                    each, self.server.connect_through(port), path, self.options.seed,
                    depth=1 if is_ticker else 1 + 3 * number, rate=rate / 4 if is_ticker else rate / count))
        for producer in self.producers:
            producer.start()

    def kill_again_and_again(self):
        deck = []
        for number in range(1, self.options.kills + 1):
            if time.monotonic() - self.began > self.options.seconds:
                self.say(f"the time is over after {number - 1} kills")
                break
            if not deck:
                wanted = self.options.phases.split(",") if self.options.phases else DECK
                deck = [name for name in wanted for _ in range(DECK[name])]
                self.random.shuffle(deck)
            wanted = deck.pop()
            phase = self.kill(wanted)
            self.kills[phase] = self.kills.get(phase, 0) + 1
            self.say(f"kill {number}: {phase}" + ("" if phase == wanted else f" (meant for {wanted})") + self.cut_power())
            self.server.start()
            self.look_after(number)

    def kill(self, wanted):
        if wanted in phases.TRAPS:
            return self.phases.trap(wanted)
        return getattr(self.phases, wanted.replace(" ", "_"))()

    def cut_power(self):
        if self.disk is None or self.random.random() < 0.2:
            return ""
        lost = self.disk.cut(self.random)
        self.lost["cuts"] += 1
        for name, count in lost.items():
            self.lost[name] += count
        return f"; power cut: lost {lost['bytes']} bytes of {lost['files']} files, {lost['names']} names"

    def look_after(self, number):
        for producer in self.producers:
            if producer.problems:
                raise server.Broken("; ".join(producer.problems))
        if self.random.random() < 0.3:
            self.load_teams()
        if self.random.random() < 0.1:
            # One that nobody disturbs. It makes no progress while the app is stopped.
            self.server.command("start", "events")
            code, _ = self.server.command("backfill", self.random.choice(phases.BACKFILLED), "--from", "earliest")
            self.backfills += code == 0
        if self.options.check_every and number % self.options.check_every == 0:
            self.check()

    def load_teams(self):
        self.server.must("load", "teams", self.sources["teams.csv"])
        self.loads += 1

    # Rest

    def pause_producers(self):
        """Until everything that was appended is acknowledged and applied."""
        self.proxy.is_cutting = False
        for producer in self.producers:
            producer.is_paused.set()
        deadline = time.monotonic() + 60
        while any(producer.waiting for producer in self.producers):
            stuck = [f"{p.name} waits for {len(p.waiting)}" for p in self.producers if p.waiting or p.problems]
            if time.monotonic() > deadline or any(producer.problems for producer in self.producers):
                problems = [problem for producer in self.producers for problem in producer.problems]
                raise server.Broken(f"appends are not acknowledged: {stuck}; {problems}\n{self.server.log[-2000:]}")
            time.sleep(0.01)
        for producer in self.producers:
            producer.ledger.flush()
        try:
            # All of them run, the changed one as changed: a kill may have come before or after.
            self.server.must("deploy", self.sources["changed.sql"])
            self.phases.is_changed = True
            for app in phases.APPS:
                self.server.command("start", app)
            self.server.wait_until_applied()
        except RuntimeError as error:
            raise server.Broken(f"{error}\n{self.server.log[-2000:]}") from error

    def check(self):
        self.pause_producers()
        before = self.differences.count
        self.compare()
        self.checks += 1
        found = self.differences.count - before
        records = sum(producer.records for producer in self.producers)
        self.say(f"check {self.checks}: {records} records acknowledged, {found} differences")
        if self.random.random() < 0.5:
            # It syncs what the tables write, with every round of its changes. Without it, power cuts take checkpoints back.
            self.server.must("stop", "outputs")
        for producer in self.producers:
            producer.is_paused.clear()
        self.proxy.is_cutting = True
        if found:
            raise server.Broken("the tables differ")

    def finish(self):
        self.pause_producers()
        for producer in self.producers:
            producer.is_stopping.set()
        self.compare()
        # What is on the disk after a clean stop is all there is.
        self.server.terminate()
        code = self.server.wait_for_end()
        if code != 0:
            self.differences.add(f"a server that was asked to stop ended with {code}")
        if self.disk:
            self.disk.check()
        self.server.start()
        self.server.wait_until_applied()
        self.compare()

    def compare(self):
        expected = reference.Expected(self.ledger, stream.teams())
        client = self.server.client()
        try:
            for name, rows in expected.tables.items():
                self.differences.table(name, rows, client.scan(name))
            letters = {}
            for _, record in compare.read_category(client, "events_dead_letters"):
                letters[record["value"]] = letters.get(record["value"], 0) + 1
            self.differences.counts("events_dead_letters", expected.poison, letters)
            self.compare_outputs(client, expected)
        finally:
            client.close()

    def compare_outputs(self, client, expected):
        """What goes out at the next checkpoint, or when the watermark has passed, may take a moment."""
        deadline = time.monotonic() + 10
        while True:
            found = compare.Differences()
            compare.outputs(found, client, expected)
            if found.count == 0 or time.monotonic() > deadline:
                self.differences.take(found)
                return
            time.sleep(0.2)

    def figures(self):
        def total(name):
            return sum(getattr(producer, name) for producer in self.producers)

        return {
            "kills": sum(self.kills.values()),
            "kills_by_phase": dict(sorted(self.kills.items())),
            "records": total("records"),
            "appends": total("appends"),
            "retries": total("retries"),
            "duplicates_offered": total("duplicates"),
            "refusals": total("refused"),
            "epochs": total("epochs"),
            "stale_appends_fenced": total("fenced"),
            "connections_cut": self.proxy.cuts,
            "connections_lost": total("lost_connections"),
            "loads": self.loads,
            "backfills": self.backfills,
            "full_disk_refusals": self.shared.page.refused,
            "lookups_on_full_disk": self.phases.lookups_while_full,
            "power_cuts": self.lost["cuts"],
            "unsynced_bytes_lost": self.lost["bytes"],
            "unsynced_names_lost": self.lost["names"],
            "rows_compared": self.differences.compared,
            "seconds": round(time.monotonic() - self.began, 1),
            "seed": self.options.seed,
            "differences": self.differences.count,
        }
