"""Who is dialled: the address that was judged, and no other."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from genhub.lib import dial
from genhub.lib.dial import AddressRefused, make_client, share_of
from tests.lib.conftest import Resolve
from tests.lib.host import Asked, Host, Send, answer, hosting
from tests.patience import patience

PUBLIC, OTHER_PUBLIC = "93.184.215.14", "2606:4700:4700::1111"
# What a hostile name server answers (FAULTS.md C1).
HOSTILE = {
    "private": ["10.1.2.3"],
    "metadata": ["169.254.169.254"],
    "carriers' NAT": ["100.64.0.1"],
    "Alibaba's metadata": ["100.100.100.200"],
    "Azure's host": ["168.63.129.16"],
    "NAT64 of loopback": ["64:ff9b::7f00:1"],
    "NAT64 of metadata": ["64:ff9b::a9fe:a9fe"],
    "6to4": ["2002:7f00:1::"],
    "Teredo": ["2001:0:4136:e378:8000:63bf:80ff:fffe"],
    "mapped": ["::ffff:127.0.0.1"],
    "compatible": ["::127.0.0.1"],
    "unique local": ["fd00:ec2::254"],
    "site-local": ["fec0::1"],
    "link-local": ["fe80::1"],
    "unspecified": ["0.0.0.0"],  # noqa: S104 (an answer)
    "broadcast": ["255.255.255.255"],
    "benchmarks": ["198.18.0.1"],
    "multicast": ["224.0.0.251"],
    "mixed, private last": [PUBLIC, "127.0.0.1"],
    "mixed, private first": ["::1", PUBLIC],
}


def ask(url: str, *private_hosts: str, seconds: float | None = None) -> httpx2.Response:
    timeout = httpx2.Timeout(patience() if seconds is None else seconds)
    with make_client(private_hosts=private_hosts, timeout=timeout) as client:
        return client.get(url)


@pytest.fixture
def greeting() -> Iterator[Host]:
    with hosting(answer(b"hello", Set_Cookie="seen=1; Path=/")) as host:
        yield host


@pytest.mark.parametrize("answers", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_answer_is_not_dialled(
    answers: list[str], resolve: Resolve, dialled: list[str]
) -> None:
    resolve(answers)
    with pytest.raises(AddressRefused, match=r"pictures\.example"):
        ask("http://pictures.example/")
    assert dialled == []


def test_what_was_judged_is_what_is_dialled(resolve: Resolve, dialled: list[str]) -> None:
    """A name that is public when it is looked at and private a moment later."""
    resolve([PUBLIC], ["127.0.0.1"])
    with pytest.raises(httpx2.ConnectError):
        ask("http://pictures.example/")
    assert dialled == [PUBLIC]
    with pytest.raises(AddressRefused):
        ask("http://pictures.example/")
    assert dialled == [PUBLIC]


def test_every_new_connection_is_judged_anew(
    resolve: Resolve, dialled: list[str], greeting: Host
) -> None:
    resolve([PUBLIC], ["10.0.0.1"])
    with make_client(timeout=httpx2.Timeout(patience())) as client:
        for error in (httpx2.ConnectError, AddressRefused):
            with pytest.raises(error):
                client.get("http://pictures.example/")
    assert dialled == [PUBLIC]


def test_a_refusal_is_a_connection_that_was_not_made() -> None:
    """Adapters tell by it that nothing was sent."""
    assert issubclass(AddressRefused, httpx2.ConnectError)


@pytest.mark.parametrize("named", ["127.0.0.1", "127.0.0.1:{port}"])
def test_a_private_host_that_was_named_is_dialled(named: str, greeting: Host) -> None:
    assert ask(greeting.url(), named.format(port=greeting.port)).text == "hello"


@pytest.mark.parametrize(
    "named", ["127.0.0.1:1", "127.0.0.10", "localhost", "0.0.1", "", "127.0.0.1:"]
)
def test_a_private_host_that_was_not_named_is_not(
    named: str, greeting: Host, dialled: list[str]
) -> None:
    with pytest.raises(AddressRefused):
        ask(greeting.url(), named)
    assert dialled == []


@pytest.mark.parametrize("host", ["SD.lan", "sd.lan.", "sd.lan"])
def test_a_name_is_the_same_however_it_is_written(
    host: str, resolve: Resolve, greeting: Host
) -> None:
    resolve(["127.0.0.1"])
    assert ask(f"http://{host}:{greeting.port}/", "Sd.LAN").text == "hello"


def test_a_name_with_the_named_one_in_it_is_another(resolve: Resolve, dialled: list[str]) -> None:
    resolve(["127.0.0.1"])
    for host in ("evil.sd.lan", "sd.lan.evil.example", "xsd.lan"):
        with pytest.raises(AddressRefused):
            ask(f"http://{host}/", "sd.lan")
    assert dialled == []


def test_an_address_of_ipv6_is_named_in_brackets(dialled: list[str]) -> None:
    with pytest.raises(httpx2.ConnectError) as error:
        ask("http://[::1]:7860/", "[::1]:7860")
    assert not isinstance(error.value, AddressRefused)
    with pytest.raises(AddressRefused):
        ask("http://[::1]:7861/", "[::1]:7860")
    assert dialled == ["::1"]


def test_the_next_address_is_tried_when_one_is_dead(
    resolve: Resolve, dialled: list[str], greeting: Host
) -> None:
    resolve([OTHER_PUBLIC, PUBLIC, "127.0.0.1"])
    assert ask(f"http://pictures.lan:{greeting.port}/", "pictures.lan").text == "hello"
    assert dialled == [OTHER_PUBLIC, PUBLIC, "127.0.0.1"]


@pytest.mark.parametrize(
    ("left", "candidates", "share"),
    [(3.0, 1, 3.0), (3.0, 2, 1.0), (3.0, 4, 0.75), (float("inf"), 2, 1.0), (float("inf"), 1, None), (-1, 2, 0), (-1, 1, 0)],
)  # fmt: skip
def test_no_silent_address_takes_the_time_of_the_others(
    left: float, candidates: int, share: float | None
) -> None:
    assert share_of(left, candidates) == share


def test_a_silent_resolver_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    silence = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **words: silence.wait() and [])
    try:
        with pytest.raises(httpx2.ConnectTimeout):
            ask("http://pictures.example/", seconds=0.05)
    finally:
        silence.set()


@pytest.mark.parametrize("host", ["no.such.name.invalid", f"{'a' * 64}.example", "x" * 300])
def test_a_name_that_is_none_is_an_error_of_the_connection(host: str, dialled: list[str]) -> None:
    with pytest.raises(httpx2.ConnectError):
        ask(f"http://{host}/")
    assert dialled == []


def test_a_name_without_an_address_is_an_error(resolve: Resolve) -> None:
    resolve([])
    with pytest.raises(httpx2.ConnectError, match="no address"):
        ask("http://pictures.example/")


def test_the_environment_names_no_proxy_and_no_password(
    greeting: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert ask(greeting.url(), greeting.name).text == "hello"
    assert "authorization" not in greeting.asked[0].headers
    assert greeting.asked[0].headers["user-agent"] == "GenHub"


def test_no_cookie_is_kept(greeting: Host) -> None:
    with make_client(private_hosts={greeting.name}, timeout=httpx2.Timeout(patience())) as client:
        for _ in range(2):
            client.get(greeting.url())
    assert [sorted({"cookie"} & set(asked.headers)) for asked in greeting.asked] == [[], []]


def test_no_redirect_is_followed() -> None:
    with hosting(answer(status="302 Found", Location="/there")) as host:
        assert ask(host.url(), host.name).status_code == 302
    assert [asked.path for asked in host.asked] == ["/"]


def drip(asked: Asked, send: Send) -> None:
    """Send a head that never ends, each byte in time for the next timeout."""
    send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        send(b"a")
        DRIPPING.wait(0.01)


DRIPPING = threading.Event()


def test_the_whole_ends_in_time_however_it_drips() -> None:
    with (
        hosting(drip) as host,
        make_client(private_hosts={host.name}, timeout=httpx2.Timeout(patience())) as client,
        pytest.raises(httpx2.ReadTimeout),
        dial.within(0.3),
    ):
        client.get(host.url())


def test_nothing_is_dialled_when_the_time_is_up(dialled: list[str], greeting: Host) -> None:
    with (
        make_client(private_hosts={greeting.name}, timeout=httpx2.Timeout(None)) as client,
        dial.within(-1),
        pytest.raises(httpx2.ConnectTimeout),
    ):
        client.get(greeting.url())
    assert dialled == []


def test_a_longer_time_inside_of_a_shorter_one_does_not_lengthen_it() -> None:
    with dial.within(5):
        shorter = dial.deadline.get()
        with dial.within(500):
            assert dial.deadline.get() == shorter
        assert dial.deadline.get() == shorter
    assert dial.deadline.get() == float("inf")


def test_tls_asks_for_the_name_and_not_for_the_address(
    certified: ssl.SSLContext, resolve: Resolve
) -> None:
    names: list[Any] = []
    certified.sni_callback = lambda sock, name, context: names.append(name)
    resolve(["127.0.0.1"])
    with hosting(answer(b"safe"), certified) as host:
        assert ask(f"https://pictures.lan:{host.port}/", "pictures.lan").text == "safe"
        assert names == ["pictures.lan"]
        with pytest.raises(httpx2.ConnectError, match="certificate"):
            ask(f"https://elsewhere.lan:{host.port}/", "elsewhere.lan")
    assert [asked.headers["host"] for asked in host.asked] == [f"pictures.lan:{host.port}"]


def test_a_drip_behind_tls_ends_in_time(certified: ssl.SSLContext, resolve: Resolve) -> None:
    resolve(["127.0.0.1"])
    with hosting(drip, certified) as host, pytest.raises(httpx2.ReadTimeout), dial.within(0.3):
        ask(f"https://pictures.lan:{host.port}/", "pictures.lan")


def test_only_the_protocol_that_is_bounded_is_spoken(
    certified: ssl.SSLContext, resolve: Resolve
) -> None:
    resolve(["127.0.0.1"])
    certified.set_alpn_protocols(["h2", "http/1.1"])

    def hang_up(asked: Asked, send: Send) -> None:
        raise ConnectionResetError("nobody answers here")

    with hosting(hang_up, certified) as host, pytest.raises(httpx2.TransportError):
        ask(f"https://pictures.lan:{host.port}/", "pictures.lan")
    assert [asked.line for asked in host.asked] == ["GET / HTTP/1.1"]
