"""A stock OpenAI client with the hub as its base: it gets pictures, its own errors, and pays once."""

import base64
import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import openai
import pytest
from rest_framework.test import APIClient

from credits.models import Hold
from generation.life.unpaid_ends import cancel_task
from generation.models import Task
from generation.moderation.loading import seed_terms
from genhub.lib.ids import to_wire
from genhub.urls import OPENAI
from tests.api.refusals import books
from tests.faults.processes import wait_until
from tests.front.stock import Dropping, Make, draw, first, stock, threads
from tests.front.web import Web
from tests.patience import patience

__all__ = ["stock", "threads"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("front")]
WEBP, JPEG = b"RIFF", b"\xff\xd8"
# Of a key without any scope.
EXPECTED = {
    ("openai-generations", "POST"): 403,
    ("openai-edits", "POST"): 403,
    ("openai-moderations", "POST"): 403,
    ("openai-task", "GET"): 403,
    ("openai-stream", "GET"): 403,
    ("openai-videos", "GET"): 403,
    ("openai-videos", "POST"): 403,
    ("openai-video", "GET"): 403,
    ("openai-video", "DELETE"): 403,
    ("openai-video-content", "GET"): 403,
    ("openai-relayed-videos", "POST"): 403,
    ("openai-relayed-video", "GET"): 403,
    ("openai-model-list", "GET"): 200,
    ("openai-model", "GET"): 404,
}


def test_pictures_come_with_the_answer(web: Web, stock: Make, threads: ThreadPoolExecutor) -> None:
    client = stock()
    waiting: Future[Any] = threads.submit(
        client.images.with_raw_response.generate,
        prompt="a star", model="z-image-small", n=2, size="64x64", quality="hd", user="tag",
    )  # fmt: skip
    draw()
    raw = waiting.result(patience())
    answer, task = raw.parse(), Task.objects.get()
    assert raw.headers["x-genhub-task"] == to_wire("task", task.pk)
    assert raw.headers["x-should-retry"] == "false"
    assert (task.num_images, task.quality, task.metadata) == (2, "high", {"user": "tag"})
    assert len(answer.data) == 2
    for picture in answer.data:
        data = base64.b64decode(picture.b64_json)
        assert data.startswith(WEBP)
        assert (
            web.ask("GET", urlsplit(picture.url)._replace(scheme="", netloc="").geturl()).body
            == data
        )
    [model] = client.models.list().data
    assert client.models.retrieve(model.id).id == model.id == "z-image-small"


def test_a_lost_answer_is_paid_once(stock: Make, threads: ThreadPoolExecutor) -> None:
    """The first answer is lost after the end; the client's own retry finds the same task."""
    client = stock(max_retries=2, http_client=httpx.Client(transport=Dropping(2)))
    words: dict[str, Any] = {"prompt": "a star", "output_format": "jpeg", "output_compression": 70}
    generate: Callable[..., Any] = client.images.generate
    waiting = threads.submit(generate, **words)
    draw()
    picture = first(waiting.result(patience()))
    assert picture.url is None
    data = base64.b64decode(picture.b64_json)
    assert data.startswith(JPEG)
    assert b"trainedAlgorithmicMedia" in data, "its label"
    assert (Task.objects.count(), Hold.objects.count()) == (1, 1)
    # The same words again are another order.
    waiting = threads.submit(client.images.generate, prompt="a star", response_format="url")
    draw()
    assert first(waiting.result(patience())).b64_json is None
    assert (Task.objects.count(), Hold.objects.count()) == (2, 2)


