"""Keys: keys.md. BOOL is a bool, INT64 and TIMESTAMP an int, DOUBLE a float, STRING a str, BYTES bytes, NULL None."""

import math
import struct


def encode(values, types):
    """The bytes of a key, or of its leading columns when there are fewer values than types."""
    if len(values) > len(types):
        raise ValueError(f"{len(values)} values for {len(types)} key columns")
    return b"".join(encode_value(value, kind) for value, kind in zip(values, types))


def encode_value(value, kind):
    if value is None:
        return b"\x00"
    if kind == "BYTES":
        return b"\x01" + value.replace(b"\x00", b"\x00\xff") + b"\x00"
    if kind == "STRING":
        return b"\x02" + value.encode().replace(b"\x00", b"\x00\xff") + b"\x00"
    if kind in ("INT64", "TIMESTAMP"):
        size = (abs(value).bit_length() + 7) // 8
        if value < 0:
            return bytes([0x14 - size]) + (value + (1 << 8 * size) - 1).to_bytes(size, "big")
        return bytes([0x14 + size]) + value.to_bytes(size, "big")
    if kind == "DOUBLE":
        if math.isnan(value):
            raise ValueError("NaN is no key")
        bits = struct.pack(">d", value + 0.0)  # -0.0 + 0.0 is 0.0
        return b"\x21" + (invert(bits) if bits[0] & 0x80 else bytes([bits[0] ^ 0x80]) + bits[1:])
    if kind == "BOOL":
        return b"\x27" if value else b"\x26"
    raise ValueError(f"{kind} is no type of a key")


def decode(data, types):
    values, at = [], 0
    for kind in types:
        value, at = decode_value(data, at, kind)
        values.append(value)
    if at != len(data):
        raise ValueError("the key goes on after its last column")
    return tuple(values)


def decode_value(data, at, kind):
    """The value at an index, and the index after it."""
    code, at = data[at], at + 1
    if code == 0:
        return None, at
    if code in (1, 2) and kind == ("BYTES", "STRING")[code - 1]:
        end = at
        while data[end] != 0 or data[end + 1 : end + 2] == b"\xff":
            end += 1 if data[end] else 2
        value = data[at:end].replace(b"\x00\xff", b"\x00")
        return (value.decode() if code == 2 else value), end + 1
    if 0x0C <= code <= 0x1C and kind in ("INT64", "TIMESTAMP"):
        size = abs(code - 0x14)
        magnitude = int.from_bytes(data[at : at + size], "big")
        return (magnitude if code >= 0x14 else magnitude - (1 << 8 * size) + 1), at + size
    if code == 0x21 and kind == "DOUBLE":
        bits = data[at : at + 8]
        bits = bytes([bits[0] ^ 0x80]) + bits[1:] if bits[0] & 0x80 else invert(bits)
        return struct.unpack(">d", bits)[0], at + 8
    if code in (0x26, 0x27) and kind == "BOOL":
        return code == 0x27, at
    raise ValueError(f"{code:02x} begins no {kind}")


def invert(bits):
    return bytes(byte ^ 0xFF for byte in bits)
