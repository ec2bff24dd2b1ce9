"""The server under test: one data folder, many deaths."""

import json
import os
import signal
import socket
import subprocess
import time

import control
from maser_client import Client
from maser_client.frames import Connection, tls


class Broken(Exception):
    """What may not be, whatever happened before: a server that does not come back, an append that is not taken."""


class Server:
    start_seconds = 60
    command_seconds = 60

    def __init__(self, binary, folder, library, shared, disk=None, variables=None):
        self.binary, self.folder, self.library, self.shared, self.disk = binary, folder, library, shared, disk
        self.variables = variables or {}
        self.data = os.path.join(folder, "data")
        self.certificates = os.path.join(folder, "certs")
        self.port = free_port()
        self.starts = 0
        self.process = None
        subprocess.run([binary, "certs", self.certificates], check=True, stdout=subprocess.DEVNULL)

    # Life and death

    def spawn(self):
        self.starts += 1
        self.shared.clear_trap()
        self.log_path = os.path.join(self.folder, f"server-{self.starts}.log")
        self.journal = os.path.join(self.folder, f"journal-{self.starts}") if self.disk else None
        graveyard = self.disk.graveyard if self.disk else None
        variables = control.environment(self.library, self.shared, self.data, self.journal, graveyard)
        command = [
            self.binary, "serve", "--data", self.data, "--endpoint", f"127.0.0.1:{self.port}",
            "--operations", "127.0.0.1:0", "--memory", "64MiB", "--shards", "4",
            "--ca", self.file("ca.pem"), "--cert", self.file("server.pem"), "--key", self.file("server.key"),
        ]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **self.variables, **variables})

    @property
    def is_listening(self):
        return "listening on" in self.log

    @property
    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def wait_until_listening(self):
        deadline = time.monotonic() + self.start_seconds
        while time.monotonic() < deadline:
            if self.is_listening:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.003)
        ended = self.process.poll()
        what = "does not listen" if ended is None else f"ended with {ended}"
        raise Broken(f"start {self.starts}: the server {what}:\n{self.log[-3000:]}")

    def start(self):
        self.spawn()
        self.wait_until_listening()

    @property
    def has_ended(self):
        return self.process.poll() is not None

    def kill(self):
        """Sends SIGKILL, waits for the end, and tells what the disk has to know. Whether it was this that ended it."""
        self.process.send_signal(signal.SIGKILL)
        return self.wait_for_end() == -signal.SIGKILL and self.shared.sprung is None

    def wait_for_end(self):
        code = self.process.wait(60)
        # A process that was killed at its very beginning has none.
        if self.journal and os.path.exists(self.journal):
            self.disk.read(self.journal)
            os.remove(self.journal)
            self.journal = None
        return code

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def end(self):
        """For good, however the run went."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(60)

    # Callers

    def file(self, name):
        return os.path.join(self.certificates, name)

    @property
    def credentials(self):
        return [self.file(name) for name in ("ca.pem", "client.pem", "client.key")]

    def client(self, timeout=20):
        return Client("127.0.0.1", self.port, *self.credentials, timeout)

    def connect_through(self, port):
        return lambda timeout: Connection(tls("127.0.0.1", port(), *self.credentials, timeout), timeout)

    def begin_command(self, *arguments):
        """Starts a command of `maser` for this server."""
        names = ("MASER_CA", "MASER_CERT", "MASER_KEY")
        variables = {"MASER_ENDPOINT": f"127.0.0.1:{self.port}", **dict(zip(names, self.credentials))}
        return subprocess.Popen(
            [self.binary, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, **variables}, text=True)

    def command(self, *arguments):
        """Runs a command to its end; its exit code and what it said."""
        process = self.begin_command(*arguments)
        try:
            said, _ = process.communicate(timeout=self.command_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return None, process.communicate()[0]
        return process.returncode, said

    def must(self, *arguments):
        code, said = self.command(*arguments)
        if code != 0:
            raise RuntimeError(f"maser {' '.join(arguments)} gave {code}: {said}")
        return said

    def lag(self):
        """Records that wait to be applied, and what is wrong with an app, by the status."""
        client = self.client()
        try:
            status = client.connection.call("status")
        finally:
            client.close()
        wrong = [f"{app['name']} is {app['state']}: {app['failure']}" for app in status["apps"] if app["state"] != "running"]
        buckets = [bucket for app in status["apps"] for bucket in app["buckets"]]
        return sum(bucket["end"] - bucket["position"] for bucket in buckets), wrong

    def wait_until_applied(self, seconds=120):
        deadline = time.monotonic() + seconds
        while True:
            lag, wrong = self.lag()
            if lag == 0 and not wrong:
                return
            has_failed = any(" is failed: " in each for each in wrong)
            if has_failed or time.monotonic() > deadline:
                raise RuntimeError(f"{lag} records are not applied; {json.dumps(wrong)}")
            time.sleep(0.02)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
