"""Sockets that tell whom they were told to call, and a resolver that answers what a test wants."""

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from genhub.lib import dial

Resolve = Callable[..., None]


class Dialled(list[str]):
    """Every address that a socket of this process was to connect to, and which port of loopback plays its host."""

    def __init__(self) -> None:
        super().__init__()
        self.played_at: dict[str, int] = {}


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> Dialled:
    """Who was called; none but loopback is reached."""
    addresses = Dialled()
    connect = socket.socket.connect

    def record(self: socket.socket, address: Any) -> None:
        addresses.append(str(address[0]))
        if address[0] in addresses.played_at:
            address = ("127.0.0.1", addresses.played_at[address[0]])
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


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """What a host needs whose certificate is for pictures.lan alone, and that this machine trusts."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", certificate, "-subj", "/CN=pictures.lan",
         "-addext", "subjectAltName=DNS:pictures.lan", "-days", "2"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    dial.make_context.cache_clear()
    yield context
    dial.make_context.cache_clear()
