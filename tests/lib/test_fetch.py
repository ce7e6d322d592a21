"""One file from somebody else's host, within bounds."""

import ssl
import threading
import tracemalloc
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import httpx2
import pytest

from genhub.lib import fetch as door
from genhub.lib.fetch import Fetched, FetchRefused, Reason, fetch, redirect
from tests.lib.conftest import Dialled, Resolve
from tests.lib.host import Answer, Asked, Host, Send, answer, hosting
from tests.patience import patience

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
PUBLIC = "93.184.215.14"
SHORT_SECONDS = 0.3


def take(host: Host, path: str = "/", **words: Any) -> Fetched:
    usual: dict[str, Any] = {
        "most_bytes": 1_000_000,
        "types": {"image/png"},
        "private_hosts": {host.name},
        "seconds": patience(),
    }
    return fetch(host.url(path), **(usual | words))


def refusal(answers: Answer | bytes, **words: Any) -> FetchRefused:
    """Return how a host's answer is refused."""
    with hosting(answers) as host, pytest.raises(FetchRefused) as refused:
        take(host, **words)
    return refused.value


def test_a_file_comes_with_its_facts() -> None:
    with hosting(answer(PNG, Content_Type="text/html")) as host, take(host, "/a.png") as fetched:
        assert fetched.file.read() == PNG
        assert (fetched.size_bytes, fetched.media_type) == (len(PNG), "image/png")
        assert fetched.url == host.url("/a.png")
    assert fetched.file.closed
    assert host.asked[0].headers["accept-encoding"] == "identity"


