"""Orders of clips: their words, their prices, what a model lacks; and what is delivered in the end."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Account, Task
from generation.orders.clips import name_size
from generation.work.run import run_queue
from genhub.lib.ids import from_wire, to_wire
from storage.models import Artifact
from templates.services import create_template, find_mistakes, publish
from tests.api.refusals import GENERATE, nothing_moves, refused
from tests.steps import submit
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]
INVALID = (400, "invalid_request")
SIZES = [[1280, 720], [720, 1280], [1920, 1080], [3840, 2160]]
FILM: dict[str, Any] = {
    "media_types": ["video"], "default_width": 1280, "default_height": 720, "smallest_side": 256,
    "largest_side": 4096, "sizes": SIZES, "durations": [2, 5, 10], "frame_rates": [24, 30],
    "unsupported": ["steps", "cfg_scale", "mask", "strength", "audio"],
}  # fmt: skip
CLIP = {"prompt": "a star", "type": "video", "model": "film"}


@pytest.fixture(autouse=True)
def film(stub: Account) -> None:
    """A model of clips beside that of pictures; one that says nothing of its clips."""
    stub.offers.create(alias="film", **FILM)
    small = {"default_width": 128, "default_height": 64, "smallest_side": 16, "default_seconds": 1}
    stub.offers.create(alias="reel", media_types=["image", "video"], **small)


def test_what_nobody_says_is_usual(alice: APIClient) -> None:
    answer = alice.post(GENERATE, CLIP, format="json").json()
    said = {
        name: answer[name]
        for name in ("type", "duration", "fps", "resolution", "audio", "last_image")
    }
    assert said == {
        "type": "video", "duration": 5, "fps": 24, "resolution": "720p", "audio": False, "last_image": None,
    }  # fmt: skip
    assert (answer["width"], answer["height"], answer["steps"]) == (1280, 720, None)


@pytest.mark.parametrize(
    ("words", "price"),
    [
        ({}, 50),
        ({"quality": "high"}, 75),
        ({"resolution": "4k"}, 75),
        ({"quality": "high", "resolution": "4k"}, 113),
        ({"width": 3840, "height": 2160, "quality": "hd"}, 113),
        ({"duration": 10, "fps": 30, "resolution": "1080p"}, 50),
    ],
    ids=str,
)
def test_clip_has_the_price_of_the_list(
    alice: APIClient, words: dict[str, Any], price: int
) -> None:
    answer = alice.post("/api/v1/quote", {**CLIP, **words}, format="json").json()
    assert (answer["price"], answer["number"]) == (price, 1)


@pytest.mark.parametrize(
    ("words", "size", "name"),
    [
        ({"resolution": "1080p"}, (1920, 1080), "1080p"),
        ({"width": 720, "height": 1280}, (720, 1280), "720p"),
        ({"width": 720, "height": 1280, "resolution": "720p"}, (720, 1280), "720p"),
        ({"resolution": "4k", "duration": 2, "fps": 30}, (3840, 2160), "4k"),
    ],
    ids=str,
)
def test_size_is_named_or_said(
    alice: APIClient, rich: Any, words: dict[str, Any], size: tuple[int, int], name: str
) -> None:
    rich("alice", 500)
    spec = submit(alice, **{**CLIP, **words}).spec
    assert ((spec["width"], spec["height"]), spec["resolution"]) == (size, name)
    assert (spec["seconds"], spec["fps"]) == (words.get("duration", 5), words.get("fps", 24))


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"duration": 3}, "duration", "unsupported"),
    ({"duration": 0}, "duration", "min_value"),
    ({"duration": 601}, "duration", "max_value"),
    ({"duration": "5"}, "duration", "invalid"),
    ({"duration": 5.0}, "duration", "invalid"),
    ({"fps": 60}, "fps", "unsupported"),
    ({"fps": True}, "fps", "invalid"),
    ({"resolution": "480p"}, "resolution", "unsupported"),
    ({"resolution": "720"}, "resolution", "unsupported"),
    ({"resolution": 720}, "resolution", "invalid"),
    ({"resolution": "4k", "width": 1280, "height": 720}, "width", "unsupported_size"),
    ({"width": 1280, "height": 736}, "width", "unsupported_size"),
    ({"audio": True}, "audio", "unsupported"),
    ({"audio": "yes"}, "audio", "invalid"),
    ({"steps": 5}, "steps", "unsupported"),
    ({"num_images": 2}, "num_images", "one_clip"),
    ({"last_image": "art_" + "0" * 32}, "last_image", "no_image"),
    ({"type": "image"}, "type", "unsupported"),
    ({"model": "z-image-small"}, "type", "unsupported"),
    ({"model": None}, "model", "required"),
    ({"model": "reel", "resolution": "4k"}, "resolution", "unsupported"),
    ({"model": "reel", "duration": 5}, "duration", "unsupported"),
    ({"type": "image", "model": "reel", "duration": 5}, "duration", "only_clips"),
    ({"type": "image", "model": "reel", "fps": 24}, "fps", "only_clips"),
    ({"type": "image", "model": "reel", "resolution": "64p"}, "resolution", "only_clips"),
    ({"type": "image", "model": "reel", "audio": False}, "audio", "only_clips"),
    ({"type": "image", "model": "reel", "last_image": "art_0"}, "last_image", "only_clips"),
]


@pytest.mark.parametrize(("words", "field", "code"), WRONG, ids=str)
def test_what_a_model_lacks_is_refused_by_name(
    alice: APIClient, words: dict[str, Any], field: str, code: str
) -> None:
    [error] = refused(alice, GENERATE, body=CLIP | words, expect=(*INVALID, field))["errors"]
    assert (error["field"], error["code"]) == (field, code)


def test_refusal_names_what_there_is(alice: APIClient) -> None:
    body = CLIP | {"duration": 3, "fps": 60}
    errors = refused(alice, GENERATE, body=body, expect=INVALID)["errors"]
    assert [error["message"].partition(": ")[2] for error in errors] == ["2, 5, 10.", "24, 30."]
    chinese = alice.post(GENERATE, body, format="json", HTTP_ACCEPT_LANGUAGE="zh-hans").json()
    assert "“film”" in chinese["errors"][0]["message"]
    assert chinese["errors"][0]["message"] != errors[0]["message"]


def test_clip_without_a_model_needs_the_hub_s(alice: APIClient, settings: Any) -> None:
    body = {"prompt": "a star", "type": "video"}
    [error] = refused(alice, GENERATE, body=body, expect=(*INVALID, "model"))["errors"]
    assert (error["code"], error["message"]) == (
        "required", "Name a model that makes clips: film, reel.",
    )  # fmt: skip
    settings.DEFAULT_VIDEO_MODEL = "film"
    assert alice.post(GENERATE, body, format="json").json()["model"] == "film"


def test_models_say_what_they_make_of_clips(alice: APIClient) -> None:
    found = {one["alias"]: one for one in alice.get("/api/v1/models").json()["items"]}
    assert found["film"]["clips"] == {
        "durations": [2, 5, 10], "default_duration": 5, "frame_rates": [24, 30],
        "resolutions": ["720p", "1080p", "4k"], "audio": False, "image": True, "last_image": True,
    }  # fmt: skip
    assert found["z-image-small"]["clips"] is None
    assert found["reel"]["clips"]["resolutions"] == ["64p"]


def test_delivered_clip_says_what_it_really_is(alice: APIClient, local: Any, client: Any) -> None:
    task = submit(alice, type="video", model="reel", audio=True, seed=7)
    run_queue("local")
    answer = alice.get(f"/api/v1/tasks/{to_wire('task', task.pk)}").json()
    assert (answer["status"], answer["credits"]["captured"]) == ("completed", 50)
    result = answer["result"]
    [video] = result["videos"]
    assert (result["images"], result["count"], result["video_urls"]) == ([], 1, [video["url"]])
    facts = {
        name: video[name]
        for name in ("width", "height", "fps", "codec", "has_audio", "content_type", "seed")
    }
    assert facts == {
        "width": 128, "height": 64, "fps": 24.0, "codec": "h264", "has_audio": True,
        "content_type": "video/mp4", "seed": 7,
    }  # fmt: skip
    assert video["duration"] == pytest.approx(1.0, abs=0.1)
    assert Artifact.objects.get().is_clip
    with_bytes = alice.get(f"/api/v1/tasks/{to_wire('task', task.pk)}/result?format=b64").json()
    assert "b64_json" not in with_bytes["videos"][0]


def test_clip_is_no_picture_to_start_from(alice: APIClient, local: Any) -> None:
    submit(alice, type="video", model="reel")
    run_queue("local")
    clip = to_wire("art", Artifact.objects.get().pk)
    for body in ({"prompt": "a star", "image": clip}, CLIP | {"image": clip}):
        with nothing_moves():
            [error] = refused(alice, GENERATE, body=body, expect=(*INVALID, "image"))["errors"]
        assert error["code"] == "a_clip"


def test_pictures_that_it_begins_and_ends_with_have_one_shape(
    alice: APIClient, stub: Account, local: Any
) -> None:
    wide, high = (to_wire("art", picture(alice, *size)) for size in ((64, 32), (32, 64)))
    task = submit(alice, **CLIP, image=high, last_image=high)
    assert (task.spec["width"], task.spec["height"]) == (720, 1280)
    assert task.spec["last_image"] == high
    body = CLIP | {"image": high, "last_image": wide}
    [error] = refused(alice, GENERATE, body=body, expect=(*INVALID, "last_image"))["errors"]
    assert error["code"] == "shape_differs"
    stub.offers.filter(alias="film").update(unsupported=["last_image"])
    body = CLIP | {"image": high, "last_image": high}
    refused(alice, GENERATE, body=body, expect=(*INVALID, "last_image"))


def picture(alice: APIClient, width: int, height: int) -> Any:
    """Have a picture made, and return its artifact's id."""
    task = submit(alice, width=width, height=height)
    run_queue("local")
    return task.outputs.get().artifact_id


