"""A stock OpenAI client reads pictures as events, without a thread of the web server."""

import base64
import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest
from openai.types import (
    ImageEditCompletedEvent,
    ImageEditPartialImageEvent,
    ImageGenCompletedEvent,
    ImageGenPartialImageEvent,
)
from rest_framework.test import APIClient

from credits.models import Hold, Purse
from generation.api.compat.openai.streams import Telling
from generation.api.live.lines import HEARTBEAT
from generation.life import claims
from generation.life.attempt_ends import complete
from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Task
from genhub.lib.ids import to_wire
from genhub.platforms.models import ApiKey, Scope
from tests.api.album import PNG
from tests.api.refusals import header_of
from tests.faults.processes import wait_until
from tests.front.stock import Dropping, Make, stock, threads
from tests.front.web import Web, serving
from tests.live.streams import serve_here
from tests.patience import patience
from tests.ports import free_port
from tests.steps import claim, collect

__all__ = ["stock", "threads"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("live")]
STREAM: dict[str, Any] = {"prompt": "a star", "stream": True}


@pytest.fixture
def bearer(alice: APIClient, rich: Any, stub: Account) -> dict[str, Any]:
    """The headers of alice, who has credits."""
    rich("alice", 100)
    return {"Authorization": header_of(alice)["HTTP_AUTHORIZATION"]}


class Reading:
    """A stream that a thread reads to its end."""

    def __init__(self, threads: ThreadPoolExecutor, stream: Any) -> None:
        self.heard: list[Any] = []
        self.done: Future[None] = threads.submit(self._read, stream)

    def _read(self, stream: Iterator[Any]) -> None:
        self.heard.extend(stream)

    def await_count(self, count: int) -> None:
        wait_until(lambda: len(self.heard) == count, 30, f"{count} events")


