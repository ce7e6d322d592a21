"""Orders that start from a picture: whose it may be, how large the result is, what is refused."""

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageChops, ImageDraw, ImageStat
from rest_framework.test import APIClient

from generation.accounts.seed import seed_local_provider
from generation.models import Account, Task
from generation.orders.inputs import fit_size
from generation.providers.base import Finished, Submitted, Work
from generation.providers.stub import StubProvider
from generation.spec import ModelCard
from generation.work.run import run_queue
from genhub.lib.ids import to_wire
from genhub.platforms.models import Platform
from templates.services import create_template, publish
from tests.api.album import give
from tests.api.refusals import GENERATE, check_problem, nothing_moves, refused
from tests.steps import submit

__all__ = ["give"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]

QUOTE = "/api/v1/quote"
INVALID = (400, "invalid_request")


def ask(client: APIClient, body: dict[str, Any]) -> Any:
    return client.post(QUOTE, {"prompt": "a star"} | body, format="json")


def check_mistake(client: APIClient, body: dict[str, Any], field: str, code: str) -> None:
    """Fail unless order and quote both refuse one word, with this code."""
    order = {"prompt": "a star"} | body
    for path in (GENERATE, QUOTE):
        problem = refused(client, path, body=order, expect=(*INVALID, field))
        assert [(e["field"], e["code"]) for e in problem["errors"]] == [(field, code)]


