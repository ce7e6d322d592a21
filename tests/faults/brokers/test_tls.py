"""Redis by TLS: broker and counters reach it by a certificate that they trust, and by no other."""

import ipaddress
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from generation.life import doorbell
from genhub.celery import app
from genhub.lib import throttle
from genhub.settings import parts
from tests.faults.processes import wait_until
from tests.ports import free_port
from tests.programs import need_program


def write_certificate(folder: Path) -> None:
    """Write a certificate of this machine, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run a Redis that speaks TLS alone; return its address."""
    write_certificate(tmp_path)
    port = free_port()
    # One program is server, sentinel and more, by the name that it is called by; the wheel's Valkey knows no TLS.
    program = need_program("/usr/bin/redis-check-rdb", "redis-tools", variable="REDIS_CHECK_RDB")
    command = ["redis-server", "--port", "0", "--tls-port", str(port), "--tls-cert-file", "tls.crt", "--tls-key-file",
               "tls.key", "--tls-ca-cert-file", "tls.crt", "--tls-auth-clients", "no", "--save", ""]  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, executable=program, cwd=tmp_path, stdout=log)
    try:
        wait_until(lambda: "Ready to accept" in (tmp_path / "log").read_text(), 20, "Redis' start")
        doorbell.silence.end()
        yield f"rediss://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()
        doorbell.silence.end()


def name(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name a broker in the environment and return what the settings make of it."""
    monkeypatch.setenv("CELERY_BROKER_URL", url)
    found = parts.broker_url()
    monkeypatch.setitem(app.conf, "broker_write_url", found)
    return found


def test_a_trusted_certificate_lets_bells_and_counts_through(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = name(f"{server}?ssl_ca_certs={tmp_path / 'tls.crt'}", monkeypatch)
    assert doorbell.ring("local") is True
    assert doorbell.find_fault(50) == ""
    counters = throttle.Counters(url, 5)
    assert counters.find_fault() == ""
    tries = throttle.per(60, 1, "tls")
    assert [counters.ask_shared(lambda limiter: limiter.hit(tries, "carol")) for _ in range(2)] == [
        True,
        False,
    ]


def test_a_certificate_of_nobody_is_refused(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = name(server, monkeypatch)
    assert doorbell.ring("local") is False
    assert "CERTIFICATE_VERIFY_FAILED" in doorbell.find_fault(50)
    assert "CERTIFICATE_VERIFY_FAILED" in throttle.Counters(url, 5).find_fault()