def test_usual_words_of_pictures_are_none_of_a_clip(alice: APIClient) -> None:
    words = {
        "model": "z-image-small",
        "num_images": 4,
        "width": 128,
        "height": 64,
        "quality": "high",
    }
    assert alice.put("/api/v1/me/preferences", words, format="json").status_code == 200
    answer = alice.post("/api/v1/quote", CLIP | {"use_preferences": True}, format="json").json()
    assert (answer["number"], answer["price"]) == (1, 75)


def test_template_fixes_what_a_clip_is(alice: APIClient) -> None:
    words: dict[str, Any] = {
        "name": "Turning", "prompt": "a star that turns", "media_type": "video", "price": 30,
        "settings": {"model": "film", "duration": 10, "resolution": "1080p", "fps": 30},
    }  # fmt: skip
    publish(create_template("turning", **words), actor="designer")
    task = Task.objects.get(pk=from_wire("task", order(alice, {"template": "turning"})["id"]))
    spec = task.spec
    assert (spec["media_type"], spec["seconds"], spec["fps"], spec["resolution"], task.price) == (
        "video", 10, 30, "1080p", 30,
    )  # fmt: skip
    for word, value in {
        "duration": 2,
        "fps": 24,
        "resolution": "4k",
        "audio": False,
        "type": "image",
    }.items():
        body = {"template": "turning", word: value}
        [error] = refused(alice, GENERATE, body=body, expect=(*INVALID, word))["errors"]
        assert error["code"] == "decided_by_template"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"model": "film", "duration": 3}, "unsupported"),
        ({"model": "film", "num_images": 4}, "one_clip"),
        ({"model": "film", "steps": 9}, "unsupported"),
        ({"model": "film", "audio": True}, "unsupported"),
        ({}, "required"),
    ],
    ids=str,
)
def test_template_of_what_no_clip_can_be_is_not_published(
    settings: dict[str, Any], code: str
) -> None:
    words: dict[str, Any] = {"name": "T", "prompt": "a star", "media_type": "video"}
    found = find_mistakes(create_template("wrong", **words, settings=settings))
    assert [(mistake.field, mistake.code) for mistake in found] == [("settings", code)]


