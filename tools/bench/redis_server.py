"""Redis of a benchmark: a server on a free loopback port, and its mass insertion."""

import os
import re
import shutil
import subprocess
import tempfile
import time

from maser_server import CannotMeasure, free_port

PACKAGES = {"redis-server": "redis-server", "redis-cli": "redis-tools", "db_bench": "rocksdb-tools"}


class Redis:
    """Keeps everything in memory and nothing on the disk, which is the fastest that it can be told to be."""

    def __init__(self, folder):
        self.folder = tempfile.mkdtemp(prefix="redis.", dir=folder)
        self.port = free_port()
        self.process = None

    def __enter__(self):
        with open(os.path.join(self.folder, "log"), "w") as log:
            self.process = subprocess.Popen(
                [find("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                 "--dir", self.folder], stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 30
        while self.cli("ping") != "PONG":
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise CannotMeasure("redis-server did not start")
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def cli(self, *arguments):
        done = subprocess.run(
            [find("redis-cli"), "-p", str(self.port), *arguments], capture_output=True, text=True)
        return done.stdout.strip()

    def insert(self, path, rows):
        """Sends the commands of a file, one a row; returns the seconds until all are answered."""
        with open(path, "rb") as commands:
            began = time.monotonic()
            done = subprocess.run(
                [find("redis-cli"), "-p", str(self.port), "--pipe"], stdin=commands, capture_output=True, text=True)
            seconds = time.monotonic() - began
        if not re.search(rf"errors: 0, replies: {rows}\b", done.stdout) or self.cli("dbsize") != str(rows):
            raise CannotMeasure(f"redis-cli --pipe: {(done.stderr or done.stdout).strip()[-300:]}")
        return seconds


def fillseq(rows, key_bytes, value_bytes, folder):
    """Rows a second that RocksDB's own benchmark puts in the order of their keys, in one thread."""
    path = tempfile.mkdtemp(prefix="db_bench.", dir=folder)
    try:
        done = subprocess.run(
            [find("db_bench"), "--benchmarks=fillseq", f"--num={rows}", f"--key_size={key_bytes}",
             f"--value_size={value_bytes}", f"--db={path}"], capture_output=True, text=True)
        found = re.search(r"fillseq\s*:.*?(\d+) ops/sec", done.stdout)
        if done.returncode != 0 or not found:
            raise CannotMeasure(f"db_bench: {(done.stderr or done.stdout).strip()[-300:]}")
        return int(found[1])
    finally:
        shutil.rmtree(path, ignore_errors=True)


def find(program):
    """The program's path; of Debian, which is asked for it where it is missing."""
    path = shutil.which(program)
    if path is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "-qq", "update"], capture_output=True, env=quiet)
        subprocess.run(
            ["apt-get", "-qq", "-y", "--no-install-recommends", "install", PACKAGES[program]], capture_output=True, env=quiet)
        path = shutil.which(program)
    if path is None:
        raise CannotMeasure(f"{program} is missing: apt-get install {PACKAGES[program]}")
    return path