def test_a_body_without_a_length_is_taken() -> None:
    def stream(asked: Asked, send: Send) -> None:
        send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for at in range(0, len(PNG), 7):
            part = PNG[at : at + 7]
            send(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        send(b"0\r\n\r\n")

    with hosting(stream) as host, take(host) as fetched:
        assert fetched.file.read() == PNG


def test_it_is_written_where_the_caller_says(tmp_path: Path) -> None:
    with hosting(answer(PNG)) as host, (tmp_path / "picture").open("w+b") as place:
        assert take(host, into=place).file is place
    assert (tmp_path / "picture").read_bytes() == PNG


def test_a_file_of_the_caller_is_left_open_when_nothing_comes(tmp_path: Path) -> None:
    with hosting(answer(b"")) as host, (tmp_path / "picture").open("w+b") as place:
        with pytest.raises(FetchRefused):
            take(host, into=place)
        assert not place.closed


def test_a_file_of_our_own_is_closed_when_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[IO[bytes]] = []

    def make() -> IO[bytes]:
        made.append(TemporaryFile())  # noqa: SIM115 (the door closes it)
        return made[-1]

    monkeypatch.setattr(door, "TemporaryFile", make)
    refusal(answer(b""))
    assert [file.closed for file in made] == [True]


@pytest.mark.parametrize("body", [b"<!doctype html><title>hello</title>", b"<svg xmlns='http://www.w3.org/2000/svg'/>",
                                  b"\xff\xd8\xff" + bytes(20), b"\x89PNG", b"RIFF\0\0\0\0WAVE" + bytes(9)])  # fmt: skip
def test_what_it_is_called_proves_nothing(body: bytes) -> None:
    refused = refusal(answer(body, Content_Type="image/png"))
    assert (refused.code, refused.may_pass) == (Reason.WRONG_TYPE, False)


def test_no_more_of_a_wrong_type_is_read() -> None:
    """A page of any length is refused by its start."""

    def page(asked: Asked, send: Send) -> None:
        send(b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n<html><head><title>")

    assert refusal(page).code == Reason.WRONG_TYPE


@pytest.mark.parametrize(
    ("status", "may_pass"),
    [(201, False), (204, False), (206, False), (300, False), (304, False), (400, False), (401, False), (403, True),
     (404, True), (410, False), (418, False), (429, True), (500, True), (501, False), (502, True), (503, True),
     (504, True)],
)  # fmt: skip
def test_an_answer_that_is_no_file_is_told(status: int, may_pass: bool) -> None:
    body = b"" if status in {204, 304} else PNG
    refused = refusal(answer(body, status=f"{status} Whatever"))
    assert (refused.code, refused.status) == (Reason.STATUS, status)
    assert refused.may_pass == may_pass


def test_an_empty_file_is_none_and_may_be_there_later() -> None:
    refused = refusal(answer(b""))
    assert (refused.code, refused.may_pass) == (Reason.EMPTY, True)


CUT = {
    "shorter than it says": b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + PNG,
    "in the middle of a part": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n"
    + PNG,
    "before its head ends": b"HTTP/1.1 200 OK\r\nContent-",
    "no HTTP": b"220 mail.example ESMTP\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n" + PNG,
    "a head without an end": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000,
    "nothing": b"",
}


@pytest.mark.parametrize("sent", CUT.values(), ids=CUT)
def test_a_file_that_is_cut_short_is_none(sent: bytes) -> None:
    def hang_up(asked: Asked, send: Send) -> None:
        send(sent)
        raise ConnectionAbortedError("as a host that dies")

    refused = refusal(hang_up)
    assert (refused.code, refused.may_pass) == (Reason.BROKEN, True)


def test_a_host_that_is_down_may_be_there_later() -> None:
    with hosting(answer(PNG)) as host:
        pass
    with pytest.raises(FetchRefused) as refused:
        take(host)
    assert (refused.value.code, refused.value.may_pass) == (Reason.UNREACHABLE, True)


def test_a_private_host_is_refused_for_good(dialled: Dialled) -> None:
    with hosting(answer(PNG)) as host, pytest.raises(FetchRefused) as refused:
        fetch(f"https://{host.name.split(':')[0]}/", most_bytes=1, types=())
    assert (refused.value.code, refused.value.may_pass) == (Reason.PRIVATE, False)
    assert dialled == []


# Size and time.


def test_five_gigabytes_are_refused_by_what_is_said() -> None:
    def boast(asked: Asked, send: Send) -> None:
        send(b"HTTP/1.1 200 OK\r\nContent-Length: 5368709120\r\n\r\n")

    assert refusal(boast).code == Reason.TOO_LARGE


@pytest.mark.parametrize("length", [len(PNG), len(PNG) + 1])
def test_the_largest_file_is_taken_and_no_larger(length: int) -> None:
    body = PNG + bytes(length - len(PNG))

    def stream(asked: Asked, send: Send) -> None:
        send(b"HTTP/1.0 200 OK\r\n\r\n" + body)
        raise ConnectionAbortedError("that was all")

    for answers in (answer(body), stream):
        if length == len(PNG):
            with hosting(answers) as host, take(host, most_bytes=len(PNG)) as fetched:
                assert fetched.size_bytes == length
        else:
            assert refusal(answers, most_bytes=len(PNG)).code == Reason.TOO_LARGE


def endless(asked: Asked, send: Send) -> None:
    send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    send(f"{len(PNG):x}\r\n".encode() + PNG + b"\r\n")
    part = b"100000\r\n" + bytes(2**20) + b"\r\n"
    while True:
        send(part)


def test_an_endless_body_ends_at_the_limit_and_fills_no_memory() -> None:
    most, peak = 64 * 2**20, 0
    tracemalloc.start()
    try:
        refused = refusal(endless, most_bytes=most)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.code == Reason.TOO_LARGE
    # The host's own megabytes are in this process, too.
    assert peak < 8 * 2**20


@pytest.mark.parametrize(
    "encoding", ["gzip", "GZIP", "br", "zstd", "deflate", "gzip, gzip", "x-unknown"]
)
def test_what_is_packed_is_not_unpacked(encoding: str) -> None:
    """A megabyte may hold ten gigabytes; it was asked for as it is."""
    refused = refusal(answer(PNG, Content_Encoding=encoding))
    assert (refused.code, refused.may_pass) == (Reason.ENCODED, False)


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
def test_what_is_said_to_be_as_it_is_is_taken(encoding: str) -> None:
    with hosting(answer(PNG, Content_Encoding=encoding)) as host, take(host) as fetched:
        assert fetched.file.read() == PNG


def dripping(head: bytes, drop: bytes) -> Answer:
    """Return a host that sends a drop now and then, always in time for the next timeout."""

    def drip(asked: Asked, send: Send) -> None:
        send(head)
        while not SILENCE.wait(0.01):
            send(drop)

    return drip


SILENCE = threading.Event()
DRIPS = {
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + PNG, b"\0"),
    "head": (b"HTTP/1.1 200 OK\r\nX: ", b"a"),
    "parts": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + PNG[:0x400] + b"\r\n", b"1\r\n\0\r\n"),
    "a part's length": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + PNG[:0x400] + b"\r\n1;", b"a"),
    "early hints": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
}  # fmt: skip


@pytest.mark.parametrize(("head", "drop"), DRIPS.values(), ids=DRIPS)
def test_a_drip_ends_in_time(head: bytes, drop: bytes) -> None:
    refused = refusal(dripping(head, drop), seconds=SHORT_SECONDS)
    assert (refused.code, refused.may_pass) == (Reason.TOO_SLOW, True)


# Redirects.


def step(asked: Asked, send: Send) -> None:
    """Lead down from /3 to /0."""
    left = int(asked.path.removeprefix("/"))
    send(answer(status="302 Found", Location=f"/{left - 1}") if left else answer(PNG))


def test_three_redirects_are_followed() -> None:
    with hosting(step) as host, take(host, "/3") as fetched:
        assert fetched.url == host.url("/0")
    assert [asked.path for asked in host.asked] == ["/3", "/2", "/1", "/0"]


