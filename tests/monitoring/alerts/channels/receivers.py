"""Receivers of notices, on free ports of this machine: an HTTP server and an SMTP server, which keep what they are sent."""

from __future__ import annotations

import base64
import json
import socketserver
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Receiver:
    """What came in: `keys` has the idempotency key of each notice, `bodies` its content.

    `refuses` lets the next ones fail; `status`, if given, is the answer to each.
    """

    port: int = 0
    keys: list[str] = field(default_factory=list)
    bodies: list = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)
    refuses: bool = False
    status: int = 0
    stop: object = None


@contextmanager
def http_receiver():
    """Give a receiver of posts; one that refuses answers 503."""
    receiver = Receiver()

    class Posts(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not receiver.refuses:
                receiver.keys.append(self.headers["Idempotency-Key"])
                receiver.bodies.append(json.loads(body))
                receiver.credentials.append(self.headers.get("Authorization", ""))
            self.send_response(receiver.status or (503 if receiver.refuses else 204))
            if receiver.status in (301, 302, 307):
                self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
            self.end_headers()

        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Posts), receiver):
        yield receiver


class _Mails(socketserver.StreamRequestHandler):
    """The part of SMTP that is needed to take mails: RFC 5321, with AUTH PLAIN of RFC 4954."""

    def handle(self):
        receiver = self.server.receiver
        self._say("220 receiver")
        while line := self.rfile.readline().decode().strip():
            command, _, rest = line.partition(" ")
            match command.upper():
                case "EHLO":
                    self._say("250-receiver", "250 AUTH PLAIN")
                case "AUTH":
                    receiver.credentials.append(base64.b64decode(rest.split()[1]).decode().replace("\0", " ").strip())
                    self._say("235 welcome")
                case "RCPT" if receiver.refuses:
                    self._say("450 not now")
                case "DATA":
                    self._say("354 go on")
                    lines = []
                    while (part := self.rfile.readline()) != b".\r\n":
                        lines.append(part[1:] if part.startswith(b"..") else part)
                    mail = message_from_bytes(b"".join(lines), policy=policy.default)
                    receiver.keys.append(mail["X-Idempotency-Key"])
                    receiver.bodies.append(mail)
                    self._say("250 taken")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 yes")

    def _say(self, *lines):
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def smtp_receiver():
    """Give a receiver of mails; one that refuses takes no receiver's address."""
    receiver = Receiver()
    socketserver.ThreadingTCPServer.daemon_threads = True
    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mails), receiver):
        yield receiver


@contextmanager
def _serving(server, receiver):
    server.receiver = receiver
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    stopped = threading.Event()

    def stop():
        if not stopped.is_set():
            stopped.set()
            server.shutdown()
            server.server_close()
            thread.join()

    receiver.stop = stop
    try:
        yield
    finally:
        stop()