def test_picture_s_template_has_no_words_of_clips(alice: APIClient) -> None:
    words: dict[str, Any] = {"name": "T", "prompt": "a star", "settings": {"duration": 5}}
    [mistake] = find_mistakes(create_template("wrong", **words))
    assert (mistake.field, mistake.code) == ("settings", "only_clips")


def order(alice: APIClient, body: dict[str, Any]) -> Any:
    """Order, and return the answer."""
    answer = alice.post(GENERATE, body, format="json")
    assert answer.status_code == 202, answer.json()
    return answer.json()


def test_batch_has_several_clips(alice: APIClient, rich: Any) -> None:
    rich("alice", 500)
    body = {"order": {"type": "video", "model": "film"}, "matrix": {"prompts": ["a", "b"]}}
    assert alice.post("/api/v1/batches", body, format="json").status_code == 202
    assert [task.spec["seconds"] for task in Task.objects.all()] == [5, 5]


@pytest.mark.parametrize(
    ("size", "name"),
    [((1280, 720), "720p"), ((720, 1280), "720p"), ((3840, 2160), "4k"), ((4096, 2160), "4k"), ((3840, 2144), "2144p")],
)  # fmt: skip
def test_size_is_called_by_its_short_side(size: tuple[int, int], name: str) -> None:
    assert name_size(*size) == name
