"""A local server that delivers a small file in all the good and bad ways of real servers."""

import gzip
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

CONTENT = b"\x00\x01pixels" * 1000
PACKED = gzip.compress(CONTENT, mtime=0)
ANSWERS = {"/good": PACKED, "/plain": CONTENT, "/wrong": gzip.compress(b"x"), "/cut": PACKED[:-20]}


class Server(BaseHTTPRequestHandler):
    """`requests` counts the requests by path; `do_GET` says what each path does."""

    requests: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        self.requests[self.path] += 1
        if self.path == "/slow":
            self.wait()
        elif self.path in ("/trickle", "/endless"):
            with suppress(ConnectionError):  # the client has closed the connection
                self.trickle(["1000000"] * (self.path == "/trickle"))
        elif self.path in ("/broken", "/reset", "/silent") or (self.path == "/shaky" and self.requests["/shaky"] < 3):
            self.begin()
        else:
            self.answer(PACKED if self.path == "/shaky" else ANSWERS.get(self.path))

    def answer(self, body: bytes | None) -> None:
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def begin(self) -> None:
        """The first bytes, and then: the end, a reset, or nothing more."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(PACKED)))
        self.end_headers()
        self.wfile.write(PACKED[:20])
        if self.path == "/silent":
            self.wait()
        if self.path == "/reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def trickle(self, lengths: list[str]) -> None:
        self.send_response(200)
        for length in lengths:
            self.send_header("Content-Length", length)
        self.end_headers()
        for _ in range(900):  # until the client has had enough
            self.wfile.write(b"x" * 1024)
            if self.server.ended.wait(0.1):  # type: ignore[attr-defined]
                return

    def wait(self) -> None:
        """Until the test ends."""
        self.server.ended.wait()  # type: ignore[attr-defined]

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address at which `handler` answers as long as the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.ended = threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()  # seconds until it sees its end
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.ended.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()
