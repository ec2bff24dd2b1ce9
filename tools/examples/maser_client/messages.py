"""The messages of maser.proto as dicts, by the fields that the file itself lists.

What protoc's classes do, for the part of protobuf that the file uses. A field that is absent is None where it is
optional, one of several or a message, else its type's zero.
"""

import os
import re
import struct

from .protobuf import FIXED64, LENGTH_DELIMITED, VARINT, read_fields, read_varint, signed, write_field, write_varint

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "Protocols", "maser.proto")
ZEROS = {"uint32": 0, "fixed64": 0, "uint64": 0, "int64": 0, "double": 0.0, "bool": False, "string": "", "bytes": b""}


class Field:
    def __init__(self, label, kind, name, number, in_oneof):
        self.kind, self.name, self.number = kind, name, int(number)
        self.repeated = label == "repeated"
        self.explicit = label == "optional" or in_oneof or kind not in ZEROS

    @property
    def packs(self):
        """Whether several values stand in one field: of the numbers, those that this file repeats are varints."""
        return self.kind in ("uint32", "uint64", "int64", "bool")

    @property
    def absent(self):
        if self.repeated:
            return []
        return None if self.explicit else ZEROS[self.kind]

    def write(self, value):
        if self.kind not in ZEROS:
            return write_field(self.number, LENGTH_DELIMITED, encode(self.kind, value))
        if self.kind == "string":
            return write_field(self.number, LENGTH_DELIMITED, value.encode())
        if self.kind == "bytes":
            return write_field(self.number, LENGTH_DELIMITED, value)
        if self.kind == "double":
            return write_field(self.number, FIXED64, struct.pack("<d", value))
        if self.kind == "fixed64":
            return write_field(self.number, FIXED64, struct.pack("<Q", value))
        return write_field(self.number, VARINT, value)

    def read(self, wire_type, payload):
        """The values of a field on the wire: several where numbers are packed into one."""
        if self.kind not in ZEROS:
            return [decode(self.kind, payload)]
        if self.kind == "string":
            return [payload.decode()]
        if self.kind == "bytes":
            return [payload]
        if self.kind == "double":
            return list(struct.unpack(f"<{len(payload) // 8}d", payload))
        if self.kind == "fixed64":
            return list(struct.unpack(f"<{len(payload) // 8}Q", payload))
        numbers = [payload]
        if wire_type == LENGTH_DELIMITED:
            numbers, at = [], 0
            while at < len(payload):
                number, at = read_varint(payload, at)
                numbers.append(number)
        return [{"int64": signed, "bool": bool}.get(self.kind, int)(number) for number in numbers]


def parse(text):
    """The fields of each message, by its name."""
    text = re.sub(r"//.*", "", text)
    messages = {}
    for name, body in re.findall(r"message (\w+) \{((?:[^{}]|\{[^{}]*\})*)\}", text):
        fields = messages[name] = []
        oneofs = "".join(re.findall(r"oneof \w+ \{([^{}]*)\}", body))
        for declared, in_oneof in ((re.sub(r"oneof \w+ \{[^{}]*\}", "", body), False), (oneofs, True)):
            for field in re.findall(r"(?:(optional|repeated)\s+)?(\w+)\s+(\w+)\s*=\s*(\d+);", declared):
                fields.append(Field(*field, in_oneof))
    kinds = {field.kind for fields in messages.values() for field in fields}
    if not kinds <= {*ZEROS, *messages}:
        raise ValueError(f"this client does not know the types {sorted(kinds - {*ZEROS, *messages})}")
    return messages


with open(PROTO, encoding="utf-8") as file:
    MESSAGES = parse(file.read())


def encode(message, values):
    """The bytes of a message of this name; what the dict does not have is absent."""
    unknown = set(values) - {field.name for field in MESSAGES[message]}
    if unknown:
        raise ValueError(f"{message} has no {', '.join(sorted(unknown))}")
    out = b""
    for field in MESSAGES[message]:
        value = values.get(field.name)
        if field.repeated and field.packs:
            if value:
                packed = b"".join(write_varint(element) for element in value)
                out += write_field(field.number, LENGTH_DELIMITED, packed)
        elif field.repeated:
            out += b"".join(field.write(element) for element in value or [])
        elif value is not None and (field.explicit or value != field.absent):
            out += field.write(value)
    return out


def decode(message, data):
    """A dict with every field of the message of this name. Fields that this client does not know are passed over."""
    known = {field.number: field for field in MESSAGES[message]}
    values = {field.name: field.absent for field in known.values()}
    for number, wire_type, payload in read_fields(data):
        if number not in known:
            continue
        field = known[number]
        read = field.read(wire_type, payload)
        if field.repeated:
            values[field.name] += read
        else:
            values[field.name] = read[-1]
    return values
