"""Pictures that an order brings along, by address or in itself: the same gate as uploads, once for one order."""

import io
from typing import Any

import pytest
from django.db import connection
from PIL import Image
from rest_framework.test import APIClient

from generation.models import Account
from generation.orders import brought
from generation.work.run import run_queue
from genhub.lib import fetch as fetching
from genhub.lib.fetch import Fetched
from storage.models import Artifact, UploadFolder
from storage.services import open_picture
from templates.services import create_template, publish
from tests.api.album import (
    INVALID,
    MASK,
    PNG,
    QUOTE,
    SQUARE,
    album,
    check_mistake,
    encode,
    hostile,
    picture,
    uri,
)
from tests.api.refusals import GENERATE, check_problem, nothing_moves, refused
from tests.lib.host import Host
from tests.steps import submit
from tests.storage.conftest import local

__all__ = ["album", "hostile", "local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "local")]


@pytest.mark.parametrize("way", ["address", "data"])
def test_a_picture_that_comes_along_becomes_its_owners(
    alice: APIClient, mallory: APIClient, album: Host, way: str
) -> None:
    said = {"address": (album.url("/a"), album.url("/mask")), "data": (uri(), uri(MASK))}[way]
    task = submit(alice, image=said[0], mask=said[1], strength=0.5)
    assert (task.spec["width"], task.spec["height"]) == (96, 48)
    for word, wanted in (("image", picture()), ("mask", Image.new("RGB", (96, 48), "white"))):
        row = Artifact.objects.get(pk=task.spec[word].removeprefix("art_"))
        assert (row.user, row.platform_id) == ("alice", task.platform_id)
        assert row.key.startswith("uploads/")
        assert row.used_at is not None
        assert open_picture(row.pk, platform_id=row.platform_id).tobytes() == wanted.tobytes()
    answered = alice.get(f"/api/v1/tasks/task_{task.pk.hex}").json()
    assert answered["image"] == task.spec["image"]
    body = {"prompt": "a star", "image": task.spec["image"]}
    assert mallory.post(GENERATE, body, format="json").status_code == 400
    run_queue("local")
    task.refresh_from_db()
    assert task.state == "completed"


def test_an_id_and_an_address_go_together(alice: APIClient, album: Host) -> None:
    image = submit(alice, image=uri()).spec["image"]
    task = submit(alice, image=image, mask=album.url("/mask"))
    assert task.spec["image"] == image
    assert [asked.path for asked in album.asked] == ["/mask"]


@pytest.mark.parametrize(
    "said",
    [uri(encode(picture(), "JPEG"), "image/jpeg"), uri(encode(picture(), "WEBP"), "image/webp"), uri(PNG, ""),
     uri(PNG, "application/octet-stream"), uri(PNG, "image/png;charset=utf-8"), uri(PNG, "image/x-png"),
     uri().replace("data:image/png;base64", "DATA:IMAGE/PNG;BASE64")],
    ids=lambda said: said[:40],
)  # fmt: skip
def test_a_data_uri_is_read_as_browsers_do(alice: APIClient, said: str) -> None:
    assert submit(alice, image=said).spec["width"] == 96


def test_metadata_is_left_behind(alice: APIClient) -> None:
    data = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SECRET CAMERA"
    picture().save(data, "JPEG", exif=exif)
    task = submit(alice, image=uri(data.getvalue(), "image/jpeg"))
    row = Artifact.objects.get(pk=task.spec["image"].removeprefix("art_"))
    assert open_picture(row.pk, platform_id=row.platform_id).getexif() == {}


def test_a_template_leaves_it_to_the_caller(alice: APIClient, album: Host) -> None:
    words: dict[str, Any] = {"name": "Poster", "prompt": "a poster", "price": 7}
    publish(create_template("poster", **words), actor="tests")
    body = {"template": "poster", "image": album.url()}
    answered = alice.post(GENERATE, body, format="json").json()
    assert answered["image"].startswith("art_")
    body["image"] = "https://127.0.0.1/"
    refused(alice, GENERATE, body=body, expect=(*INVALID, "image"))


def test_a_quote_looks_and_keeps_nothing(alice: APIClient, album: Host) -> None:
    with nothing_moves():
        for said in (album.url(), uri()):
            quote = alice.post(QUOTE, {"prompt": "a star", "image": said}, format="json")
            assert quote.json()["price"] == 10
    assert Artifact.objects.count() == UploadFolder.objects.count() == 0
    assert len(album.asked) == 1


def test_the_size_is_the_pictures_in_a_quote_too(alice: APIClient, stub: Account) -> None:
    stub.offers.update(sizes=[[64, 64], [96, 48]])
    answers = [
        alice.post(path, {"prompt": "a star", "image": uri(SQUARE), "width": 96}, format="json")
        for path in (GENERATE, QUOTE)
    ]
    assert {answered.status_code for answered in answers} <= {200, 202}


# Once for one order.


def test_a_repeated_order_fetches_nothing_again(alice: APIClient, album: Host) -> None:
    body = {"prompt": "a star", "image": album.url("/a"), "mask": album.url("/mask")}

    def send(**words: Any) -> Any:
        return alice.post(GENERATE, body | words, format="json", HTTP_IDEMPOTENCY_KEY="once")

    first = send()
    assert first.status_code == 202
    with nothing_moves():
        assert send().json()["id"] == first.json()["id"]
        check_problem(send(image=album.url("/b")), 422, "idempotency_key_reused")
    assert [asked.path for asked in album.asked] == ["/a", "/mask"]
    assert Artifact.objects.filter(key__startswith="uploads/").count() == 2


def test_the_same_bytes_said_in_another_way_are_another_order(
    alice: APIClient, album: Host
) -> None:
    def send(image: str) -> Any:
        body = {"prompt": "a star", "image": image}
        return alice.post(GENERATE, body, format="json", HTTP_IDEMPOTENCY_KEY="once")

    assert send(uri()).status_code == 202
    check_problem(send(album.url("/a")), 422, "idempotency_key_reused")
    assert album.asked == []


@pytest.mark.django_db(transaction=True)
def test_nobody_is_waited_for_inside_of_a_transaction(
    alice: APIClient, album: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    fetch = fetching.fetch

    def look(*args: Any, **words: Any) -> Fetched:
        seen.append(connection.in_atomic_block)
        return fetch(*args, **words)

    monkeypatch.setattr(brought, "fetch", look)
    submit(alice, image=album.url())
    assert seen == [False]


def test_what_else_is_wrong_is_told_before_anybody_is_called(
    alice: APIClient, album: Host, stub: Account
) -> None:
    for body, field in (
        ({"model": "nobody"}, "model"),
        ({"style_preset": "nobody"}, "style_preset"),
        ({"mask": f"art_{'1' * 32}"}, "mask"),
        ({"mask": "oss://x"}, "mask"),
    ):
        order = {"prompt": "a star", "image": album.url()} | body
        refused(alice, GENERATE, body=order, expect=(*INVALID, field))
    stub.offers.update(unsupported=["image"])
    order = {"prompt": "a star", "image": album.url()}
    refused(alice, GENERATE, body=order, expect=(*INVALID, "image"))
    assert album.asked == []


def test_the_second_picture_is_not_fetched_when_the_first_is_refused(
    alice: APIClient, album: Host
) -> None:
    check_mistake(alice, {"image": uri(b"no"), "mask": album.url()}, "image", "unreadable")
    assert album.asked == []


def test_the_mask_of_another_shape_is_refused(alice: APIClient, album: Host) -> None:
    body = {"image": album.url(), "mask": album.url("/square")}
    order = {"prompt": "a star"} | body
    refused(alice, QUOTE, body=order, expect=(*INVALID, "mask"))
