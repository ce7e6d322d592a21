"""Clients that send or read slowly hold nobody up, and are cut off; honest large ones are served."""

import collections
import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.faults.processes import wait_until
from tests.front.crowd import LARGE_FILE
from tests.front.web import HEALTH, HOST, PATIENCE_SECONDS, Web, read_answer, serving
from tests.patience import quick_enough

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
ROOT = Path(__file__).resolve().parents[2]
IS_FULL = bool(os.environ.get("FAULT_COUNT"))
SENDERS = READERS = 1000 if IS_FULL else 150
SAMPLES = 200 if IS_FULL else 25
HEALTH_SECONDS = 0.5
UPLOADERS = 48 if IS_FULL else 16
LARGE_PICTURE = (3600, 3500)


@contextmanager
def crowd(web: Web, senders: int, readers: int, key: str) -> Iterator[subprocess.Popen[str]]:
    """Slow clients that are all connected."""
    command = [
        sys.executable,
        "-m",
        "tests.front.crowd",
        *map(str, (web.port, senders, readers)),
        key,
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "connected\n"
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str]) -> dict[str, int]:
    """Return what the crowd was told, by status, and let it go."""
    assert process.stdin
    assert process.stdout
    process.stdin.close()
    answer: dict[str, int] = json.loads(process.stdout.readline())
    return answer


def test_a_crowd_of_slow_clients_holds_nobody_up(
    web: Web, bearer: dict[str, Any], picture: bytes
) -> None:
    key = bearer["Authorization"].removeprefix("Bearer ")
    with crowd(web, SENDERS, READERS, key):
        what = f"worst health beside {SENDERS} slow senders and {READERS} slow readers"
        quick_enough(HEALTH_SECONDS, lambda: worst_health(web), what)
        assert web.ask("GET", "/api/v1/tasks", headers=bearer).status == 200
        words = {"headers": bearer | {"Content-Type": "image/png"}}
        assert web.ask("POST", "/api/v1/artifacts", picture, **words).status == 201


def worst_health(web: Web, samples: int = SAMPLES) -> float:
    """Return the seconds of the slowest of several answers of health."""
    return max(web.health_seconds() for _ in range(samples))


class Flood:
    """Clients that upload large pictures one after the other, as fast as they are answered."""

    def __init__(self, web: Web, bearer: dict[str, Any], clients: int) -> None:
        self.web, self.headers = web, bearer | {"Content-Type": "image/png"}
        self.statuses: collections.Counter[int] = collections.Counter()
        self.seconds: list[float] = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.upload) for _ in range(clients)]
        out = io.BytesIO()
        Image.linear_gradient("L").resize(LARGE_PICTURE).convert("RGB").save(out, "PNG")
        self.picture = out.getvalue()

    def upload(self) -> None:
        """Upload until the flood is over."""
        while not self.over.is_set():
            began = time.monotonic()
            status = self.web.ask(
                "POST", "/api/v1/artifacts", self.picture, headers=self.headers
            ).status
            self.statuses[status] += 1
            if status == 201:
                self.seconds.append(time.monotonic() - began)

    def __enter__(self) -> "Flood":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(PATIENCE_SECONDS)


