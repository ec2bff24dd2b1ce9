"""Lengths that are lies: of frames, and of what is within their messages."""

import time

import speech
from maser_client import messages
from trial import attack

TOO_LARGE, MALFORMED_FRAME, MALFORMED_MESSAGE = 5, 1, 4


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
    nested = messages.encode("TableKeys", {"table": "cities"}) + b"\x12\xff\xff\xff\xff\x0f"
    yield "get", b"\x0a" + bytes([len(nested)]) + nested
