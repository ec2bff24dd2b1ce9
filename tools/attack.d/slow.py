"""Those who take their time: handshakes and requests byte by byte, silent, stopped and vanished peers."""

import os
import selectors
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time

import speech
from maser_client import messages
from trial import Skipped, attack

# What the server allows from the TCP connection to the first frame, and what a busy machine adds.
HANDSHAKE_SECONDS, GRACE = 10, 8


def client_hello(victim):
    """The first flight of a TLS client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = victim.context().wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise RuntimeError("a handshake without a peer has ended")


def drip(streams, bytes_of, seconds, pause):
    """Sends every stream its bytes one at a time; gives when each was closed by its peer, or None."""
    closed, began = {}, time.monotonic()
    index = 0
    while time.monotonic() - began < seconds and len(closed) < len(streams):
        for stream in streams:
            if stream in closed:
                continue
            data = bytes_of(stream)
            try:
                if index < len(data):
                    stream.sendall(data[index : index + 1])
                if has_ended(stream):
                    closed[stream] = time.monotonic() - began
            except OSError:
                closed[stream] = time.monotonic() - began
        index += 1
        time.sleep(pause)
    return closed


def has_ended(stream):
    """Whether the peer has closed; what it says before is thrown away."""
    stream.settimeout(0)
    try:
        while True:
            if not stream.recv(4096):
                return True
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    finally:
        stream.settimeout(30)


@attack("slow-loris handshakes", "silent TCP, a ClientHello byte by byte, TLS and no first frame, a first frame byte by byte", 64)
def slow_handshakes(trial):
    count = trial.size(100, 10)
    context = trial.victim.context()
    kinds = {"silent": [], "ClientHello": [], "no frame": [], "hello": []}
    hello = client_hello(trial.victim)
    for _ in range(count):
        kinds["silent"].append(trial.victim.tcp())
        kinds["ClientHello"].append(trial.victim.tcp())
        kinds["no frame"].append(trial.victim.tls(context))
        kinds["hello"].append(trial.victim.tls(context))
    content = {stream: b"" for stream in kinds["silent"] + kinds["no frame"]}
    # Half of it at most: nobody gets to its end.
    content.update({stream: hello[: len(hello) // 2] for stream in kinds["ClientHello"]})
    content.update({stream: speech.HELLO[: len(speech.HELLO) - 1] for stream in kinds["hello"]})
    closed = drip(list(content), content.get, HANDSHAKE_SECONDS + GRACE, 0.25)
    for kind, streams in kinds.items():
        times = [closed[stream] for stream in streams if stream in closed]
        trial.expect(len(times) == count, f"{kind}: {count - len(times)} of {count} are still open")
    trial.see(f"all {len(closed)} closed after {max(closed.values(), default=0):.0f} s")
    for stream in content:
        stream.close()


@attack("slow-loris requests", "a request byte by byte on connections that said hello, and frames that never end", 64)
def slow_requests(trial):
    count = trial.size(200, 20)
    context = trial.victim.context()
    streams = [trial.victim.tls(context) for _ in range(count)]
    for stream in streams:
        speech.say_hello(stream)
    request = speech.get(1, "cities", "city7")
    whole, halves = streams[::2], streams[1::2]
    for index in range(len(request)):
        for stream in whole:
            stream.sendall(request[index : index + 1])
        for stream in halves:
            if index < len(request) // 2:
                stream.sendall(request[index : index + 1])
        time.sleep(0.02)
    answers = speech.in_threads(len(whole), lambda index: speech.receive_frame(whole[index])[0])
    trial.expect(all(status == 0 for status in answers), f"not answered: {speech.tally(answers)}")
    trial.see(f"{len(whole)} answered when their last byte came; {len(halves)} that never end hold a few bytes each")
    for stream in streams:
        stream.close()


STOPPED = """
import sys, ssl, socket, time
sys.path[:0] = sys.argv[1].split(":")
import speech
from victim import *
port, ca, certificate, key, count = int(sys.argv[2]), *sys.argv[3:6], int(sys.argv[6])
context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca)
context.load_cert_chain(certificate, key)
streams = []
for _ in range(count):
    stream = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="127.0.0.1")
    speech.say_hello(stream)
    streams.append(stream)
