"""The front passes streams on to the events process; while that is away it says so, and all else goes on."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Account
from tests.api.refusals import header_of
from tests.faults.processes import wait_until
from tests.front.web import HOST, Web, serving
from tests.live.streams import Follower, serving_events
from tests.patience import patience
from tests.ports import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("live")]
EVENTS = "/api/v1/events"


def test_streams_are_refused_while_their_process_is_away_and_open_when_it_is_there(
    alice: APIClient, stub: Account, tmp_path: Any
) -> None:
    address = f"{HOST}:{free_port()}"
    headers = {"Authorization": header_of(alice)["HTTP_AUTHORIZATION"]}
    with serving(tmp_path / "web.log", EVENTS_ADDRESS=address) as web:
        for language in ("en", "zh-Hans"):
            words = headers | {"Accept-Language": language}
            refused = web.ask("GET", EVENTS, headers=words)
            assert (refused.status, refused.json()["code"]) == (503, "events_away")
            assert refused.headers["Retry-After"]
            assert refused.headers["Content-Language"] == language.lower()
        assert web.ask("POST", "/mcp", b"{}", headers=headers).json()["code"] == "events_away"
        assert web.ask("GET", "/api/v1/tasks", headers=headers).status == 200
        check_request_ids(web, headers)
        with serving_events(tmp_path / "events.log", address):
            stream = Follower(web, EVENTS, headers)
            stream.await_greeting()
            named = web.ask("HEAD", EVENTS, headers=headers | {"X-Request-ID": "stream-1"})
            assert (named.status, named.headers["x-request-id"]) == (200, "stream-1")
            unsafe = web.ask("HEAD", EVENTS, headers=headers | {"X-Request-ID": "<1>"})
            assert unsafe.headers["x-request-id"].startswith("req_")
            assert web.ask("POST", EVENTS, b"", headers=headers).status == 405
        # Its end is the stream's, and no error of the connection.
        assert stream.has_ended.wait(patience())
        stream.leave()
        assert web.ask("GET", EVENTS, headers=headers).json()["code"] == "events_away"


def check_request_ids(web: Web, headers: dict[str, str]) -> None:
    """What the web server itself refuses names its request as all answers do, and so do the lines of its log."""
    named = headers | {"X-Request-ID": "order-4711"}
    assert web.ask("GET", EVENTS, headers=named).headers["X-Request-ID"] == "order-4711"
    packed = web.ask("POST", "/api/v1/generate", b"x", headers=named | {"Content-Encoding": "gzip"})
    assert (packed.status, packed.headers["X-Request-ID"]) == (415, "order-4711")
    assert web.talk(b"GET / HTTP/1.1\r\n\r\n").headers["X-Request-ID"].startswith("req_")
    assert web.ask("GET", "/api/v1/nothing", headers=named).status == 404
    wait_until(lambda: "/api/v1/nothing [order-4711]" in web.log.read_text(), 30, "the line")


def test_a_web_server_that_stops_lets_go_of_its_streams(
    alice: APIClient, stub: Account, tmp_path: Any
) -> None:
    address = f"unix:{tmp_path}/events.sock"
    headers = {"Authorization": header_of(alice)["HTTP_AUTHORIZATION"]}
    with serving_events(tmp_path / "events.log", address) as process:
        with serving(tmp_path / "web.log", EVENTS_ADDRESS=address) as web:
            stream = Follower(web, EVENTS, headers)
            stream.await_greeting()
        assert stream.has_ended.wait(patience())
        stream.leave()
        assert process.poll() is None


def test_without_a_server_of_streams_the_address_says_so(alice: APIClient) -> None:
    for refused in (alice.get(EVENTS), alice.post("/mcp")):
        assert (refused.status_code, refused.json()["code"]) == (503, "events_away")