def test_who_does_not_wait_fetches_the_pictures_later(web: Web, stock: Make, bearer: Any) -> None:
    client = stock()
    raw = client.images.with_raw_response.generate(
        prompt="a star", output_format="jpeg", extra_headers={"x-genhub-async": "true"}
    )
    task = Task.objects.get()
    told = raw.http_response.json()
    assert (raw.status_code, told["id"], told["status"]) == (
        202,
        to_wire("task", task.pk),
        "queued",
    )
    address = urlsplit(told["url"])._replace(scheme="", netloc="").geturl()
    again = web.ask("GET", address, headers=bearer)
    assert (again.status, again.json()["status"], again.headers["x-should-retry"]) == (202, "queued", "false")  # fmt: skip
    draw()
    done = web.ask("GET", address, headers=bearer)
    [picture] = openai.types.ImagesResponse.model_validate(done.json()).data or []
    assert base64.b64decode(picture.b64_json or "").startswith(JPEG)
    assert (done.status, done.json()["output_format"]) == (200, "jpeg")
    refused = web.ask("GET", f"{address}&output_compression=x", headers=bearer)
    assert (refused.status, refused.json()["error"]["param"]) == (400, "output_compression")
    client.images.generate(prompt="a moon", extra_headers={"x-genhub-async": "true"})
    failing = Task.objects.latest("created_at")
    cancel_task(failing.pk)
    with pytest.raises(openai.BadRequestError) as refusal:
        client.get(f"/images/tasks/{to_wire('task', failing.pk)}", cast_to=object)
    assert refusal.value.code == "no_result"
    with pytest.raises(openai.NotFoundError):
        client.get("/images/tasks/nothing", cast_to=object)
    Task.objects.filter(pk=failing.pk).update(spec={**failing.spec, "media_type": "video"})
    with pytest.raises(openai.NotFoundError):
        client.get(f"/images/tasks/{to_wire('task', failing.pk)}", cast_to=object)


def test_a_task_that_fails_is_the_answer(stock: Make, threads: ThreadPoolExecutor) -> None:
    waiting = threads.submit(stock(max_retries=2).images.generate, prompt="a star")
    wait_until(Task.objects.exists, 30, "the order")
    cancel_task(Task.objects.get().pk)
    with pytest.raises(openai.BadRequestError) as refusal:
        waiting.result(patience())
    assert refusal.value.response.headers["x-should-retry"] == "false"
    assert Task.objects.count() == 1


def test_texts_are_judged(stock: Make) -> None:
    seed_terms()
    answer = stock().moderations.create(
        input=["a star", "bare and naked"], model="omni-moderation-latest"
    )
    plain, objected = answer.results
    assert (plain.flagged, objected.flagged) == (False, True)
    assert (objected.categories.sexual, objected.category_scores.sexual) == (True, 1)
    assert (objected.categories.sexual_minors, objected.category_scores.hate) == (False, 0)
    assert objected.category_applied_input_types.sexual == ["text"]
    assert (answer.model, Hold.objects.count()) == ("genhub-moderation", 0)


def test_every_route_wants_a_key_and_its_scope(
    client: Any, client_of: Callable[..., APIClient]
) -> None:
    limited = client_of("alice", scopes=[])
    for route in OPENAI:
        path = re.sub("<.*?>", "a", f"/v1/{route.pattern}")
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            answer = client.generic(method, path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
            refusal = limited.generic(method, path)
            expected = EXPECTED.get((route.name or "", method), 405)
            if route.name == "openai-unknown":
                expected = 404
            assert refusal.status_code == expected, (path, method)
            assert expected == 200 or refusal.json()["error"]["message"]


def test_refusals_are_the_clients_own_errors(stock: Make) -> None:
    client, before = stock(), books()
    generate = client.images.generate
    cases: list[tuple[Callable[[], Any], type[openai.APIStatusError], str | None, str]] = [
        (lambda: generate(prompt="a", model="nope"), openai.NotFoundError, "model", "model_not_found"),
        (lambda: generate(prompt="a", size="7x"), openai.BadRequestError, "size", "invalid"),
        (lambda: generate(prompt="a", n=999), openai.BadRequestError, "n", "max_value"),
        (lambda: generate(prompt="a", background="transparent"), openai.BadRequestError,
         "background", "unsupported"),
        (lambda: generate(prompt="a", output_format="png", response_format="url"), openai.BadRequestError,
         "output_format", "invalid"),
        (lambda: generate(prompt="a", output_compression=7), openai.BadRequestError,
         "output_compression", "invalid"),
        (lambda: client.models.retrieve("nope"), openai.NotFoundError, "model", "model_not_found"),
        (client.files.list, openai.NotFoundError, None, "address_unknown"),
        (stock(api_key="x").models.list, openai.AuthenticationError, None, "invalid_api_key"),
    ]  # fmt: skip
    for call, kind, param, code in cases:
        with pytest.raises(kind) as refusal:
            call()
        assert (refusal.value.param, refusal.value.code) == (param, code), refusal.value
        assert set(refusal.value.response.json()) == {"error"}
    assert books() == before