def test_picture_reaches_the_provider_with_mask_and_strength(
    alice: APIClient, give: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    works: list[Work] = []

    def submit_seen(self: StubProvider, work: Work) -> Submitted | Finished:
        works.append(work)
        return draw(self, work)

    draw = StubProvider.submit
    monkeypatch.setattr(StubProvider, "submit", submit_seen)
    image, mask = give(), give()
    task = submit(alice, image=image, mask=mask, strength=0.4, num_images=2)
    run_queue("local")
    [work] = works
    assert (work.spec.image, work.spec.mask, work.spec.strength) == (image, mask, 0.4)
    assert work.image
    assert work.mask
    assert (work.image.mode, work.mask.mode) == ("RGB", "L")
    task.refresh_from_db()
    assert (task.state, task.price) == ("completed", 20)


def test_answer_names_what_the_task_starts_from(alice: APIClient, give: Callable[..., str]) -> None:
    image, mask = give(), give()
    body = {"prompt": "a star", "image": image, "mask": mask}
    answer = alice.post(GENERATE, body, format="json").json()
    words = {name: answer[name] for name in ("image", "mask", "strength", "loras")}
    assert words == {"image": image, "mask": mask, "strength": 0.7, "loras": []}
    answer = alice.post(GENERATE, {"prompt": "a star"}, format="json").json()
    words = {name: answer[name] for name in words}
    assert words == {"image": None, "mask": None, "strength": None, "loras": []}


def test_task_of_an_earlier_release_is_still_answered(alice: APIClient) -> None:
    task = submit(alice)
    spec = {
        name: value
        for name, value in task.spec.items()
        if name not in {"image", "mask", "strength", "loras"}
    }
    Task.objects.filter(pk=task.pk).update(spec=spec)
    answer = alice.get(f"/api/v1/tasks/{to_wire('task', task.pk)}").json()
    assert (answer["image"], answer["strength"], answer["loras"]) == (None, None, [])


def test_output_of_an_earlier_task_may_be_started_from(alice: APIClient) -> None:
    first = alice.post(GENERATE, {"prompt": "a star", "width": 128}, format="json").json()
    run_queue("local")
    output = alice.get(first["result_url"]).json()["images"][0]["id"]
    task = submit(alice, image=output)
    assert (task.spec["image"], task.spec["width"], task.spec["height"]) == (output, 128, 64)


@pytest.mark.parametrize(
    ("picture", "said", "size"),
    [
        ((96, 48), {}, (96, 48)),
        ((100, 57), {}, (96, 64)),
        ((2048, 1024), {}, (1024, 512)),
        ((300, 15), {}, (320, 16)),
        ((4, 4), {}, (16, 16)),
        ((96, 48), {"width": 64}, (64, 32)),
        ((96, 48), {"height": 96}, (192, 96)),
        ((96, 48), {"width": 64, "height": 64}, (64, 64)),
        ((400, 20), {"height": 512}, (1024, 512)),
    ],
)
def test_size_is_the_pictures_unless_said(
    alice: APIClient,
    give: Callable[..., str],
    picture: tuple[int, int],
    said: dict[str, Any],
    size: tuple[int, int],
) -> None:
    task = submit(alice, image=give(*picture), **said)
    assert (task.spec["width"], task.spec["height"]) == size


@pytest.mark.parametrize(
    ("picture", "said", "longest", "size"),
    [
        ((300, 300), (None, None), 2048, (256, 256)),
        ((700, 700), (None, None), 2048, (512, 512)),
        ((700, 700), (None, None), 400, (256, 256)),
        ((700, 700), (None, None), 100, (512, 512)),
        ((310, 200), (None, None), 2048, (768, 512)),
        ((200, 300), (None, None), 2048, (512, 768)),
        ((300, 200), (512, None), 2048, (512, 512)),
        ((200, 300), (None, 768), 2048, (512, 768)),
        ((200, 100), (300, None), 2048, (300, 144)),
    ],
)
def test_model_of_fixed_sizes_takes_the_nearest_shape(
    picture: tuple[int, int],
    said: tuple[int | None, int | None],
    longest: int,
    size: tuple[int, int],
) -> None:
    card = ModelCard("fixed", sizes=((256, 256), (512, 512), (768, 512), (512, 768)))
    assert fit_size(picture, card, said, longest) == size


def test_fast_mode_keeps_its_pictures_small(
    alice: APIClient, stub: Account, give: Callable[..., str]
) -> None:
    stub.offers.update(fast_width=48, fast_height=32, fine_width=512, fine_height=512)
    sizes = [
        (task.spec["width"], task.spec["height"])
        for task in (
            submit(alice, image=give(96, 48), **({"mode": mode} if mode else {}))
            for mode in ("fast", "", "fine")
        )
    ]
    assert sizes == [(48, 32), (96, 48), (96, 48)]


def test_picture_of_somebody_else_is_as_unknown_as_none(
    alice: APIClient, give: Callable[..., str]
) -> None:
    press = Platform.objects.create(code="press", name="Press")
    own = give()
    strange = [give(user="bob"), give(user="ALICE"), give(platform=press), f"art_{'1' * 32}"]
    answers = {"image": set(), "mask": set()}  # type: dict[str, set[str]]
    for wire_id in [*strange, "art_x", f"art_{own[4:-1]}"]:
        for word, body in (
            ("image", {"image": wire_id}),
            ("mask", {"image": own, "mask": wire_id}),
        ):
            check_mistake(alice, body, word, "unknown")
            answers[word].add(str(ask(alice, body).json()))
    assert [len(found) for found in answers.values()] == [1, 1]


def test_platforms_key_starts_from_pictures_of_the_user_it_names(
    client_of: Callable[..., APIClient], rich: Callable[..., Any], give: Callable[..., str]
) -> None:
    rich("bob", 100)
    app, picture = client_of(""), give(user="bob")
    assert submit(app, image=picture, user="bob").user == "bob"
    rich("alice", 100)
    check_mistake(app, {"image": picture, "user": "alice"}, "image", "unknown")


@pytest.mark.parametrize(
    "text",
    ["file:///etc/passwd", "example.com/a.png", "a.png", "0" * 32, " ", "ART_x"],
)  # fmt: skip
def test_what_is_no_id_is_refused_with_the_way_to_one(
    alice: APIClient, give: Callable[..., str], text: str
) -> None:
    if text.strip():
        check_mistake(alice, {"image": text}, "image", "not_an_id")
        check_mistake(alice, {"image": give(), "mask": text}, "mask", "not_an_id")
        message = ask(alice, {"image": text}).json()["errors"][0]["message"]
        assert "/api/v1/artifacts" in message
    else:
        check_mistake(alice, {"image": text}, "image", "blank")


def test_mask_and_strength_need_a_picture(alice: APIClient, give: Callable[..., str]) -> None:
    check_mistake(alice, {"mask": give()}, "mask", "no_image")
    check_mistake(alice, {"strength": 0.5}, "strength", "no_image")


def test_mask_has_the_shape_of_its_picture(alice: APIClient, give: Callable[..., str]) -> None:
    check_mistake(alice, {"image": give(96, 48), "mask": give(48, 96)}, "mask", "shape_differs")
    check_mistake(alice, {"image": give(96, 48), "mask": give(96, 50)}, "mask", "shape_differs")
    assert submit(alice, image=give(1000, 333), mask=give(500, 167)).spec["mask"]


@pytest.mark.parametrize(
    ("strength", "code"),
    [(0, "min_value"), (0.009, "min_value"), (-1, "min_value"), (1.01, "max_value"),
     ("0.5", "invalid"), (True, "invalid")],
)  # fmt: skip
def test_strength_is_a_share(
    alice: APIClient, give: Callable[..., str], strength: Any, code: str
) -> None:
    check_mistake(alice, {"image": give(), "strength": strength}, "strength", code)


@pytest.mark.parametrize("word", ["image", "mask"])
@pytest.mark.parametrize("value", [5, ["art_x"], {"id": "art_x"}, "art_\x00"])
def test_picture_is_named_by_text(
    alice: APIClient, give: Callable[..., str], word: str, value: Any
) -> None:
    body = {"prompt": "a star", "image": give(), word: value}
    refused(alice, GENERATE, body=body, expect=(*INVALID, word))


def test_key_of_an_order_covers_its_pictures(alice: APIClient, give: Callable[..., str]) -> None:
    image, mask = give(), give()
    body = {"prompt": "a star", "image": image, "mask": mask, "strength": 0.5}

    def send(**words: Any) -> Any:
        order = {name: value for name, value in (body | words).items() if value is not None}
        return alice.post(GENERATE, order, format="json", HTTP_IDEMPOTENCY_KEY="once")

    first = send()
    with nothing_moves():
        assert send().json()["id"] == first.json()["id"]
        for other in ({"image": give()}, {"mask": give()}, {"mask": None}, {"strength": 0.6}):
            check_problem(send(**other), 422, "idempotency_key_reused")


def test_template_leaves_the_picture_to_the_caller(
    alice: APIClient, give: Callable[..., str]
) -> None:
    words: dict[str, Any] = {"name": "Poster", "prompt": "a poster", "price": 7}
    publish(create_template("poster", **words), actor="tests")
    publish(create_template("square", **words, settings={"width": 64, "height": 64}), actor="tests")
    image, mask = give(), give()
    order = {"image": image, "mask": mask, "strength": 0.3}
    sizes = []
    for code in ("poster", "square"):
        answer = alice.post(GENERATE, {"template": code, **order}, format="json").json()
        assert {name: answer[name] for name in order} == order
        assert answer["credits"]["price"] == 7
        sizes.append((answer["width"], answer["height"]))
    assert sizes == [(64, 32), (64, 64)], "its price is for the usual size"


def test_template_is_no_way_to_a_large_picture_at_its_price(
    alice: APIClient, stub: Account, give: Callable[..., str]
) -> None:
    stub.offers.update(fast_width=32, fast_height=32, fine_width=128, fine_height=96)
    words: dict[str, Any] = {"name": "Poster", "prompt": "a poster", "price": 7}
    publish(create_template("usual", **words), actor="tests")
    publish(create_template("wide", **words, settings={"width": 256}), actor="tests")
    large, tall, narrow = give(1024, 1024), give(512, 1024), give(1000, 50)

    def size(code: str, image: str, **more: Any) -> tuple[int, int]:
        body = {"template": code, "image": image, **more}
        quote = alice.post(QUOTE, body, format="json")
        answer = alice.post(GENERATE, body, format="json").json()
        assert answer["credits"]["price"] == quote.json()["price"] == 7
        return answer["width"], answer["height"]

    assert [size("usual", image) for image in (large, tall, narrow)] == [
        (64, 64),
        (32, 64),
        (64, 16),
    ]
    assert [size("usual", large, mode=mode) for mode in ("fast", "fine")] == [(32, 32), (128, 128)]
    assert [size("wide", image) for image in (large, tall)] == [(256, 256), (256, 256)]


def test_quote_of_an_order_with_a_picture_is_its_price(
    alice: APIClient, give: Callable[..., str]
) -> None:
    body: dict[str, Any] = {"image": give(), "num_images": 3}
    assert ask(alice, body).json()["price"] == submit(alice, **body).price == 30


@pytest.mark.xdist_group("torch")
@pytest.mark.django_db(transaction=True)
def test_small_model_draws_on_from_an_uploaded_picture_and_refines_it(
    alice: APIClient, stub: Account
) -> None:
    stub.offers.update(is_enabled=False)
    seed_local_provider()
    picture = Image.new("RGB", (128, 128), "white")
    ImageDraw.Draw(picture).ellipse((8, 8, 52, 52), fill="red")
    mask = Image.new("L", picture.size, 0)
    mask.paste(255, (64, 64, 128, 128))
    upload, cover = (upload_png(alice, image) for image in (picture, mask))
    body: dict[str, Any] = {
        "prompt": "a blue square", "image": upload, "mask": cover, "strength": 1.0, "steps": 6,
        "seed": 7,
    }  # fmt: skip
    first = alice.post(GENERATE, body, format="json").json()
    run_queue("local")
    body = {"steps": 8}
    again = alice.post(f"/api/v1/tasks/{first['id']}/refine", body, format="json").json()
    run_queue("local")
    for answer in (first, again):
        result = alice.get(answer["result_url"] + "?format=b64").json()["images"][0]
        image = Image.open(io.BytesIO(base64.b64decode(result["b64_json"])))
        assert image.size == picture.size
        assert differ(image, picture, (0, 0, 60, 60)) < 5, "kept where the mask is black"
        assert differ(image, picture, (68, 68, 128, 128)) > 50, "drawn anew where it is white"
    assert again["steps"] > first["steps"]
    assert again["image"] == upload


def upload_png(client: APIClient, image: Image.Image) -> str:
    data = io.BytesIO()
    image.save(data, "PNG")
    file = SimpleUploadedFile("a.png", data.getvalue(), "image/png")
    answer = client.post("/api/v1/artifacts", {"file": file}, format="multipart")
    assert answer.status_code == 201, answer.json()
    return str(answer.json()["id"])


def differ(one: Image.Image, other: Image.Image, box: tuple[int, int, int, int]) -> float:
    """Return how far apart two pictures are in a place, of 255."""
    difference = ImageChops.difference(one.convert("RGB").crop(box), other.crop(box))
    return max(ImageStat.Stat(difference).rms)
