"""Protobuf's wire format: what messages.py and rows.py share."""

VARINT, FIXED64, LENGTH_DELIMITED, FIXED32 = 0, 1, 2, 5


def write_varint(value):
    value &= (1 << 64) - 1  # a negative number is its two's complement in 64 bits
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data, at):
    """The number at an index, and the index after it."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value & (1 << 64) - 1, at


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def write_field(number, wire_type, payload):
    """A field; the payload is a number for a varint, else bytes."""
    tag = write_varint(number << 3 | wire_type)
    if wire_type == VARINT:
        return tag + write_varint(payload)
    if wire_type == LENGTH_DELIMITED:
        return tag + write_varint(len(payload)) + payload
    return tag + payload


def read_fields(data):
    """The number, wire type and payload of each field, in the order in which they stand."""
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == VARINT:
            payload, at = read_varint(data, at)
        else:
            if wire_type == LENGTH_DELIMITED:
                length, at = read_varint(data, at)
            else:
                length = {FIXED64: 8, FIXED32: 4}[wire_type]
            if at + length > len(data):
                raise ValueError("the message ends within a field")
            payload, at = data[at : at + length], at + length
        yield number, wire_type, payload
