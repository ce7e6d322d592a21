"""Seeds that no client rounds, pictures for whatever accepts them, times with “+”, and a file that Excel reads."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Output, Task
from generation.spec import LARGEST_EXACT, LARGEST_SEED
from generation.work.run import run_queue
from tests.api.refusals import GENERATE, check_problem, nothing_moves, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
INVALID = (400, "invalid_request")


def draw(client: APIClient, **words: Any) -> list[dict[str, Any]]:
    made = client.post(GENERATE, {"prompt": "a star", **words}, format="json")
    assert made.status_code == 202, made.content
    run_queue("local")
    images: list[dict[str, Any]] = client.get(f"/api/v1/tasks/{made.json()['id']}/result").json()[
        "images"
    ]
    return images


def test_drawn_seeds_are_exact_in_javascript(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds = []

    def largest(bound: int) -> int:
        bounds.append(bound)
        return bound - 1

    monkeypatch.setattr("secrets.randbelow", largest)
    images = draw(alice, num_images=2)
    assert bounds == [2**53, 2**53]
    for image in images:
        assert int(float(image["seed"])) == image["seed"] == 2**53 - 1
        assert image["seed_text"] is None


@pytest.mark.parametrize("first", [LARGEST_EXACT, 2**53 + 1, LARGEST_SEED - 1])
def test_seed_that_a_float_rounds_is_given_as_text_too(alice: APIClient, first: int) -> None:
    images = draw(alice, num_images=2, seed=first)
    assert [image["seed"] for image in images] == [first, first + 1]
    assert [image["seed_text"] for image in images] == [
        str(seed) if seed > LARGEST_EXACT else None for seed in (first, first + 1)
    ]


def test_refusal_of_one_picture_has_its_seed_as_text(alice: APIClient) -> None:
    draw(alice, num_images=2, seed=2**60)
    output = Output.objects.get(position=1)
    Output.objects.filter(pk=output.pk).update(artifact=None, error_code="generation_failed")
    task = Task.objects.get()
    [error] = alice.get(f"/api/v1/tasks/task_{task.pk.hex}/result").json()["errors"]
    assert (error["seed"], error["seed_text"]) == (2**60 + 1, str(2**60 + 1))


def test_seeds_of_further_pictures_never_begin_again_at_0(alice: APIClient) -> None:
    body = {"prompt": "a star", "seed": LARGEST_SEED, "num_images": 2}
    refused(alice, GENERATE, body=body, expect=(*INVALID, "seed"))
    assert [image["seed"] for image in draw(alice, seed=LARGEST_SEED)] == [LARGEST_SEED]


def test_refined_picture_keeps_a_large_seed(alice: APIClient) -> None:
    draw(alice, seed=2**62 + 3)
    task = Task.objects.get()
    made = alice.post(f"/api/v1/tasks/task_{task.pk.hex}/refine", {}, format="json")
    run_queue("local")
    [image] = alice.get(f"/api/v1/tasks/{made.json()['id']}/result").json()["images"]
    assert (image["seed"], image["seed_text"]) == (2**62 + 3, str(2**62 + 3))


@pytest.mark.parametrize(
    "accept", ["image/*", "image/webp", "image/png", "text/html", "*/*", "", "video/mp4;q=0.1"]
)
def test_picture_is_led_to_whatever_is_accepted(alice: APIClient, accept: str) -> None:
    [image] = draw(alice)
    for name in ("url", "thumbnail_url"):
        assert alice.get(image[name], HTTP_ACCEPT=accept).status_code == 302
    missing = alice.get("/api/v1/artifacts/art_0", HTTP_ACCEPT=accept)
    check_problem(missing, 404, "not_found")


@pytest.mark.parametrize("word", ["since", "until"])
@pytest.mark.parametrize("address", ["entries", "entries.csv"])
def test_plus_that_came_as_a_space_is_named(alice: APIClient, word: str, address: str) -> None:
    path = f"/api/v1/credits/{address}?{word}=2026-11-22T10:00:00+08:00"
    problem = refused(alice, path, method="get", expect=(*INVALID, word))
    [error] = problem["errors"]
    assert error["code"] == "plus_as_space"
    assert "%2B" in error["message"]
    with nothing_moves():
        assert alice.get(path.replace("+08", "%2B08")).status_code == 200


def test_file_begins_with_what_excel_knows_utf_8_by(alice: APIClient) -> None:
    lines = alice.get("/api/v1/credits/entries.csv").getvalue()
    assert lines.startswith(b"\xef\xbb\xbfuser,id,")
    assert lines.count(b"\xef\xbb\xbf") == 1


def test_seed_survives_as_json(alice: APIClient) -> None:
    [image] = draw(alice, seed=LARGEST_SEED)
    assert json.loads(json.dumps(image))["seed_text"] == "9223372036854775807"
