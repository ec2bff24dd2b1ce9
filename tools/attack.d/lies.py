"""Lengths that are lies: of frames, and of what is within their messages."""

import random
import time

import speech
from maser_client import messages
from maser_client.frames import HEADER
from trial import attack

TOO_LARGE, MALFORMED_FRAME, MALFORMED_MESSAGE = 5, 1, 4
INVALID_ARGUMENT, INTERNAL, STORAGE = 17, 50, 48


def refusal(trial, context, data, says_hello):
    stream = trial.victim.tls(context)
    try:
        if says_hello:
            speech.say_hello(stream)
        stream.sendall(data)
        answer, was_closed = speech.read_until_closed(stream)
        failure = speech.failure_in(answer)
        return (failure[0] if failure else None), was_closed
    finally:
        stream.close()


@attack("frames that claim 4 GiB", "before and after hello; frames that claim 16 MiB and hold back; lengths within messages", 96)
def four_gib(trial):
    context = trial.victim.context()
    claim = speech.little_endian(0xFFFF_FFFF) + bytes(16)
    for says_hello in (False, True):
        answers = [refusal(trial, context, claim, says_hello) for _ in range(trial.size(100, 5))]
        trial.expect(set(answers) == {(TOO_LARGE, True)}, f"4 GiB, hello {says_hello}: {speech.tally(answers)}")
    short = refusal(trial, context, speech.little_endian(3) + bytes(16), True)
    trial.expect(short == (MALFORMED_FRAME, True), f"a frame of 3 bytes: {short}")
    trial.see("closed with code 5 (frame too large)")

    # What it claims is allowed, and never comes.
    streams = [trial.victim.tls(context) for _ in range(trial.size(500, 30))]
    for stream in streams:
        speech.say_hello(stream)
        stream.sendall(speech.frame("get", 1, bytes(10), length=(16 << 20) - 4))
    time.sleep(trial.size(3, 0.3))
    for stream in streams:
        stream.close()
    trial.see("16 MiB that never come take no room")

    # A length within a message reaches beyond it.
    stream = trial.victim.tls(context)
    speech.say_hello(stream)
    for request_id, (operation, message) in enumerate(lying_messages(), 1):
        stream.sendall(speech.frame(operation, request_id, message))
        status, _ = speech.receive_frame(stream)
        trial.expect(status == MALFORMED_MESSAGE, f"{operation} {message.hex()}: status {status}")
    stream.sendall(speech.get(99, "cities", "city1"))
    trial.expect(speech.receive_frame(stream)[0] == 0, "the connection does not go on after malformed messages")
    stream.close()
    trial.see("within messages code 4, and the connection goes on")


