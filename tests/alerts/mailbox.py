"""A mail server on loopback that keeps what it is sent, or fails or hangs as a test tells it."""

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from email.policy import default

from tests.serving import serving


class Handler(socketserver.StreamRequestHandler):
    """As much of SMTP as a sender needs."""

    mailbox: "Mailbox"

    def handle(self) -> None:
        self.say("220 here")
        for line in self.rfile:
            match line.decode().split()[0].upper():
                case "DATA":
                    self.say("354 go on")
                    self.take()
                case "QUIT":
                    self.say("221 bye")
                    return
                case _:
                    self.say("250 yes")

    def take(self) -> None:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return
            lines.append(line.removeprefix(b"."))
        self.mailbox.asked.set()
        self.mailbox.speaks.wait()
        if self.mailbox.answer.startswith("250"):
            self.mailbox.mails.append(email.message_from_bytes(b"".join(lines), policy=default))
        self.say(self.mailbox.answer)

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class Mailbox:
    """What came, and what is answered to the next mail: 250 takes it."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.answer = "250 taken"
        # Cleared: the server takes the mail and says nothing.
        self.speaks = threading.Event()
        self.speaks.set()
        self.asked = threading.Event()
        handler = type("OfThis", (Handler,), {"mailbox": self})
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        # Whom it kept waiting has hung up.
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    with serving(mailbox.server):
        try:
            yield mailbox
        finally:
            mailbox.speaks.set()
