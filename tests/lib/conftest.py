"""Sockets that tell whom they were told to call, and a resolver that answers what a test wants."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

Resolve = Callable[..., None]


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address that a socket of this process was to connect to; none but loopback is reached."""
    addresses: list[str] = []
    connect = socket.socket.connect

    def record(self: socket.socket, address: Any) -> None:
        addresses.append(str(address[0]))
        if address[0] != "127.0.0.1":
            raise ConnectionRefusedError(f"{address[0]} is not called by tests")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", record)
    monkeypatch.setattr(socket.socket, "connect_ex", None)
    return addresses


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Let each question be answered by the next list of addresses, the last list for ever; numbers stay themselves."""
    ask = socket.getaddrinfo

    def tell(*answers: list[str]) -> None:
        left = list(answers)

        def answer(host: Any, port: Any, *args: Any, **words: Any) -> Any:
            with_numbers = words | {"flags": socket.AI_NUMERICHOST}
            try:
                return ask(host, port, *args, **with_numbers)
            except OSError:
                found = left.pop(0) if len(left) > 1 else left[0]
            return [one for text in found for one in ask(text, port, *args, **with_numbers)]

        monkeypatch.setattr(socket, "getaddrinfo", answer)

    return tell
