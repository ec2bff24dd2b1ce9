"""Many at once: idle connections, a flood of requests, a flood of garbage."""

import os
import random
import socket
import threading
import time

import speech
from slow import expect_descriptors
from trial import attack
from victim import raise_own_descriptor_limit

# Of an idle connection with TLS.
KIB_PER_CONNECTION = 100


@attack("10,000 connections", "idle, with mutual TLS, each of which then asks once", 10_000 * KIB_PER_CONNECTION // 1024)
def many_connections(trial):
    wanted = trial.size(10_000, 300)
    count = min(wanted, raise_own_descriptor_limit(wanted + 200) - 200)
    trial.expect(count == wanted, f"this user may open {count} sockets only")
    context, before = trial.victim.context(), trial.victim.descriptors
    resident = trial.victim.resident_mib
    streams = []

    def connect(index):
        for _ in range(index, count, 4):
            stream = trial.victim.tls(context)
            speech.say_hello(stream)
            streams.append(stream)

    began = time.monotonic()
    failed = [error for error in speech.in_threads(4, connect) if error]
    took = time.monotonic() - began
    trial.expect(not failed, f"not all came in: {speech.tally(failed)}")
    each = (trial.victim.resident_mib - resident) * 1024 / max(1, len(streams))
    trial.expect(trial.is_short or each <= KIB_PER_CONNECTION, f"{each:.0f} KiB for each connection")
    time.sleep(trial.size(3, 0.2))

    def ask(index):
        for stream in streams[index::4]:
            stream.sendall(speech.get(1, "cities", "city1"))
            status, _ = speech.receive_frame(stream)
            if status:
                raise RuntimeError(f"status {status}")

    failed = [error for error in speech.in_threads(4, ask) if error]
    trial.expect(not failed, f"not all were answered: {speech.tally(failed)}")
    trial.see(f"{len(streams)} came in within {took:.0f} s, {each:.0f} KiB each, and all were answered")
    for stream in streams:
        stream.close()
    expect_descriptors(trial, before)


@attack("more handshakes than there is room for", "TCP connections that say nothing, three times the server's 1,024", 64)
def too_many_handshakes(trial):
    count = min(trial.size(3000, 100), raise_own_descriptor_limit(3200) - 200)
    before = trial.victim.descriptors
    streams = [trial.victim.tcp() for _ in range(count)]
    began = time.monotonic()
    time.sleep(trial.size(5, 0.5))
    # Among so many silent ones those who speak come in.
    stream = trial.victim.tls(timeout=10)
    speech.say_hello(stream)
    stream.close()
    trial.see(f"{count} at once; the next that speaks is let in {(time.monotonic() - began):.1f} s later")
    for each in streams:
        each.close()
    expect_descriptors(trial, before)


@attack("a flood of requests", "connections that send gets as fast as they can, 50,000 unanswered", 128)
def flood_of_requests(trial):
    context, end = trial.victim.context(), time.monotonic() + trial.seconds
    burst = b"".join(speech.get(number, "cities", f"city{number}") for number in range(1, 501))

    def send(stream):
        try:
            while time.monotonic() < end:
                stream.sendall(burst)
        except OSError:
            pass

    def one(_):
        stream = trial.victim.tls(context)
        speech.say_hello(stream)
        sender = threading.Thread(target=send, args=(stream,), daemon=True)
        sender.start()
        received = 0
        while time.monotonic() < end:
            received += len(stream.recv(1 << 18))
        stream.close()
        sender.join()
        return received

    received = speech.in_threads(trial.size(8, 2), one)
    trial.expect(all(isinstance(count, int) for count in received), speech.tally(received))
    trial.see(f"{sum(count for count in received if isinstance(count, int)) >> 20} MiB of answers")


@attack("a flood of garbage", "random bytes instead of TLS, and instead of frames within TLS, from 8 threads", 64)
def flood_of_garbage(trial):
    context, end = trial.victim.context(), time.monotonic() + trial.seconds
    before, lines = trial.victim.descriptors, trial.victim.log.count("\n")
    generator = random.Random(1)
    pieces = [generator.randbytes(size) for size in (600, 5000, 100_000)]

    def one(index):
        connections, left_open = 0, 0
        while time.monotonic() < end:
            stream = trial.victim.tls(context) if index % 2 else trial.victim.tcp()
            stream.settimeout(15)
            try:
                # Not only the first byte: what looks like a record, or a frame, gets further.
                opening = (b"\x16\x03\x01\x02\x00", speech.HELLO, b"\xff\xff\xff\xff", b"")[connections % 4]
                stream.sendall(opening + pieces[connections % len(pieces)])
                stream.shutdown(socket.SHUT_WR) if index % 4 == 0 else None
                _, was_closed = speech.read_until_closed(stream)
                left_open += not was_closed
            except OSError:
                pass
            finally:
                stream.close()
            connections += 1
        return connections, left_open

    results = speech.in_threads(trial.size(8, 4), one)
    done = [result for result in results if isinstance(result, tuple)]
    trial.expect(len(done) == len(results), speech.tally(results))
    trial.expect(sum(left for _, left in done) == 0, f"{sum(left for _, left in done)} were not closed")
    count, said = sum(count for count, _ in done), trial.victim.log.count("\n") - lines
    trial.see(f"{count} connections, all closed, with {said} lines in the log")
    # Some tens at once, and then a few a second.
    trial.expect(said <= 100 + 10 * trial.seconds, f"{said} lines in the log")
    expect_descriptors(trial, before)