for number in range(1, 65):
    for stream in streams:
        stream.sendall(speech.scan(number, "books"))
print("asked", flush=True)
time.sleep(3600)
"""


@attack("stopped clients", "processes are stopped by SIGSTOP while scans of large rows are on their way to them", 300)
def stopped_clients(trial):
    victim, here = trial.victim, os.path.dirname(os.path.abspath(__file__))
    paths = ":".join([here, os.path.join(here, "..", "examples")])
    names = [victim.file(name) for name in ("ca.pem", "client.pem", "client.key")]
    before = victim.descriptors
    processes = []
    try:
        for _ in range(trial.size(10, 2)):
            process = subprocess.Popen(
                [sys.executable, "-B", "-c", STOPPED, paths, str(victim.port), *names, "5"], stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL)
            processes.append(process)
        for process in processes:
            trial.expect(process.stdout.readline() == b"asked\n", "one could not ask")
            process.send_signal(signal.SIGSTOP)
        count = 5 * len(processes)
        time.sleep(trial.size(10, 1))
        trial.see(f"{count} connections: served no further, and let go when they end")
    finally:
        for process in processes:
            process.kill()
            process.wait()
            process.stdout.close()
    expect_descriptors(trial, before)


def expect_descriptors(trial, before, seconds=20):
    """The server lets go of what is over. The polite client may have one more open than before."""
    deadline = time.monotonic() + seconds
    while trial.victim.descriptors > before + 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    left = trial.victim.descriptors - before
    trial.expect(left <= 2, f"{left} descriptors more than before are open")


@attack("clients that never read", "pipelined scans of large rows on connections that read nothing", 300)
def never_reads(trial):
    count, requests = trial.size(40, 8), trial.size(2000, 200)
    context = trial.victim.context()
    before = trial.victim.descriptors
    streams = []
    for _ in range(count):
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.settimeout(30)
        plain.connect(("127.0.0.1", trial.victim.port))
        stream = context.wrap_socket(plain, server_hostname="127.0.0.1")
        speech.say_hello(stream)
        streams.append(stream)
    asked = b"".join(speech.scan(number, "books") for number in range(1, requests + 1))
    for stream in streams:
        stream.settimeout(0)
        try:
            stream.send(asked)
        except (BlockingIOError, ssl.SSLWantWriteError, OSError):
            pass
    time.sleep(trial.size(15, 3))
    trial.see(f"{count} connections with {requests} requests each: served no further, and let go")
    for stream in streams:
        stream.close()
    expect_descriptors(trial, before)


TCP_REPAIR = 19


@attack("half-open connections", "clients that vanish without a FIN", 64)
def half_open(trial):
    """A socket in repair mode goes without a word. What the server sends it later is answered with a reset."""
    context = trial.victim.context()
    before = trial.victim.descriptors
    probe = socket.socket()
    try:
        probe.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    except OSError as error:
        raise Skipped(f"this user may not let a socket vanish ({error.strerror})")
    finally:
        probe.close()
    streams = [trial.victim.tls(context) for _ in range(trial.size(200, 20))]
    for stream in streams:
        speech.say_hello(stream)
        # No answer is on its way when it goes: nobody has told the server anything.
        stream.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        stream.close()
    if trial.is_short:
        trial.see(f"{len(streams)} vanished; each holds one connection until it is noticed")
        return
    began = time.monotonic()
    expect_descriptors(trial, before, seconds=180)
    trial.see(f"{len(streams)} vanished; all noticed after {time.monotonic() - began:.0f} s")
