"""Redis of a benchmark: a server on a free loopback port, and its mass insertion."""

import os
import re
import shutil
import subprocess
import tempfile
import time

from maser_server import CannotMeasure, free_port

PACKAGES = {
    "redis-server": "redis-server", "redis-cli": "redis-tools", "redis-benchmark": "redis-tools", "db_bench": "rocksdb-tools",
    "valgrind": "valgrind", "callgrind_control": "valgrind", "cc": "gcc", "strip": "binutils",
}


class Redis:
    """Keeps everything in memory and nothing on the disk, which is the fastest that it can be told to be."""

    def __init__(self, folder, certificates=None):
        """With a folder of certificates, as `maser certs` makes them, it listens on `tls_port` as well."""
        self.folder = tempfile.mkdtemp(prefix="redis.", dir=folder)
        self.port = free_port()
        self.tls_port = free_port()
        self.certificates = certificates
        self.process = None

    def __enter__(self):
        with open(os.path.join(self.folder, "log"), "w") as log:
            self.process = subprocess.Popen(
                [find("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                 "--dir", self.folder, *self.tls()], stdout=log, stderr=subprocess.STDOUT)
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

    def tls(self):
        if self.certificates is None:
            return []
        flags = {"cert-file": "server.pem", "key-file": "server.key", "ca-cert-file": "ca.pem"}
        paths = [(f"--tls-{flag}", os.path.join(self.certificates, file)) for flag, file in flags.items()]
        return ["--tls-port", str(self.tls_port), *(word for pair in paths for word in pair)]

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


    def benchmark(self, connections, pipeline, requests, keys, value_bytes):
        """Lookups a second that redis-benchmark reaches with GETs of keys at random."""
        done = subprocess.run(
            [find("redis-benchmark"), "-p", str(self.port), "-t", "get", "-c", str(connections), "-P", str(pipeline), "-n",
             str(requests), "-r", str(keys), "-d", str(value_bytes), "--csv"], capture_output=True, text=True)
        found = re.search(r'^"GET","([0-9.]+)"', done.stdout, re.MULTILINE)
        if done.returncode != 0 or not found:
            raise CannotMeasure(f"redis-benchmark: {(done.stderr or done.stdout).strip()[-300:]}")
        return float(found[1])


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
