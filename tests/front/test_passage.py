"""The front passes streams on to the events process; while that is away it says so, and all else goes on."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Account
from tests.api.refusals import header_of
from tests.front.web import HOST, serving
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
        assert web.ask("GET", "/api/v1/tasks", headers=headers).status == 200
        with serving_events(tmp_path / "events.log", address):
            stream = Follower(web, EVENTS, headers)
            stream.await_greeting()
            assert web.ask("HEAD", EVENTS, headers=headers).status == 200
            assert web.ask("POST", EVENTS, b"", headers=headers).status == 405
        # Its end is the stream's, and no error of the connection.
        assert stream.has_ended.wait(patience())
        stream.leave()
        assert web.ask("GET", EVENTS, headers=headers).json()["code"] == "events_away"


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
    refused = alice.get(EVENTS)
    assert (refused.status_code, refused.json()["code"]) == (503, "events_away")
