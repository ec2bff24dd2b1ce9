"""The server that is attacked: its process, its memory, and the certificates of those who may and may not come in."""

import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from maser_client import Client

SQL = """
CREATE APPLICATION shop OPTIONS (checkpoint = '50 ms');
CREATE CATEGORY orders BUCKETS 2 BY id FORMAT JSON;
CREATE INPUT TABLE orders (at TIMESTAMP, id INT64, amount INT64) FROM CATEGORY 'orders' TIME at;
CREATE TABLE by_id AS SELECT id, COUNT(*) AS times, SUM(amount) AS amount FROM orders GROUP BY id;
CREATE TABLE cities (city STRING, people INT64) PRIMARY KEY (city);
CREATE TABLE books (id INT64, text STRING) PRIMARY KEY (id);
"""

CITIES = 1000
BOOKS = 4000
BOOK_BYTES = 4000


class Victim:
    """A server with mutual TLS on a free port of loopback, in a folder that goes with it."""

    def __init__(self, binary, *flags):
        self.binary, self.flags = binary, list(flags)
        self.folder = tempfile.mkdtemp(prefix="maser-attack.")
        self.certificates = os.path.join(self.folder, "certs")
        self.process, self.port = None, 0
        self.log_path = os.path.join(self.folder, "server.log")
        subprocess.run([binary, "certs", self.certificates], check=True, stdout=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        command = [
            self.binary, "serve", "--data", os.path.join(self.folder, "data"), "--memory", "128MiB", "--shards", "4",
            "--endpoint", "127.0.0.1:0", "--operations", "127.0.0.1:0",
            "--ca", self.file("ca.pem"), "--cert", self.file("server.pem"), "--key", self.file("server.key"), *self.flags,
        ]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            found = re.search(r"listening on \S*:(\d+)", self.log)
            if found:
                self.port = int(found.group(1))
                return self
            time.sleep(0.01)
        raise RuntimeError(f"the server does not start:\n{self.log}")

    def fill(self):
        """A table of small rows for those who are polite, and one of large rows for those who are not."""
        sql, cities, books = (os.path.join(self.folder, name) for name in ("shop.sql", "cities.csv", "books.csv"))
        with open(sql, "w") as file:
            file.write(SQL)
        with open(cities, "w") as file:
            file.write("city,people\n" + "".join(f"city{number},{number}\n" for number in range(CITIES)))
        with open(books, "w") as file:
            file.write("id,text\n" + "".join(f"{number},{os.urandom(BOOK_BYTES // 2).hex()}\n" for number in range(BOOKS)))
        for command in (["deploy", sql], ["load", "cities", cities], ["load", "books", books]):
            self.maser(*command)

    def maser(self, *arguments):
        done = subprocess.run(
            [self.binary, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            env={**os.environ, **self.environment})
        if done.returncode:
            raise RuntimeError(f"maser {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    @property
    def environment(self):
        return {
            "MASER_ENDPOINT": f"127.0.0.1:{self.port}", "MASER_CA": self.file("ca.pem"),
            "MASER_CERT": self.file("client.pem"), "MASER_KEY": self.file("client.key"),
        }

    # What is seen of it from outside

    @property
    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    @property
    def is_alive(self):
        return self.process.poll() is None

    @property
    def resident_mib(self):
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize() / (1 << 20)

    @property
    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    # Ways in

    def file(self, name):
        return os.path.join(self.certificates, name)

    def context(self, certificate="client.pem", key="client.key"):
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=self.file("ca.pem"))
        if certificate:
            context.load_cert_chain(self.file(certificate), self.file(key))
        return context

    def tcp(self, timeout=30):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def tls(self, context=None, timeout=30, **options):
        plain = self.tcp(timeout)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return (context or self.context()).wrap_socket(plain, server_hostname="127.0.0.1", **options)
        except BaseException:
            plain.close()
            raise

    def client(self, certificate="client.pem", key="client.key", timeout=20):
        return Client("127.0.0.1", self.port, *map(self.file, ("ca.pem", certificate, key)), timeout)


class Memory:
    """The most that the server has resident while this is open, looked at all the while."""

    def __init__(self, victim):
        self.victim, self.is_over = victim, threading.Event()

    def __enter__(self):
        self.before = self.most = self.victim.resident_mib
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
        return self

    def watch(self):
        while not self.is_over.wait(0.02):
            try:
                self.most = max(self.most, self.victim.resident_mib)
            except (OSError, IndexError):
                return

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()

    @property
    def growth(self):
        return max(0.0, self.most - self.before)


def raise_own_descriptor_limit(wanted):
    """So many sockets as can be opened of those that are wanted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limits in ((max(wanted, soft), max(wanted, hard)), (hard, hard)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            break
        except (OSError, ValueError):
            continue
    return min(wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
