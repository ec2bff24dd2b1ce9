#!/usr/bin/env python3
"""Measures Apache Flink SQL on the events of the ingest benchmark, with RocksDB state and exactly-once checkpoints.

    tools/bench/flink.py EVENTS.json                events per second of the fastest query, median of 3 runs
    tools/bench/flink.py EVENTS.json --json FILE    the figures by name as well

EVENTS.json holds one event a line, as tools/bench/ingest makes them. Flink comes from PyPI into .build-bench/ and
needs Java 17 of Debian, which is installed where it is missing. All of Flink runs in one process, which is ended with it.

Two queries give the same rows: a window that emits once the watermark has passed, and a plain GROUP BY with the minute in
its key, which emits changes. The faster one counts.
"""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

from machine import FOLDER, ROOT

VERSION = "2.3.0"
RUNNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "FlinkIngest.java")

# The same as Maser gets: the cores of the machine.
PARALLELISM = os.cpu_count()

CONFIGURATION = {
    "parallelism.default": PARALLELISM,
    "taskmanager.numberOfTaskSlots": PARALLELISM,
    "pipeline.object-reuse": "true",
    "state.backend.type": "rocksdb",
    "execution.checkpointing.mode": "EXACTLY_ONCE",
    "execution.checkpointing.interval": "1s",
    "execution.checkpointing.incremental": "true",
    # Far more than the states of 100,000 keys need.
    "taskmanager.memory.managed.size": "1g",
    "taskmanager.memory.network.min": "128m",
    "taskmanager.memory.network.max": "128m",
}

# Heap is never short; the collector is the one for throughput.
JVM = ["-Xms3g", "-Xmx3g", "-XX:MaxDirectMemorySize=1g", "-XX:+UseParallelGC"]

# What Flink's own start scripts open to it.
OPENED = ["lang", "lang.reflect", "net", "io", "nio", "text", "time", "util", "util.concurrent"]

EVENTS = """
CREATE TABLE events (
    `at` BIGINT, `key` STRING, `value` DOUBLE, amount BIGINT,
    country STRING, device STRING, page STRING, `session` STRING{event_time}
) WITH ('connector' = 'filesystem', 'path' = '{events}', 'format' = 'json');
CREATE TABLE results ({columns}) WITH ('connector' = 'blackhole');
"""

AGGREGATES = "`key`, COUNT(*) AS events, SUM(amount) AS total, MAX(`value`) AS greatest, AVG(`value`) AS mean"
AGGREGATE_COLUMNS = "`key` STRING, events BIGINT, total BIGINT, greatest DOUBLE, mean DOUBLE"

QUERIES = {
    "window": {
        # Events come up to a second late.
        "event_time": """,
    ts AS TO_TIMESTAMP_LTZ(`at`, 3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND""",
        "columns": f"window_start TIMESTAMP(3), {AGGREGATE_COLUMNS}",
        "query": f"""SELECT window_start, {AGGREGATES}
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, `key`""",
        "configuration": {},
    },
    "group": {
        "event_time": "",
        "columns": f"window_start BIGINT, {AGGREGATE_COLUMNS}",
        "query": f"""SELECT `at` / 60000 AS window_start, {AGGREGATES} FROM events GROUP BY `at` / 60000, `key`""",
        "configuration": {
            "table.exec.mini-batch.enabled": "true",
            "table.exec.mini-batch.allow-latency": "1s",
            # More than a second's worth, so that the latency decides: a tenth of this cost up to a third of the rate.
            "table.exec.mini-batch.size": "500000",
            "table.optimizer.agg-phase-strategy": "TWO_PHASE",
        },
    },
}


class CannotMeasure(Exception):
    pass


def measure(events_file, runs=3, queries=tuple(QUERIES), say=lambda text: None):
    """Returns the events per second of each query by name: the median of `runs`, after the first, which is checked, and as
    many more as the JVM needs to be warm."""
    java, libraries = find_java(), install()
    os.makedirs(FOLDER, exist_ok=True)
    work = tempfile.mkdtemp(prefix="flink-run.", dir=FOLDER)
    try:
        events, total = split(events_file, work)
        say(f"Flink {VERSION}: {events} events, {PARALLELISM} tasks")
        rates = {}
        for name in queries:
            sums, times = run(java, libraries, work, QUERIES[name], runs, events)
            if sums != (events, total):
                raise CannotMeasure(f"query {name} counted {sums[0]} events of {events}, total {sums[1]} for {total}")
            rates[name] = events / statistics.median(times)
            say(f"  {name:8}{rates[name]:12,.0f} events/s   (runs: {', '.join(f'{time:.1f} s' for time in times)})")
        return rates
    finally:
        shutil.rmtree(work, ignore_errors=True)


