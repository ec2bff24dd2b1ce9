"""One maser server of a benchmark: its folder, its process, and the command line that speaks to it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time


class CannotMeasure(Exception):
    pass


class Server:
    """A server on a free port with mutual TLS, and its data in a folder of its own that goes with it."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = tempfile.mkdtemp(prefix="server.", dir=folder)
        self.certificates = os.path.join(self.folder, "certs")
        self.process = None
        self.port = free_port()
        self.is_plaintext = False
        subprocess.run([binary, "certs", self.certificates], check=True, stdout=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, memory="1GiB", variables=None, plaintext=False, flags=(), wrapper=()):
        """Returns the seconds until it serves. `wrapper` is a command that runs the server as its own."""
        self.is_plaintext = plaintext
        security = ["--plaintext"] if plaintext else [
            "--ca", self.file("ca.pem"), "--cert", self.file("server.pem"), "--key", self.file("server.key")]
        log = os.path.join(self.folder, "server.log")
        began = time.monotonic()
        with open(log, "w") as output:
            self.process = subprocess.Popen(
                [*wrapper, self.binary, "serve", "--data", os.path.join(self.folder, "data"), "--memory", memory,
                 "--endpoint", f"127.0.0.1:{self.port}", "--operations", "127.0.0.1:0", *security, *flags],
                stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(variables or {})})
        while True:
            with open(log) as text:
                said = text.read()
            if "listening on" in said:
                return time.monotonic() - began
            if self.process.poll() is not None or time.monotonic() > began + 120:
                raise CannotMeasure(f"the server did not start: {said[-500:]}")
            time.sleep(0.002)

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=120)
            self.process = None

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def file(self, name):
        return os.path.join(self.certificates, name)

    @property
    def variables(self):
        """What a command needs to reach it."""
        return {
            **os.environ, "MASER_ENDPOINT": f"127.0.0.1:{self.port}", "MASER_CA": self.file("ca.pem"),
            "MASER_CERT": self.file("client.pem"), "MASER_KEY": self.file("client.key"),
        }

    def maser(self, *arguments, **values):
        """Runs one command; returns what it prints, as JSON with `json=True`."""
        as_json = values.get("json", False)
        plaintext = ["--plaintext"] if self.is_plaintext else []
        command = [self.binary, *arguments, *plaintext, *(["--json"] if as_json else [])]
        done = subprocess.run(command, capture_output=True, text=True, env=self.variables)
        if done.returncode != 0:
            raise CannotMeasure(f"maser {' '.join(arguments)}: {done.stderr.strip()[-500:]}")
        return [json.loads(line) for line in done.stdout.splitlines()] if as_json else done.stdout

    def wait(self, app, at_most=None):
        """Whether the app has applied all that its categories have, within so many seconds."""
        try:
            subprocess.run(
                [self.binary, "bench", "wait", app], check=True, timeout=at_most, env=self.variables,
                stdout=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return False
        return True

    def lag(self, app):
        """Records that the app has yet to apply."""
        lines = self.maser("status", json=True)
        return next(line["lag"] for line in lines if line["kind"] == "app" and line["app"] == app)

    def deploy(self, sql):
        path = os.path.join(self.folder, "app.sql")
        with open(path, "w") as file:
            file.write(sql)
        self.maser("deploy", path)

    def resident_mib(self):
        """The most that was resident since the process began."""
        with open(f"/proc/{self.process.pid}/status") as status:
            line = next(line for line in status if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def stages(self, app):
        """Seconds by stage, summed over threads."""
        lines = self.maser("status", json=True)
        return next(line["stage_seconds"] for line in lines if line["kind"] == "app" and line["app"] == app)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