def test_a_flood_of_uploads_leaves_threads_for_all_else(web: Web, bearer: dict[str, Any]) -> None:
    """More clients upload than the server has threads, and each picture takes long to read: most are sent away at once,
    and who does not upload is answered while one upload lasts."""
    with Flood(web, bearer, UPLOADERS) as flood:
        wait_until(lambda: flood.statuses[503] > 0, PATIENCE_SECONDS, "full house")
        waits: list[float] = []
        while len(waits) < SAMPLES or not flood.seconds:
            began = time.monotonic()
            assert web.ask("GET", "/api/v1/tasks", headers=bearer).status == 200
            waits.append(time.monotonic() - began)
    print(  # noqa: T201 (a measurement)
        f"flood: {dict(flood.statuses)}; an upload {min(flood.seconds):.3f} to {max(flood.seconds):.3f} s, "
        f"another call median {sorted(waits)[len(waits) // 2]:.3f} worst {max(waits):.3f} s"
    )
    assert set(flood.statuses) <= {201, 503}
    assert flood.statuses[503] > flood.statuses[201]
    # Had uploads all threads, each other call would wait for one of them to end.
    assert sorted(waits)[len(waits) // 2] < min(flood.seconds)


def test_slow_requests_are_cut_off_and_told(bearer: dict[str, Any], tmp_path: Path) -> None:
    limits = {"WEB_HEAD_SECONDS": "2", "WEB_STALL_SECONDS": "2", "WEB_BODY_SECONDS": "6"}
    with serving(tmp_path / "web.log", **limits) as web:
        key = bearer["Authorization"]
        head = f"POST /api/v1/quote HTTP/1.1\r\nHost: localhost\r\nAuthorization: {key}\r\nContent-Length: 99\r\n\r\n"
        for began in (head, head[:60], head + "{"):
            answer = web.talk(began.encode())
            assert (answer.status, answer.json()["code"]) == (408, "request_too_slow")
        # Fast enough for the lowest speed, and still too long in all.
        with web.connect() as sock:
            sock.sendall(head.replace("99", "900000").encode())
            sender = threading.Thread(target=drip, args=(sock,), daemon=True)
            sender.start()
            assert read_answer(sock).status == 408
        # A reader that takes nothing loses its connection: less came than was promised.
        with web.connect(receive_bytes=4096) as sock:
            sock.sendall(f"GET {LARGE_FILE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            wait_for_log(web, "a reader took nothing")
            with pytest.raises(Exception, match=r"reset|IncompleteRead|more expected"):
                read_answer(sock)
        with web.connect() as sock:
            assert sock.recv(1) == b""


def test_reader_that_takes_little_keeps_its_connection(
    bearer: dict[str, Any], tmp_path: Path
) -> None:
    with serving(tmp_path / "web.log", WEB_STALL_SECONDS="2") as web, socket.socket() as sock:
        sock.settimeout(PATIENCE_SECONDS)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        # As on a real network; this machine's own carries 64 KiB at a time.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1000)
        sock.connect((HOST, web.port))
        sock.sendall(f"GET {LARGE_FILE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        for _ in range(30):
            assert sock.recv(1000)
            time.sleep(0.25)
        assert "a reader took nothing" not in web.log.read_text()


def drip(sock: Any) -> None:
    """Send 2 kB a second until the other side has had enough."""
    try:
        while True:
            sock.sendall(b" " * 1000)
            time.sleep(0.5)
    except OSError:
        return


def wait_for_log(web: Web, words: str) -> None:
    for _ in range(600):
        if words in web.log.read_text():
            return
        time.sleep(0.1)
    raise AssertionError(web.log.read_text())


def test_oldest_that_owes_its_request_makes_room(bearer: dict[str, Any], tmp_path: Path) -> None:
    with serving(tmp_path / "web.log", WEB_CONNECTIONS="20") as web:
        held = [web.connect() for _ in range(60)]
        assert web.ask("GET", HEALTH).status in {200, 503}
        for sock in held:
            sock.close()


def test_large_answers_and_bodies_arrive_whole(
    web: Web, bearer: dict[str, Any], picture: bytes
) -> None:
    whole = web.ask("GET", LARGE_FILE)
    assert (whole.status, len(whole.body)) == (200, int(whole.headers["Content-Length"]))
    assert len(whole.body) > 2**20
    part = web.ask("GET", LARGE_FILE, headers={"Range": "bytes=5-1000004"})
    assert (part.status, part.body) == (206, whole.body[5:1000005])
    assert web.ask("HEAD", LARGE_FILE).headers["Content-Length"] == str(len(whole.body))
    old = {"If-Modified-Since": whole.headers["Last-Modified"]}
    assert (web.ask("GET", LARGE_FILE, headers=old).status) == 304
    # Bytes after a picture's end are no part of it: a legitimate upload of almost the limit.
    large = picture + b"\0" * (19 * 2**20)
    words = {"headers": bearer | {"Content-Type": "image/png"}}
    assert web.ask("POST", "/api/v1/artifacts", large, **words).status in {201, 400}
