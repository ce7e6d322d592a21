"""An error that no handler of Django sees is logged once and answered like all others."""

import io
import logging
from typing import Any

import pytest
from django.test import RequestFactory

from genhub.front.guard import Guard
from genhub.front.spool import Room
from genhub.front.work import Job, Reply


class Broken(Exception):
    """Nobody expects it."""


def break_at_once(environ: Any, start_response: Any) -> Any:
    raise Broken


def break_in_the_body(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", [("Content-Type", "text/plain")])

    def body() -> Any:
        yield b"x"
        raise Broken

    return body()


def run(application: Any) -> list[Reply]:
    replies: list[Reply] = []
    environ = RequestFactory().get("/api/v1/tasks").environ
    job = Job(application, environ, room=Room(2**20), tell=replies.append, tell_more=lambda: None)
    job.run()
    return replies


@pytest.mark.parametrize("application", [break_at_once, break_in_the_body])
def test_escaped_error_is_logged_and_answered(
    application: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        [reply] = run(Guard(application))
    assert reply.status.startswith("500")
    assert dict(reply.headers)["Content-Type"] == "application/problem+json"
    assert b'"internal_error"' in reply.body.read_at(0, 4096)
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [Broken]


def test_answer_that_breaks_off_late_is_known_to_be_broken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def long(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        yield b"x" * 300_000
        raise Broken

    with caplog.at_level(logging.ERROR):
        [reply] = run(Guard(long))
    assert reply.body.is_broken
    assert not reply.body.is_complete
    reply.body.close()


def test_room_is_bounded_and_given_back() -> None:
    room = Room(400_000)

    def large(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return [b"x" * 300_000]

    replies: list[Reply] = []
    environ = RequestFactory().get("/").environ | {"wsgi.input": io.BytesIO()}
    for _ in range(2):
        Job(large, environ, room=room, tell=replies.append, tell_more=lambda: None).run()
    assert [reply.status[:3] for reply in replies] == ["200", "503"]
    for reply in replies:
        reply.body.close()
    assert room.taken_bytes == 0