def draw(heard: Reading) -> None:
    """Draw what waits, in steps."""
    found = claim()
    for count, progress in enumerate((0.1, 0.4, 0.6, 0.7), 1):
        claims.heartbeat(found, progress=progress, preview=b"\xff\xd8%d" % count)
        if count in (2, 4):
            heard.await_count(count // 2)
        else:
            time.sleep(0.2)
    complete(found, collect(found))


def checked(kind: type[Any], event: Any) -> Any:
    """Return an event of OpenAI's once its own type has judged it: its client takes anything for one."""
    return kind.model_validate(event.model_dump())


@pytest.mark.parametrize("way", ["generation", "edit"])
def test_pictures_come_as_events(
    web: Web, stock: Make, threads: ThreadPoolExecutor, way: str
) -> None:
    images = stock().images
    words = STREAM | {"partial_images": 2, "quality": "low", "n": 2}
    if way == "edit":
        stream: Any = images.edit(image=PNG, **words)
        partial, whole = ImageEditPartialImageEvent, ImageEditCompletedEvent
    else:
        stream = images.generate(**words)
        partial, whole = ImageGenPartialImageEvent, ImageGenCompletedEvent  # type: ignore[assignment]
    task = Task.objects.get()
    assert stream.response.headers["x-genhub-task"] == to_wire("task", task.pk)
    assert stream.response.headers["x-should-retry"] == "false"
    reading = Reading(threads, stream)
    draw(reading)
    reading.done.result(patience())
    first, second, *pictures = reading.heard
    for index, event in enumerate((first, second)):
        told = checked(partial, event)
        assert (told.partial_image_index, told.output_format) == (index, "jpeg")
    # Each once a third more of the way is done, as it stands then.
    assert base64.b64decode(first.b64_json) == b"\xff\xd82"
    assert base64.b64decode(second.b64_json) == b"\xff\xd84"
    assert len(pictures) == 2
    for event in pictures:
        told = checked(whole, event)
        assert base64.b64decode(told.b64_json).startswith(b"RIFF")
        assert (told.output_format, told.quality) == ("webp", "low")
        assert told.usage.total_tokens == told.usage.input_tokens > 0
    assert Hold.objects.get().captured > 0


def test_a_stream_without_pictures_under_way_ends_in_the_format_asked_for(
    web: Web, stock: Make, threads: ThreadPoolExecutor
) -> None:
    reading = Reading(threads, stock().images.generate(**STREAM, output_format="jpeg", n=1))
    found = claim()
    claims.heartbeat(found, progress=0.9, preview=b"\xff\xd8")
    complete(found, collect(found))
    reading.done.result(patience())
    [event] = reading.heard
    assert (event.type, event.output_format) == ("image_generation.completed", "jpeg")
    assert base64.b64decode(event.b64_json).startswith(b"\xff\xd8")


def test_nothing_is_worded_for_a_client_that_left(
    web: Web, stock: Make, alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    worded: list[Telling] = []

    def word_end(telling: Telling) -> Iterator[bytes]:
        worded.append(telling)
        yield from ()

    monkeypatch.setattr(Telling, "word_end", word_end)
    with stock().images.generate(**STREAM):
        path = f"/v1/images/streams/{to_wire('task', Task.objects.get().pk)}"
        said = serve_here(alice, path, begun=lambda: None, is_enough=bool)
    assert (said, worded) == (HEARTBEAT, [])


def test_a_task_that_fails_is_an_error_of_the_stream(
    web: Web, stock: Make, threads: ThreadPoolExecutor
) -> None:
    reading = Reading(threads, stock(max_retries=2).images.generate(**STREAM))
    cancel_task(Task.objects.get().pk)
    with pytest.raises(openai.APIError) as refusal:
        reading.done.result(patience())
    assert (refusal.value.code, reading.heard) == ("no_result", [])
    assert Task.objects.count() == 1


def test_a_lost_head_is_paid_once_and_a_stream_is_read_again(
    web: Web, stock: Make, threads: ThreadPoolExecutor, bearer: dict[str, str]
) -> None:
    client = stock(max_retries=2, http_client=httpx.Client(transport=Dropping(2)))
    reading = Reading(threads, client.images.generate(**STREAM))
    found = claim()
    complete(found, collect(found))
    reading.done.result(patience())
    assert len(reading.heard) == Task.objects.count() == Hold.objects.count() == 1
    wire_id = to_wire("task", Task.objects.get().pk)
    again = web.ask("GET", f"/v1/images/streams/{wire_id}", headers=bearer)
    lines = [line for line in again.body.decode().splitlines() if line.startswith("data: ")]
    [data] = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert data["output_format"] == "webp"
    assert base64.b64decode(data["b64_json"]).startswith(b"RIFF")


def test_head_and_first_byte_come_at_once(web: Web, bearer: dict[str, str]) -> None:
    """Before anything is drawn, so that no proxy takes the silence for a hub that is away."""
    body = json.dumps(STREAM).encode()
    lines = {**bearer, "Content-Type": "application/json", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    first = b"POST /v1/images/generations HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    with web.connect() as sock:
        sock.sendall(first + f"{head}\r\n".encode() + body)
        heard = b""
        while b":\n\n" not in heard:
            data = sock.recv(65536)
            assert data, heard
            heard += data
    assert heard.startswith(b"HTTP/1.1 200")
    assert b"text/event-stream" in heard
    assert heard.partition(b"\r\n\r\n")[2] == b"3\r\n:\n\n\r\n"


def test_nobody_else_reads_a_stream_and_a_scope_is_asked_for_before_the_order(
    web: Web, stock: Make, mallory: APIClient, threads: ThreadPoolExecutor
) -> None:
    images = stock().images
    stream = images.generate(**STREAM)
    path = f"/v1/images/streams/{stream.response.headers['x-genhub-task']}"
    foreign = {"Authorization": header_of(mallory)["HTTP_AUTHORIZATION"]}
    for address, headers, status, code in (
        (path, foreign, 404, "not_found"),
        (path, {}, 401, "invalid_api_key"),
        (f"{path}?partial_images=9", {"Authorization": stream.response.request.headers["Authorization"]},
         400, "max_value"),
    ):  # fmt: skip
        refused = web.ask("GET", address, headers=headers)
        assert (refused.status, refused.json()["error"]["code"]) == (status, code)
    stream.close()
    ApiKey.objects.filter(user="alice").update(scopes=[Scope.TASKS_WRITE])
    with pytest.raises(openai.PermissionDeniedError):
        images.generate(**STREAM)
    assert Task.objects.count() == 1


def test_too_many_streams_are_refused_in_its_form(web: Web, stock: Make) -> None:
    images = stock().images
    streams = [images.generate(**STREAM) for _ in range(3)]
    with pytest.raises(openai.RateLimitError) as refusal:
        images.generate(**STREAM)
    assert refusal.value.code == "too_many_streams_of_key"
    assert refusal.value.response.headers["x-genhub-task"]
    for stream in streams:
        stream.close()


def test_while_the_events_process_is_away_the_order_goes_on(
    alice: APIClient, rich: Any, stub: Account, tmp_path: Any, django_db_setup: None
) -> None:
    rich("alice", 100)
    key = header_of(alice)["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    address = f"127.0.0.1:{free_port()}"
    with serving(tmp_path / "web.log", EVENTS_ADDRESS=address) as web:
        client = openai.OpenAI(base_url=f"http://127.0.0.1:{web.port}/v1", api_key=key)
        with pytest.raises(openai.InternalServerError) as refusal:
            client.images.generate(**STREAM)
    assert (refusal.value.status_code, refusal.value.code) == (503, "events_away")
    task = Task.objects.get()
    assert refusal.value.response.headers["x-genhub-task"] == to_wire("task", task.pk)
    assert Purse.objects.get(user="alice").held == task.price


def test_a_server_without_streams_refuses_before_the_order(alice: APIClient, stub: Account) -> None:
    refused = alice.post("/v1/images/generations", STREAM, format="json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "events_away")
    assert not Task.objects.exists()
