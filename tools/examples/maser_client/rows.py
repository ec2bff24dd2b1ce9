"""Rows: rows.md."""

import struct

from .protobuf import read_fields, signed

READERS = {
    "BOOL": bool,
    "INT64": signed,
    "TIMESTAMP": signed,
    "DOUBLE": lambda payload: struct.unpack("<d", payload)[0],
    "STRING": bytes.decode,
    "BYTES": bytes,
}


def decode(message, columns):
    """A dict with every column of a table's descriptor; NULL is None."""
    names = {column["number"]: (column["name"], READERS[column["type"]]) for column in columns}
    row = {name: None for name, _ in names.values()}
    for number, _, payload in read_fields(message):
        if number in names:
            name, read = names[number]
            row[name] = read(payload)
    return row