def run(java, libraries, work, query, runs, events):
    """Returns the sums of counts and of totals, and the seconds of each run."""
    def write(name, text):
        path = os.path.join(work, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    places = {
        "execution.checkpointing.dir": "file://" + os.path.join(work, "checkpoints"),
        "io.tmp.dirs": os.path.join(work, "tmp"),
    }
    configuration = {**CONFIGURATION, **query["configuration"], **places}
    tables = EVENTS.format(events="file://" + os.path.join(work, "events"), **query)
    command = [
        java, *JVM, *(f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in OPENED),
        "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
        f"-Dlog4j.configurationFile={write('log4j.properties', LOGGING)}",
        "-cp", os.path.join(libraries, "*"), RUNNER,
        write("configuration.properties", "".join(f"{name}={value}\n" for name, value in configuration.items())),
        write("tables.sql", tables), write("query.sql", query["query"]), str(runs),
    ]
    # A tenth of the rate that two cores reach.
    seconds = 120 + (runs + 2) * (10 + events / 40_000)
    # Flink ends when its input does, so that it outlives this process in no case.
    alive, held = os.pipe()
    process = subprocess.Popen(command, stdin=alive, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.close(alive)
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise CannotMeasure(f"Flink did not end within {seconds:.0f} s") from None
    finally:
        os.close(held)
        if process.poll() is None:
            process.kill()
            process.communicate()
    lines = [line.split() for line in output.splitlines()]
    times = [int(line[1]) / 1000 for line in lines if line[:1] == ["milliseconds"]]
    sums = next(((int(line[1]), int(line[2])) for line in lines if line[:1] == ["sums"]), None)
    if process.returncode != 0 or sums is None or len(times) != runs:
        reason = next((line for line in errors.splitlines()[::-1] if "Exception" in line or "rror" in line), errors[-500:])
        raise CannotMeasure(f"Flink failed with code {process.returncode}: {reason.strip()}")
    return sums, times


LOGGING = """
rootLogger.level = ERROR
rootLogger.appenderRef.console.ref = console
appender.console.name = console
appender.console.type = CONSOLE
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %-5p %c{1} %m%n
"""


def split(events_file, work):
    """Deals the events out to as many files as there are tasks, for a local file is read by one task only. Returns how many
    there are, and the sum of their amounts."""
    folder = os.path.join(work, "events")
    os.mkdir(folder)
    files = [open(os.path.join(folder, f"{index}.json"), "wb") for index in range(PARALLELISM)]
    amount = re.compile(rb'"amount":(\d+)')
    events = total = turn = 0
    # Short pieces in turn, so that the tasks stay at about the same event time.
    with open(events_file, "rb") as source:
        while piece := source.read(1 << 20):
            piece += source.readline()
            events += piece.count(b"\n")
            total += sum(map(int, amount.findall(piece)))
            files[turn % PARALLELISM].write(piece)
            turn += 1
    for file in files:
        file.close()
    if events == 0:
        raise CannotMeasure(f"{events_file} holds no events")
    return events, total


def install():
    """Returns the folder with Flink's libraries, which come from PyPI the first time (330 MB)."""
    folder = os.path.join(FOLDER, f"flink-{VERSION}")
    if not os.path.isdir(folder):
        os.makedirs(FOLDER, exist_ok=True)
        partial = tempfile.mkdtemp(prefix="flink-install.", dir=FOLDER)
        try:
            must([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile",
                  "--root-user-action=ignore", "--target", partial, f"apache-flink-libraries=={VERSION}"],
                 f"cannot install apache-flink-libraries {VERSION}")
            os.rename(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return os.path.join(folder, "pyflink", "lib")


def find_java():
    java = java_17()
    if java is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        must(["apt-get", "-qq", "update"], "apt-get update failed", quiet)
        must(["apt-get", "-qq", "-y", "--no-install-recommends", "install", "openjdk-17-jre-headless"],
             "cannot install openjdk-17-jre-headless", quiet)
        java = java_17()
    if java is None:
        raise CannotMeasure("Flink needs Java 17: apt-get install openjdk-17-jre-headless")
    return java


def java_17():
    places = [os.path.join("/usr/lib/jvm", name, "bin", "java") for name in sorted(os.listdir("/usr/lib/jvm"))
              if name.startswith("java-17-openjdk")] if os.path.isdir("/usr/lib/jvm") else []
    for java in [*places, shutil.which("java")]:
        if java and os.path.exists(java):
            version = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
            if re.search(r'version "17\.', version):
                return java
    return None


def must(command, complaint, environment=None):
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise CannotMeasure(f"{complaint}: {lines[-1] if lines else f'code {done.returncode}'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("events", help="file with one JSON event a line")
    parser.add_argument("--runs", type=int, default=3, help="measured runs of each query, of which the median counts (3)")
    parser.add_argument("--query", choices=list(QUERIES), help="only this query")
    parser.add_argument("--json", metavar="FILE", help="write every figure by name into this file")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs has to be at least 1")
    # So that Flink ends, and its files go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        queries = [options.query] if options.query else list(QUERIES)
        rates = measure(options.events, options.runs, queries, say=lambda text: print(text, flush=True))
        figures = {f"flink_{name}_events_per_second": rate for name, rate in rates.items()}
        figures["flink_events_per_second"] = max(rates.values())
        if options.json:
            with open(options.json, "w") as file:
                json.dump(figures, file, indent=2, sort_keys=True)
                file.write("\n")
    except (CannotMeasure, OSError) as error:
        sys.exit(f"{parser.prog}: {error}")


if __name__ == "__main__":
    main()