def lying_messages():
    """Messages of which a field claims 4 GiB, and one that claims more than 64 bits."""
    claims = [b"\xff\xff\xff\xff\x0f", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\xff" * 10 + b"\x7f", b"\x05"]
    for operation in ("get", "scan", "fold", "append", "read", "seek", "describe table", "open producer"):
        for claim in claims:
            yield operation, b"\x0a" + claim
    # Of what the generated code reads, a position with a field that has no number.
    yield "fold", messages.encode("FoldRequest", {"table": "by_id", "key": b"\x14"}) + b"\x32\x04\x12\x02\x01\x06"
    nested = messages.encode("TableKeys", {"table": "cities"}) + b"\x12\xff\xff\xff\xff\x0f"
    yield "get", b"\x0a" + bytes([len(nested)]) + nested


@attack("requests of many small things", "8 million empty records in 16 MiB, headers, keys and tables likewise", 512)
def many_small_things(trial):
    stream = trial.victim.tls()
    speech.say_hello(stream)
    room = trial.size(16 << 20, 1 << 20) - 100
    name = messages.encode("AppendRequest", {"category": "orders"})
    table = messages.encode("TableKeys", {"table": "cities"})

    def record_with(headers):
        inner = b"\x1a\x00" * headers
        return name + b"\x12" + varint(len(inner)) + inner

    tables = b"\x0a" + varint(len(table)) + table
    keys = b"\x12\x00" * ((room - 100) // 2)
    for what, operation, message, wanted in (
        ("records", "append", name + b"\x12\x00" * ((room - 20) // 2), {INVALID_ARGUMENT}),
        ("headers", "append", record_with((room - 50) // 2), {INVALID_ARGUMENT}),
        ("keys", "get", b"\x0a" + varint(len(table + keys)) + table + keys, {INVALID_ARGUMENT}),
        ("tables", "get", tables * (room // len(tables)), {INVALID_ARGUMENT, TOO_LARGE, 0}),
        ("empty tables", "get", b"\x0a\x00" * (room // 2), {INVALID_ARGUMENT, 16}),
        ("columns", "scan", messages.encode("ScanRequest", {"table": "cities"}) + b"\x50\x01" * (room // 2 - 50), {INVALID_ARGUMENT}),
        ("positions", "scan", messages.encode("ScanRequest", {"table": "cities"}) + deep_contract(room // 2), {INVALID_ARGUMENT, 16, 0}),
    ):
        began = time.monotonic()
        stream.sendall(speech.frame(operation, 1, message))
        status, _ = speech.receive_frame(stream)
        took = time.monotonic() - began
        trial.expect(status in wanted, f"{what}: status {status}")
        trial.see(f"{what}: code {status} after {took * 1000:.0f} ms")
    stream.close()


def deep_contract(count):
    positions = b"\x12\x00" * count
    return b"\x4a" + varint(len(positions)) + positions


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


@attack("mutated requests", "every operation with messages that chance makes of good ones", 384)
def mutated_requests(trial):
    """Each is answered, by no failure of the server's own."""
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    good = good_requests()
    operations = sorted({number for number, _ in good} | {5, 20, 33, 50, 99})
    stream = trial.victim.tls()
    speech.say_hello(stream)
    end, sent, codes = time.monotonic() + trial.seconds, 0, {}
    while time.monotonic() < end:
        batch = {}
        for _ in range(50):
            sent += 1
            number, message = chance.choice(good)
            if chance.random() < 0.1:
                number = chance.choice(operations)
            batch[sent] = number, mutate(message, chance)
        frames = [
            HEADER.pack(HEADER.size - 4 + len(message), number, 0, 0, request, 2000)
            for request, (number, message) in batch.items()]
        stream.sendall(b"".join(head + message for head, (_, message) in zip(frames, batch.values())))
        while batch:
            header = HEADER.unpack(speech.exactly(stream, HEADER.size))
            speech.exactly(stream, header[0] - HEADER.size + 4)
            number, message = batch.pop(header[4], (None, b""))
            codes[header[3]] = codes.get(header[3], 0) + 1
            if number is None or header[3] in (INTERNAL, STORAGE):
                trial.expect(False, f"seed {seed}: operation {number}, message {message.hex()}: status {header[3]}")
                return
    stream.close()
    trial.see(f"{sent} requests, all answered, with the codes {', '.join(map(str, sorted(codes)))}")


def good_requests():
    """Of every operation, by its number. None does anything to the table that the polite client looks up."""
    key = speech.keys.encode(("city1",), ["STRING"])
    contract = {"max_staleness_milliseconds": 1000, "wait_for": [{"category": "orders", "bucket": 1, "offset": 0}], "freshness": True}
    tables = [{"table": "cities", "keys": [key, key], "version": 1, "columns": [1], "raw": True}, {"table": "by_id", "keys": [b"\x14"]}]
    producer = {"id": b"x" * 16, "epoch": 0, "sequence": 1}
    record = {"key": b"k", "value": b"{}", "headers": [{"name": "n", "value": b"v"}]}
    sql = "CREATE TABLE x (id INT64, s STRING) PRIMARY KEY (id);"
    requests = [
        (2, "GetRequest", {"tables": tables, "contract": contract}), (2, "GetRequest", {"tables": tables[1:]}),
        (3, "ScanRequest", {"table": "cities", "from": key, "reverse": True, "limit": 10, "contract": contract, "columns": [1]}),
        (4, "FoldRequest", {"table": "by_id", "key": b"\x14", "from": 0, "to": 1 << 40, "contract": contract}),
        (16, "AppendRequest", {"category": "orders", "producer": producer, "records": [record]}),
        (17, "ReadRequest", {"category": "orders", "bucket": 1, "offset": 0, "max_records": 5, "wait_milliseconds": 1}),
        (18, "SeekRequest", {"category": "orders", "append_time": 1}), (19, "DescribeCategoryRequest", {"category": "orders"}),
        (21, "OpenProducerRequest", {"category": "orders", "id": b"y" * 16}),
        (32, "DescribeTableRequest", {"table": "cities"}), (48, "DeployRequest", {"file": "x.sql", "sql": sql, "dry_run": True}),
        (49, "DeleteAppRequest", {"app": "nobody"}), (51, "StatusRequest", {"reveal": True}), (52, "StopAppRequest", {"app": "nobody"}),
        (53, "StartAppRequest", {"app": "shop"}), (54, "BackfillRequest", {"table": "books", "append_time": 1}),
        (64, "BeginLoadRequest", {"manifest": b'{"format":1,"xxh3":"0000000000000000"}', "live": "earliest"}),
        (65, "UploadRequest", {"load": "l", "file": 1, "offset": 1 << 60, "data": b"d"}), (66, "FinishLoadRequest", {"load": "l"}),
        (67, "AbortLoadRequest", {"load": "../l"}), (68, "LoadDescriptorRequest", {"table": "cities"}),
        (69, "RollbackRequest", {"table": "books", "version": 9}), (70, "DropVersionRequest", {"table": "books", "version": 9}),
        (71, "CutRequest", {"category": "orders", "append_time": 1}),
    ]
    return [(number, messages.encode(name, values)) for number, name, values in requests]


def mutate(message, chance):
    data = bytearray(message)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(6)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and at < len(data):
            data[at] = chance.choice(b"\x00\x01\x02\x0a\x12\x7f\x80\xff\x14\x21")
        elif kind == 2:
            del data[at : at + chance.randrange(1, 6)]
        elif kind == 3:
            data[at:at] = data[chance.randrange(len(data) + 1) :][: chance.randrange(1, 20)]
        elif kind == 4:
            data[at:at] = chance.choice([b"\xff" * 9 + b"\x01", b"\xff\xff\xff\xff\x0f", b"\x80\x00", b"\x0a\x00"])
        else:
            data[at:at] = chance.randbytes(chance.randrange(1, 12))
    return bytes(data)
