"""Maser and Redis with the same rows, and the generator that drives either."""

import json
import os
import subprocess
import threading

from machine import FOLDER
from maser_server import CannotMeasure, Server
from redis_server import Redis

BURST = 50
CONNECTIONS = 16
TABLE = "lookup"
ROW_BYTES = 116
DEPLOY = f"CREATE TABLE {TABLE} (key STRING, value STRING) PRIMARY KEY (key);"


class Pair:
    """Both servers, loaded; or Maser alone with `redis=False`. `hot_rows_share` is the part of the data that the hot-row cache may
    hold; None leaves that to the server."""

    def __init__(self, binary, drive, keys, hot_rows_share=None, redis=True, memory="1GiB"):
        self.program, self.keys, self.memory = drive, keys, memory
        self.flags = ["--hot-rows", f"{int(keys * ROW_BYTES * hot_rows_share)}B"] if hot_rows_share else []
        self.redis = None
        self.maser = Server(binary, FOLDER)
        try:
            self.maser.start(memory=memory)
            self.maser.deploy(DEPLOY)
            self.load_maser()
            self.serve(tls=False)
            if redis:
                self.redis = Redis(FOLDER, self.maser.certificates).__enter__()
                self.load_redis()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.redis is not None:
            self.redis.__exit__()
        self.maser.__exit__()

    def load_maser(self):
        path = self.rows("csv")
        try:
            [answer] = self.maser.maser(
                "load", TABLE, path, "--memory", self.memory, "--work", os.path.join(self.maser.folder, "work"), json=True)
        finally:
            os.remove(path)
        if answer["rows"] != self.keys:
            raise CannotMeasure(f"{answer['rows']} rows serve, instead of {self.keys}")

    def load_redis(self):
        path = self.rows("redis")
        try:
            self.redis.insert(path, self.keys)
        finally:
            os.remove(path)

    def rows(self, format):
        path = os.path.join(self.maser.folder, f"rows.{format}")
        with open(path, "w") as file:
            subprocess.run([self.program, "rows", format, "--keys", str(self.keys)], check=True, stdout=file)
        return path

    def serve(self, tls, **how):
        """Has Maser serve in plaintext or over TLS, from the same data folder."""
        if self.maser.process is None or self.maser.is_plaintext == tls or how:
            self.maser.stop()
            self.maser.start(memory=self.memory, plaintext=not tls, flags=self.flags, **how)

    def drive(self, server, samples_memory=False, keys=None, **options):
        """One run of maser-drive; its figures."""
        port, pid, tls = self.maser.port, self.maser.process.pid, not self.maser.is_plaintext
        if server == "redis":
            port, pid = (self.redis.tls_port if tls else self.redis.port), self.redis.process.pid
        command = [self.program, "lookups", server, "--port", str(port), "--pid", str(pid), "--keys", str(keys or self.keys)]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        if tls:
            command += [word for flag, file in (("ca", "ca.pem"), ("cert", "client.pem"), ("key", "client.key"))
                        for word in (f"--{flag}", self.maser.file(file))]
        with ResidentMemory(pid, samples_memory) as memory:
            done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise CannotMeasure(f"maser-drive: {done.stderr.strip()[-500:]}")
        return {**json.loads(done.stdout), "resident_mib": memory.greatest_mib}


class ResidentMemory:
    """The most that a process had resident while it was looked at, a few times a second."""

    def __init__(self, pid, looks):
        self.path = f"/proc/{pid}/status"
        self.greatest_mib = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True) if looks else None

    def __enter__(self):
        if self.thread:
            self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        if self.thread:
            self.thread.join()

    def look(self):
        while not self.ended.wait(0.2):
            with open(self.path) as status:
                line = next(line for line in status if line.startswith("VmRSS"))
            self.greatest_mib = max(self.greatest_mib, int(line.split()[1]) / 1024)
