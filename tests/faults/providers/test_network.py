"""P12: vendors that cannot be reached: nothing is sent, nothing is paid, and nobody waits longer than to connect."""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.models import Account, Attempt
from tests.faults.providers.vendor import Vendor, check, let_time_pass, order, work
from tests.patience import patience
from tests.steps import attempt_states

pytestmark = pytest.mark.django_db(transaction=True)


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate of 127.0.0.1 that nobody signed but itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    begins = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins.replace(year=2090))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, secret


@contextlib.contextmanager
def foreign_certificate(folder: Path) -> Iterator[str]:
    """Listen with a certificate that nobody trusts; fail if anything is sent to it all the same."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*write_certificate(folder))
    heard: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    heard.append(context.wrap_socket(connection, server_side=True).recv(1))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(patience(10))
    assert [said for said in heard if said] == []


@contextlib.contextmanager
def black_hole(host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Listen and take nobody: whoever connects hears nothing at all."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket(family))
        listener.bind((host, port))
        listener.listen(0)
        address = listener.getsockname()
        # The queue of those who wait to be taken is full from here on.
        for _ in range(4):
            waiting = stack.enter_context(socket.socket(family))
            waiting.setblocking(False)
            waiting.connect_ex(address)
        yield f"http://[{host}]:{address[1]}" if ":" in host else f"http://{host}:{address[1]}"


@contextlib.contextmanager
def nowhere() -> Iterator[str]:
    """Name a host that no resolver knows."""
    yield "http://vendor.invalid"


@pytest.mark.parametrize("place", ["certificate", "black hole", "IPv6 black hole", "no such host"])
def test_unreachable_vendor_gets_nothing_and_is_tried_again(
    dora: APIClient,
    vendor: Vendor,
    account: Account,
    tmp_path: Path,
    settings: Settings,
    place: str,
) -> None:
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1", "[::1]"})
    places = {
        "certificate": lambda: foreign_certificate(tmp_path),
        "black hole": black_hole,
        "IPv6 black hole": lambda: black_hole("::1"),
        "no such host": nowhere,
    }
    with places[place]() as url:
        Account.objects.update(base_url=url, connect_seconds=0.5, answer_seconds=600)
        task = order(dora)
        assert work() == ["processing"]
    assert attempt_states(task) == ["failed", "queued"]
    assert Attempt.objects.get(state="failed").error_code == "provider_unavailable"
    Account.objects.update(base_url=vendor.url, connect_seconds=60)
    let_time_pass()
    assert work() == ["completed"]
    check(vendor, task, state="completed", captured=task.price)


def test_name_whose_ipv6_is_swallowed_is_reached_by_its_ipv4(
    dora: APIClient,
    vendor: Vendor,
    account: Account,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where a router takes IPv6 and carries it nowhere: an order costs a moment, none is lost or sent twice."""
    settings.PRIVATE_HOSTS = frozenset({"vendor.test"})
    ask, tried = socket.getaddrinfo, []
    connect = socket.create_connection

    def resolve(host: str, *args: Any, **words: Any) -> Any:
        names = ["::1", "127.0.0.1"] if host == "vendor.test" else [host]
        return [found for name in names for found in ask(name, *args, **words)]

    def note(address: tuple[str, int], *args: Any, **words: Any) -> socket.socket:
        tried.append(address[0])
        return connect(address, *args, **words)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", note)
    with black_hole("::1", vendor.port):
        Account.objects.update(base_url=f"http://vendor.test:{vendor.port}", connect_seconds=60)
        task = order(dora)
        assert work() == ["completed"]
    assert tried[:2] == ["::1", "127.0.0.1"]
    check(vendor, task, state="completed", captured=task.price)
