"""Between the producers and the server: passes bytes on, and cuts connections at random bytes."""

import random
import select
import socket
import struct
import threading


class Proxy:
    """Listens on a loopback port of its own. Every connection has a fate, drawn when it is made."""

    def __init__(self, target, seed):
        self.target, self.random = target, random.Random(seed)
        self.cuts = self.connections = 0
        self.is_cutting = True
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def fate(self):
        """How many bytes may go up and down before the end; the handshake takes about 3,000 each."""
        with self.lock:
            self.connections += 1
            if not self.is_cutting or self.random.random() < 0.2:
                return None, None, False
            is_upward, is_reset = self.random.random() < 0.6, self.random.random() < 0.5
            limit = int(self.random.expovariate(1 / 150_000)) if is_upward else int(self.random.expovariate(1 / 6_000))
            return (limit, None, is_reset) if is_upward else (None, limit, is_reset)

    def serve(self, client):
        up, down, is_reset = self.fate()
        try:
            server = socket.create_connection(("127.0.0.1", self.target()), 5)
        except OSError:
            client.close()
            return
        limits = {client: up, server: down}
        others = {client: server, server: client}
        try:
            while True:
                readable, _, _ = select.select([client, server], [], [], 60)
                if not readable:
                    return
                for source in readable:
                    data = source.recv(65536)
                    if not data:
                        return
                    limit = limits[source]
                    if limit is not None:
                        data, limits[source] = data[:limit], limit - len(data)
                    others[source].sendall(data)
                    if limit is not None and limits[source] <= 0:
                        with self.lock:
                            self.cuts += 1
                        if is_reset:
                            for end in (client, server):
                                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        return
        except OSError:
            pass
        finally:
            client.close()
            server.close()

    def close(self):
        self.listener.close()
