"""One connection: frames.md. Requests are sent without waiting, and answers are matched to them by request id."""

import socket
import ssl
import struct

from . import messages

# length, operation, flags, status, request id, milliseconds left
HEADER = struct.Struct("<IBBHQI")
RESPONSE = 1
LARGEST_FRAME = 16_777_216
PROTOCOL = 1

# The number, request and response of each operation.
OPERATIONS = {
    "hello": (1, "Hello", "Hello"),
    "get": (2, "GetRequest", "GetResponse"),
    "scan": (3, "ScanRequest", "ScanResponse"),
    "fold": (4, "FoldRequest", "FoldResponse"),
    "ping": (5, "Empty", "Empty"),
    "append": (16, "AppendRequest", "AppendResponse"),
    "read": (17, "ReadRequest", "ReadResponse"),
    "seek": (18, "SeekRequest", "SeekResponse"),
    "describe category": (19, "DescribeCategoryRequest", "CategoryDescriptor"),
    "open producer": (21, "OpenProducerRequest", "OpenProducerResponse"),
    "describe table": (32, "DescribeTableRequest", "TableDescriptor"),
    "list tables": (33, "ListTablesRequest", "ListTablesResponse"),
    "status": (51, "StatusRequest", "StatusResponse"),
}

# Seconds that an answer may be on its way once its time is over.
GRACE = 5


class Failed(Exception):
    """The server's refusal: a number from the list of frames.md, words for a person, and whether a retry can help."""

    def __init__(self, failure):
        super().__init__(failure["message"])
        self.code, self.retriable = failure["code"], failure["retriable"]


def tls(host, port, ca, certificate, key, timeout):
    """A socket with mutual TLS. The context checks the chain and that the certificate is for this name or address."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    plain = socket.create_connection((host, port), timeout)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(plain, server_hostname=host)


class Connection:
    def __init__(self, stream, timeout=10):
        self.stream, self.milliseconds = stream, int(timeout * 1000)
        stream.settimeout(timeout + GRACE)  # the server says itself that the time is over
        self.last_id = 0
        self.waiting = {}  # request id: the name of the response's message
        self.answers = {}  # request id: status and bytes, for answers that came before they were asked for
        number, request, response = OPERATIONS["hello"]
        self.write(number, 0, messages.encode(request, {"protocol": PROTOCOL, "software": "maser_client.py"}))
        status, _, body = self.read()
        if status:
            raise Failed(messages.decode("Failure", body))
        self.hello = messages.decode(response, body)

    def send(self, operation, request):
        """Sends a request and returns its id without waiting."""
        number, kind, response = OPERATIONS[operation]
        self.last_id += 1
        self.waiting[self.last_id] = response
        self.write(number, self.last_id, messages.encode(kind, request), self.milliseconds)
        return self.last_id

    def receive(self, request_id):
        """Waits for the answer to a request; answers to others that come first are kept for them."""
        while request_id not in self.answers:
            status, answered, body = self.read()
            if answered == 0:  # about the connection: the server is stopping, or closes it now
                raise Failed(messages.decode("Failure", body))
            self.answers[answered] = status, body
        status, body = self.answers.pop(request_id)
        response = self.waiting.pop(request_id)
        if status:
            raise Failed(messages.decode("Failure", body))
        return messages.decode(response, body)

    def call(self, operation, **request):
        return self.receive(self.send(operation, request))

    def write(self, operation, request_id, message, milliseconds=0):
        header = HEADER.pack(HEADER.size - 4 + len(message), operation, 0, 0, request_id, milliseconds)
        self.stream.sendall(header + message)

    def read(self):
        """The status, request id and message of the next frame."""
        length, _, flags, status, request_id, _ = HEADER.unpack(self.exactly(HEADER.size))
        if not flags & RESPONSE or not HEADER.size - 4 <= length <= LARGEST_FRAME - 4:
            raise ConnectionError("what came is no response of this protocol")
        return status, request_id, self.exactly(length - HEADER.size + 4)

    def exactly(self, count):
        data = bytearray()
        while len(data) < count:
            part = self.stream.recv(count - len(data))
            if not part:
                raise ConnectionError("the server closed the connection")
            data += part
        return bytes(data)

    def close(self):
        self.stream.close()
