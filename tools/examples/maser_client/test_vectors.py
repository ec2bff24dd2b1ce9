"""The client is held against the vectors of Protocols/."""

import json
import os
import struct
import unittest

from . import frames, keys, messages, rows

VECTORS = os.path.join(os.path.dirname(messages.PROTO), "vectors")


def vectors(name):
    with open(os.path.join(VECTORS, name), encoding="utf-8") as file:
        return json.load(file)


def element(written):
    """The type and the value of a tuple's element."""
    if written is None:
        return "INT64", None
    ((kind, text),) = written.items()
    read = {"int64": int, "double": float, "bytes": bytes.fromhex}.get(kind, lambda same: same)
    return kind.upper(), read(text)


def bits(value):
    return struct.pack(">d", value) if isinstance(value, float) else value


class VectorsTest(unittest.TestCase):
    def test_keys(self):
        for vector in vectors("keys.json")["keys"]:
            with self.subTest(vector=vector):
                types, values = zip(*map(element, vector["tuple"])) if vector["tuple"] else ((), ())
                encoded = keys.encode(values, types)
                self.assertEqual(encoded.hex(), vector["encoded"])
                self.assertEqual(keys.encode(keys.decode(encoded, types), types), encoded)

    def test_rows(self):
        layout = vectors("rows.json")
        types = {column["name"]: column["type"] for column in layout["columns"]}
        read = {"INT64": int, "TIMESTAMP": int, "DOUBLE": float, "BYTES": bytes.fromhex}
        for vector in layout["rows"]:
            with self.subTest(vector=vector):
                row = dict.fromkeys(types)
                for name, text in vector["values"].items():
                    row[name] = read.get(types[name], lambda same: same)(text)
                decoded = rows.decode(bytes.fromhex(vector["encoded"]), layout["columns"])
                self.assertEqual(list(map(bits, decoded.values())), list(map(bits, row.values())))

    def test_frames(self):
        written = vectors("frames.json")
        for vector in written["frames"]:
            with self.subTest(vector=vector["about"]):
                message = bytes.fromhex(vector["encodedMessage"])
                operation, request = written["operations"][vector["operation"]], int(vector["requestID"])
                header = frames.HEADER.pack(
                    16 + len(message), operation, vector["flags"], vector["status"], request, vector["millisecondsLeft"]
                )
                self.assertEqual((header + message).hex(), vector["encoded"])
                decoded = messages.decode(vector["message"], message)
                self.assertEqual(messages.encode(vector["message"], decoded).hex(), vector["encodedMessage"])


if __name__ == "__main__":
    unittest.main()
