"""A stock Replicate client with the hub as its base: it gets pictures, its own errors, and pays once."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError
from replicate.helpers import FileOutput
from rest_framework.test import APIClient

from credits.models import Hold
from generation.life.attempt_ends import complete, fail
from generation.models import Offer, OtherName, Task
from generation.providers.errors import ProviderError
from genhub.lib.ids import to_wire
from genhub.urls import REPLICATE
from storage.models import Artifact
from tests.api.refusals import books, header_of
from tests.faults.processes import wait_until
from tests.front.stock import draw, threads
from tests.front.web import Web
from tests.patience import patience
from tests.steps import claim, collect, submit

__all__ = ["threads"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("front")]
MODEL = "acme/z-image-small"
WEBP = b"RIFF"
Make = Callable[..., Client]


@pytest.fixture
def stock(web: Web, alice: APIClient, stub: Any) -> Make:
    """Make a client of alice's, or of another's."""

    def make(client: APIClient = alice, **words: Any) -> Client:
        key = header_of(client)["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
        base_url = f"http://127.0.0.1:{web.port}/replicate"
        return Client(**{"api_token": key, "base_url": base_url} | words)

    return make


@pytest.mark.parametrize("ref", [MODEL, f"{MODEL}:z-image-small"])
def test_a_run_waits_for_its_pictures(
    web: Web, stock: Make, threads: ThreadPoolExecutor, ref: str
) -> None:
    client = stock()
    words = {
        "prompt": "a star", "num_outputs": 2, "num_inference_steps": 3, "guidance_scale": 1.5, "seed": 7,
        "negative_prompt": None,
    }  # fmt: skip
    waiting = threads.submit(client.run, ref, words)
    draw()
    links = list(waiting.result(patience()))
    task = Task.objects.get()
    assert (task.num_images, task.spec["steps"], task.spec["cfg_scale"]) == (2, 3, 1.5)
    assert task.spec["seeds"] == [7, 8]
    # As clients read what https leads to: with their key.
    here = f"http://127.0.0.1:{web.port}"
    outputs = [FileOutput(f"{here}{link[link.index('/files/') :]}", client) for link in links]
    pictures = [output.read() for output in outputs]
    assert [data[:4] for data in pictures] == [WEBP] * 2
    found = client.predictions.get(to_wire("task", task.pk))
    assert (found.status, found.model, found.error) == ("succeeded", "genhub/z-image-small", None)
    assert found.metrics is not None
    assert found.metrics["total_time"] >= found.metrics["predict_time"] >= 0
    assert found.input is not None
    assert {name: found.input[name] for name in ("prompt", "num_outputs", "guidance_scale")} == {
        "prompt": "a star", "num_outputs": 2, "guidance_scale": 1.5,
    }  # fmt: skip
    assert found.urls is not None
    assert client._request("GET", found.urls["get"]).json()["id"] == found.id


def test_what_is_not_done_in_time_is_starting_and_polled(
    stock: Make, threads: ThreadPoolExecutor
) -> None:
    client = stock()
    client.poll_interval = 0.05
    # As the client sends it; it reads for half a second longer, and a busy machine may need more.
    waiting = threads.submit(
        client._request, "POST", f"/v1/models/{MODEL}/predictions", json={"input": {"prompt": "a"}},
        headers={"Prefer": "wait=1"}, timeout=patience(),
    )  # fmt: skip
    wait_until(Task.objects.exists, 30, "the order")
    found = claim()
    answer = waiting.result(patience())
    assert (answer.status_code, answer.json()["status"]) == (201, "starting")
    assert answer.headers["Preference-Applied"] == "wait=1"
    assert answer.headers["Location"] == answer.json()["urls"]["get"]
    prediction = client.predictions.get(answer.json()["id"])
    assert (prediction.status, prediction.output) == ("processing", None)
    complete(found, collect(found))
    prediction.wait()
    assert (prediction.status, len(prediction.output or [])) == ("succeeded", 1)
    other = client.predictions.create(model=MODEL, input={"prompt": "b"})
    other.cancel()
    assert other.status == "canceled"
    assert Hold.objects.filter(state="held").count() == 0
    assert [one.id for one in client.predictions.list()] == [other.id, prediction.id]


def test_a_prediction_that_fails_is_the_clients_own_error(
    stock: Make, threads: ThreadPoolExecutor
) -> None:
    waiting = threads.submit(stock().run, MODEL, {"prompt": "a star"})
    wait_until(Task.objects.exists, 30, "the order")
    fail(claim(), ProviderError("no", code="content_refused"))
    with pytest.raises(ModelError) as refusal:
        waiting.result(patience())
    assert "Its rules forbid" in str(refusal.value.prediction.error)
    assert Hold.objects.get().captured == 0


def test_a_picture_is_uploaded_and_started_from(stock: Make) -> None:
    client, file = stock(), io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "PNG")
    file.name = "red.png"
    words = {"prompt": "a star", "image": file, "prompt_strength": 0.5}
    client.predictions.create(model=MODEL, input=words)
    task, artifact = Task.objects.get(), Artifact.objects.get()
    assert task.spec["image"] == to_wire("art", artifact.pk)
    assert task.spec["strength"] == 0.5
    assert client.files.get(to_wire("art", artifact.pk)).checksums["sha256"] == artifact.sha256
    file.seek(0)
    Offer.objects.update(most_references=1)
    link = client.files.get(to_wire("art", artifact.pk)).urls["get"]
    words = {"prompt": "a star", "image": file, "references": [link]}
    client.predictions.create(model=MODEL, input=words, file_encoding_strategy="base64")
    assert Task.objects.latest("created_at").spec["references"] == [to_wire("art", artifact.pk)]
    assert Task.objects.count() == 2


def test_a_name_that_staff_gave_is_a_model(stock: Make) -> None:
    client = stock()
    OtherName.objects.create(name="acme/star-1")
    OtherName.objects.create(name="star-2")
    for name in ("acme/star-1", "genhub/star-2"):
        made = client.predictions.create(model=name, input={"prompt": "a"})
        assert made.model == "genhub/z-image-small"
        path = f"/v1/models/{name}/versions/any"
        assert client._request("GET", path).json()["id"] == name.removeprefix("genhub/")


def test_refusals_are_the_clients_own_errors(
    stock: Make, alice: APIClient, mallory: APIClient
) -> None:
    client, others = stock(), to_wire("task", submit(alice).pk)
    create, before = client.predictions.create, books()

    def order(**words: Any) -> Callable[[], Any]:
        return lambda: create(model=MODEL, input={"prompt": "a"} | words.pop("input", {}), **words)

    cases: list[tuple[Callable[[], Any], int, str]] = [
        (lambda: create(model="acme/nope", input={"prompt": "a"}), 404, "model: "),
        (lambda: create(version="nope", input={"prompt": "a"}), 404, "model: "),
        (order(input={"num_outputs": 99}), 400, "input.num_outputs: "),
        (order(input={"guidance": "much"}), 400, "input.guidance_scale: "),
        (order(input={"aspect_ratio": "1:1"}), 400, "input.aspect_ratio: "),
        (order(input={"num_outputs": 1, "num_images": 1}), 400, "input.num_outputs: "),
        (order(webhook="https://app.example/hook"), 400, "webhook: "),
        (order(webhook_events_filter=["completed"]), 400, "webhook_events_filter: "),
        (order(stream=True), 400, "stream: "),
        (lambda: client.models.predictions.create(MODEL, {"prompt": "a"}, wait=61), 400, "Prefer: "),
        (lambda: client._request("POST", "/v1/predictions", json={"input": {"prompt": "a"}}), 400, "version: "),
        (lambda: client._request("POST", "/v1/predictions", json={"version": "a", "input": []}), 400, "input: "),
        (lambda: client._request("POST", "/v1/predictions", json={"version": "a", "input": {}},
                                 headers={"Cancel-After": "1m"}), 400, "Cancel-After: "),
        (lambda: client._request("POST", "/v1/files", files={"picture": b"a"}), 400, "picture: "),
        (lambda: client._request("POST", "/v1/files", files={"content": b"a"}), 400, "file: "),
        (lambda: stock(mallory).predictions.get(others), 404, ""),
        (lambda: stock(mallory).predictions.cancel(others), 404, ""),
        (client.hardware.list, 404, ""),
        (lambda: client._request("GET", "/v1/models/acme/nope/versions/nope"), 404, "model: "),
        (stock(api_token="x").predictions.list, 401, ""),
    ]  # fmt: skip
    for number, (call, status, said) in enumerate(cases):
        with pytest.raises(ReplicateError) as refusal:
            pytest.fail(f"case {number}: {call()}")
        error = refusal.value
        assert (error.status, (error.detail or "")[: len(said)]) == (status, said), error
        assert error.title
    assert books() == before


def test_every_route_wants_a_key_and_its_scope(
    client: Any, client_of: Callable[..., APIClient]
) -> None:
    limited = client_of("alice", scopes=[])
    for route in REPLICATE:
        path = (
            f"/replicate/v1/{route.pattern}".replace("<str:", "")
            .replace("<path:", "")
            .replace(">", "")
        )
        kind = route.callback.cls  # type: ignore[attr-defined]
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            answer = client.generic(method, path)
            assert (answer.status_code, answer.json()["code"]) == (401, "key_missing")
            refusal = limited.generic(method, path)
            is_open = route.name in {"replicate-unknown", "replicate-version"} and method == "GET"
            is_known = hasattr(kind, method.lower())
            expected = (
                404 if is_open or route.name == "replicate-unknown" else 403 if is_known else 405
            )
            assert refusal.status_code == expected, (path, method)
            assert refusal.json()["detail"]