def test_a_fourth_redirect_is_not_followed() -> None:
    with hosting(step) as host, pytest.raises(FetchRefused) as refused:
        take(host, "/4")
    assert refused.value.code == Reason.REDIRECTED
    assert [asked.path for asked in host.asked] == ["/4", "/3", "/2", "/1"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_kind_of_redirect_is_one(status: int) -> None:
    def lead(asked: Asked, send: Send) -> None:
        there = asked.path == "/there"
        send(answer(PNG) if there else answer(status=f"{status} Moved", Location="/there"))

    with hosting(lead) as host, take(host) as fetched:
        assert fetched.url == host.url("/there")


def test_nothing_of_one_host_is_told_to_the_next() -> None:
    with hosting(answer(PNG)) as there:
        leading = answer(status="302 Found", Location=there.url("/x"), Set_Cookie="a=b; Path=/")
        with hosting(leading) as here:
            take(here, "/secret?token=1", private_hosts={here.name, there.name}).file.close()
    told = there.asked[0].headers
    assert sorted(told) == ["accept", "accept-encoding", "connection", "host", "user-agent"]
    assert "secret" not in str(told)


@pytest.mark.parametrize("location", ["http://sd.lan/x", "//sd.lan:80/x"])
def test_no_redirect_leads_from_https_to_http(location: str) -> None:
    here, named = httpx2.URL("https://sd.lan/"), frozenset({"sd.lan"})
    if location.startswith("http:"):
        with pytest.raises(FetchRefused) as refused:
            redirect(here, location, named)
        assert refused.value.code == Reason.REDIRECTED
    else:
        assert redirect(here, location, named).scheme == "https"


def test_a_public_host_leads_to_no_private_one_that_is_named(
    certified: ssl.SSLContext, resolve: Resolve, dialled: Dialled
) -> None:
    """Who allows an own server as the first address has not allowed it to everybody's redirects."""
    with hosting(answer(PNG)) as inside:
        for location in (inside.url(), f"https://{inside.name}/", "https://127.0.0.1/"):
            leading = answer(status="302 Found", Location=location)
            with hosting(leading, certified) as outside:
                resolve([PUBLIC])
                dialled.played_at[PUBLIC] = outside.port
                with pytest.raises(FetchRefused) as refused:
                    fetch("https://pictures.lan/", most_bytes=9, types=(),
                          private_hosts={inside.name, "127.0.0.1"})  # fmt: skip
                assert refused.value.code in {Reason.PRIVATE, Reason.BAD_ADDRESS}
                assert len(outside.asked) == 1
    assert inside.asked == []
    assert set(dialled) == {PUBLIC}


def test_a_public_host_is_fetched_from(
    certified: ssl.SSLContext, resolve: Resolve, dialled: Dialled
) -> None:
    resolve([PUBLIC])
    with hosting(answer(PNG), certified) as outside:
        dialled.played_at[PUBLIC] = outside.port
        with fetch("https://pictures.lan/a", most_bytes=9999, types={"image/png"}) as fetched:
            assert fetched.file.read() == PNG
    assert dialled == [PUBLIC]


@pytest.mark.parametrize("scheme", ["http", "ftp", "file"])
def test_plain_http_is_for_named_hosts_alone(scheme: str, dialled: Dialled) -> None:
    with pytest.raises(FetchRefused) as refused:
        fetch(f"{scheme}://93.184.215.14/a", most_bytes=9, types=())
    assert refused.value.code == Reason.BAD_ADDRESS
    with hosting(answer(PNG)) as host, pytest.raises(FetchRefused) as refused:
        fetch(f"{scheme}x://{host.name}/", most_bytes=9, types=(), private_hosts={host.name})
    assert refused.value.code == Reason.BAD_ADDRESS
    assert dialled == []


@pytest.mark.parametrize(
    ("url", "fault"),
    [("https://a:b@93.184.215.14/", "name and password"), ("https://a@93.184.215.14/", "name and password"),
     ("https://93.184.215.14:8443/", "port"), ("https://93.184.215.14:80/", "port"), ("https:///x", "no host"),
     ("https://93.184.215.14\\x", "backslash"), (f"https://93.184.215.14/{'a' * 8192}", "too long"),
     ("http://93.184.215.14/", "not https")],
)  # fmt: skip
def test_each_fault_of_an_address_is_told_to_staff(url: str, fault: str, dialled: Dialled) -> None:
    with pytest.raises(FetchRefused, match=fault) as refused:
        fetch(url, most_bytes=9, types=())
    assert refused.value.code == Reason.BAD_ADDRESS
    assert dialled == []


def test_the_usual_port_may_be_written_and_the_rest_is_escaped() -> None:
    url = door.read_address("https://pictures.example:443/a b/ü?q=ä#part", frozenset())
    assert (url.port, url.raw_path) == (None, b"/a%20b/%C3%BC?q=%C3%A4")
