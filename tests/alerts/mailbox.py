"""A mail server on loopback that keeps what it is sent, or fails or hangs as a test tells it."""

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from email.policy import default


class Mailbox:
    """What came, and what is answered to the next mail: 250 takes it."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.answer = "250 taken"
        # Cleared: the server takes the line and says nothing.
        self.speaks = threading.Event()
        self.speaks.set()
        self.asked = threading.Event()
        mailbox = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.say("220 here")
                for line in self.rfile:
                    word = line.decode().split()[0].upper().partition(":")[0]
                    if word == "DATA":
                        self.say("354 go on")
                        self.take()
                    elif word == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 yes")

            def take(self) -> None:
                lines: list[bytes] = []
                while (line := self.rfile.readline()) != b".\r\n":
                    if not line:
                        return
                    lines.append(line.removeprefix(b"."))
                mailbox.asked.set()
                mailbox.speaks.wait()
                if mailbox.answer.startswith("250"):
                    found = email.message_from_bytes(b"".join(lines), policy=default)
                    mailbox.mails.append(found)
                self.say(mailbox.answer)

            def say(self, text: str) -> None:
                self.wfile.write(text.encode() + b"\r\n")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        # Whom it kept waiting has hung up.
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    mailbox.thread.start()
    try:
        yield mailbox
    finally:
        mailbox.speaks.set()
        mailbox.server.shutdown()
        mailbox.server.server_close()
        mailbox.thread.join()
