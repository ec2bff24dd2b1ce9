"""Frames as an attacker writes them: whole, in pieces, and with lengths that are lies."""

import struct
import threading

from maser_client import keys, messages
from maser_client.frames import HEADER, OPERATIONS, PROTOCOL


def frame(operation, request_id, message, length=None):
    claimed = HEADER.size - 4 + len(message) if length is None else length
    return HEADER.pack(claimed, OPERATIONS[operation][0], 0, 0, request_id, 0) + message


HELLO = frame("hello", 0, messages.encode("Hello", {"protocol": PROTOCOL, "software": "attack"}))


def get(request_id, table="cities", *key):
    asked = keys.encode(key, ["STRING"] * len(key))
    return frame("get", request_id, messages.encode("GetRequest", {"tables": [{"table": table, "keys": [asked]}]}))


def scan(request_id, table):
    return frame("scan", request_id, messages.encode("ScanRequest", {"table": table}))


def failure_in(data):
    """The code and words of the last failure among whole frames; None where there is none."""
    at, found = 0, None
    while at + HEADER.size <= len(data):
        length, _, _, status, _, _ = HEADER.unpack_from(data, at)
        if at + 4 + length > len(data):
            break
        if status:
            failure = messages.decode("Failure", data[at + HEADER.size : at + 4 + length])
            found = status, failure["message"]
        at += 4 + length
    return found


def read_until_closed(stream, most=1 << 20):
    """What comes until the peer closes, and whether it did."""
    data = bytearray()
    try:
        while len(data) < most:
            part = stream.recv(65536)
            if not part:
                return bytes(data), True
            data += part
    except TimeoutError:
        return bytes(data), False
    except OSError:
        return bytes(data), True
    return bytes(data), False


def say_hello(stream):
    """Introduces itself, and takes the answer."""
    stream.sendall(HELLO)
    return receive_frame(stream)


def receive_frame(stream):
    """The status and message of the next frame."""
    header = exactly(stream, HEADER.size)
    length, _, _, status, _, _ = HEADER.unpack(header)
    return status, exactly(stream, length - HEADER.size + 4)


def exactly(stream, count):
    data = b""
    while len(data) < count:
        part = stream.recv(count - len(data))
        if not part:
            raise ConnectionError("the server closed the connection")
        data += part
    return data


def in_threads(count, body):
    """Runs body(index) in so many threads; gives what they returned or threw, in order."""
    results = [None] * count

    def work(index):
        try:
            results[index] = body(index)
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=work, args=(index,), daemon=True) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def tally(results):
    """How often each thing was seen, as words."""
    counts = {}
    for result in results:
        said = f"{type(result).__name__}: {result}" if isinstance(result, Exception) else str(result)
        counts[said] = counts.get(said, 0) + 1
    return "; ".join(f"{count} x {said}" if count > 1 else said for said, count in sorted(counts.items()))


def little_endian(number):
    return struct.pack("<I", number)
