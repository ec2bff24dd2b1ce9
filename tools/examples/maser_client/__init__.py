"""A client for Maser in plain Python, written from Protocols/ alone: an example for users of other languages.

It needs nothing but the standard library, and reads the messages' fields from Protocols/maser.proto itself. Where a
protobuf library is at hand, classes that protoc generates take the place of messages.py.

    from maser_client import Client

    client = Client("127.0.0.1", 7420, ca="certs/ca.pem", certificate="certs/client.pem", key="certs/client.key")
    client.get("delay_by_route", "EWR", "SFO", 1372896000000000)     # a dict of columns, or None
    for key, row in client.scan("delay_by_route", "EWR", "SFO"): ...
    ends = client.append("flights", [{"value": b"{}"}])
    client.get("delay_by_route", "EWR", "SFO", 1372896000000000, wait_for={"flights": ends})     # sees what was appended

frames.py is one connection, keys.py and rows.py are how a table's keys and rows are written, client.py puts them
together. against_server.py asks a server everything; test_vectors.py needs none.
"""

from .client import Answer, Client
from .frames import Failed

__all__ = ["Answer", "Client", "Failed"]
