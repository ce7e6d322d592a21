"""Streams through a real nginx, as deploy/nginx.conf sets it up: each event at once, resumed where they stopped, and
kept open while nothing happens."""

import http.client
import re
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Task
from genhub.lib.ids import to_wire
from tests.api.refusals import header_of
from tests.faults.processes import ROOT, wait_until
from tests.front.web import HOST, Web, is_listening, serving
from tests.live.streams import Follower, serving_events
from tests.patience import patience
from tests.ports import free_port
from tests.programs import need_program
from tests.steps import submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("live")]
EVENTS = "/api/v1/events"
FILE = ROOT / "deploy" / "nginx.conf"
FRAME = """
daemon off;
user {user};
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/genhub.conf;
}}
"""


@contextmanager
def nginx(folder: Path, *, web: int, events: int, flower: int = 5555) -> Iterator[int]:
    """Run nginx with the file of the release, of which ports and paths alone are others; yield its port with TLS."""
    path = need_program("/usr/sbin/nginx", "nginx", variable="NGINX")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder / "key.pem",
         "-out", folder / "certificate.pem", "-subj", "/CN=hub.example.com", "-days", "2"],
        check=True, capture_output=True,
    )  # fmt: skip
    plain, secure = free_port(), free_port()
    text = FILE.read_text()
    for found, replaced in (
        ("127.0.0.1:8000", f"127.0.0.1:{web}"),
        ("127.0.0.1:8001", f"127.0.0.1:{events}"),
        ("127.0.0.1:5555", f"127.0.0.1:{flower}"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{secure} ssl http2;"),
        ("/var/log/nginx/", f"{folder}/"),
        ("/etc/letsencrypt/live/hub.example.com/fullchain.pem", f"{folder}/certificate.pem"),
        ("/etc/letsencrypt/live/hub.example.com/privkey.pem", f"{folder}/key.pem"),
    ):
        assert found in text
        text = text.replace(found, replaced)
    text = re.sub(r"\n +listen \[::\].*", "", text)
    (folder / "genhub.conf").write_text(text)
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    (folder / "nginx.conf").write_text(FRAME.format(folder=folder, user=user))
    with (folder / "nginx.log").open("wb") as log:
        command = [path, "-p", str(folder), "-c", str(folder / "nginx.conf")]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_until(lambda: is_listening(secure) or process.poll() is not None, 20, "nginx's start")
        assert process.poll() is None, (folder / "nginx.log").read_text()
        yield secure
    finally:
        process.terminate()
        process.wait(patience())


@pytest.fixture(scope="module")
def proxied(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The hub's two processes behind nginx."""
    folder, events = tmp_path_factory.mktemp("nginx"), free_port()
    words = {"EVENTS_ADDRESS": f"{HOST}:{events}", "BEHIND_PROXY": "true"}
    with (
        serving_events(folder / "events.log", words["EVENTS_ADDRESS"]),
        serving(folder / "web.log", **words) as web,
        nginx(folder, web=web.port, events=events) as port,
    ):
        yield Web(port, folder / "genhub.log")


Open = Callable[..., Follower]


@pytest.fixture
def follow(proxied: Web, transactional_db: None, alice: APIClient, stub: Account) -> Iterator[Open]:
    """Open a stream through nginx; all are closed at the end."""
    opened: list[Follower] = []

    def open_stream(path: str, **headers: str) -> Follower:
        words = {"Authorization": header_of(alice)["HTTP_AUTHORIZATION"], **headers}
        opened.append(Follower(proxied, path, words, connect(proxied)))
        return opened[-1]

    yield open_stream
    for follower in opened:
        follower.leave()


def connect(proxied: Web) -> http.client.HTTPSConnection:
    """Return a connection that takes nginx's certificate for what it is."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(HOST, proxied.port, timeout=patience(), context=context)


def names(stream: Follower) -> list[str]:
    return [each.name for each in stream.kept()]


def end_one(alice: APIClient) -> Task:
    """Order a picture and cancel it: two events."""
    task = submit(alice)
    cancel_task(task.pk)
    return task


def test_each_event_comes_at_once(alice: APIClient, follow: Open) -> None:
    """Were one kept back until a buffer is full, the next would never be ordered."""
    stream = follow(EVENTS)
    stream.await_greeting()

    def await_one_more(act: Callable[[], object]) -> None:
        known = len(stream.kept())
        act()
        wait_until(lambda: len(stream.kept()) == known + 1, 30, "the event of what was done")

    for _ in range(3):
        await_one_more(lambda: submit(alice))
        await_one_more(lambda: cancel_task(Task.objects.latest("created_at").pk))
    assert names(stream) == ["task.submitted", "task.canceled"] * 3
    assert not stream.has_ended.is_set()
    assert stream.answer.headers["Content-Type"].startswith("text/event-stream")


def test_stream_of_one_order_ends_with_it(alice: APIClient, follow: Open) -> None:
    task = submit(alice)
    stream = follow(f"/api/v1/tasks/{to_wire('task', task.pk)}/events")
    # Where it stands in the line, which has no id, may be told before.
    wait_until(lambda: names(stream) == ["task.submitted"], 30, "its first event")
    cancel_task(task.pk)
    assert stream.has_ended.wait(patience())
    assert names(stream) == ["task.submitted", "task.canceled"]


def test_who_comes_again_hears_what_was_missed_once(alice: APIClient, follow: Open) -> None:
    first = follow(EVENTS)
    first.await_greeting()
    end_one(alice)
    wait_until(lambda: len(first.kept()) == 2, 30, "the first order's events")
    first.leave()
    missed = end_one(alice)
    second = follow(EVENTS, **{"Last-Event-ID": first.last_id})
    wait_until(lambda: len(second.kept()) == 2, 30, "what was missed")
    assert {each.data["task_id"] for each in second.kept()} == {to_wire("task", missed.pk)}
    end_one(alice)
    wait_until(lambda: len(second.kept()) == 4, 30, "what comes now")
    ids = [int(each.id) for each in first.kept() + second.kept()]
    assert ids == sorted(set(ids))


def test_silence_is_filled_and_the_stream_stays(alice: APIClient, follow: Open) -> None:
    stream = follow(EVENTS)
    stream.await_greeting()
    greeted = stream.comments
    wait_until(lambda: stream.comments >= greeted + 2, 45, "two heartbeats")
    assert not stream.has_ended.is_set()
    end_one(alice)
    wait_until(lambda: len(stream.kept()) == 2, 30, "an event after the silence")


def test_refusals_and_what_is_for_this_machine_alone(proxied: Web, follow: Open) -> None:
    def ask(path: str, **headers: str) -> Any:
        connection = connect(proxied)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    assert ask("/metrics")[0] == 404
    status, body = ask(EVENTS, Authorization="Bearer x")
    assert (status, b"key_invalid" in body) == (401, True)
    assert ask("/files/x?signature=sung-by-a-canary")[0] in {403, 404}
    # It is written once the answer is sent.
    wait_until(lambda: "/files/x" in proxied.log.read_text(), 20, "nginx's line")
    assert "canary" not in proxied.log.read_text()
