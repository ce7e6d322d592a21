"""Which kinds of stored files are edited and shown: pictures of every format of the hub, and no clips."""

import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageChops
from rest_framework.test import APIClient

from genhub.platforms.models import Platform
from storage.edits import editing
from storage.models import Artifact
from storage.selectors import read_bytes
from storage.visible import draw_mark
from tests.api.refusals import refused
from tests.api.test_edits import FLIP, address, check_mistake, edit, made, open_stored, upload
from tests.api.test_uploads import UPLOAD, scene
from tests.storage.conftest import local
from tests.storage.made_pictures import encode

__all__ = ["local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local")]


def test_clips_are_neither_edited_nor_laid_over(alice: APIClient) -> None:
    picture, clip = upload(alice), upload(alice)
    row = Artifact.objects.order_by("-id").first()
    assert row
    Artifact.objects.filter(pk=row.pk).update(content_type="video/mp4", seconds=5)
    for tail in ("", "?preview=true", "/quote"):
        body = {"operations": [FLIP]}
        refused(alice, address(clip) + tail, body=body, expect=(409, "not_a_picture"))
    overlay = {"operations": [{"action": "overlay", "image": clip}]}
    tails = ("", "?preview=true", "/quote")
    check_mistake(alice, picture, overlay, "operations[0].image", "a_clip", tails)


def test_avif_of_the_hub_is_edited_shown_and_laid_over(alice: APIClient) -> None:
    drawing = upload(alice, scene(64, 48))
    row = Artifact.objects.get()
    file = ContentFile(encode(scene(64, 48), "AVIF", quality=95))
    key = default_storage.save("outputs/a/0.avif", file)
    Artifact.objects.filter(pk=row.pk).update(key=key, content_type="image/avif")
    body = made(edit(alice, drawing, FLIP))
    red, _, blue = open_stored(body).convert("RGB").getpixel((5, 5))  # type: ignore[misc]
    assert (body["content_type"], red > 200, blue < 60) == ("image/webp", True, True)
    small = alice.get(f"{UPLOAD}/{drawing}/preview")
    assert Image.open(io.BytesIO(small.content)).size == (64, 48)
    over = made(edit(alice, body["id"], {"action": "overlay", "image": drawing, "width": 10}))
    assert over["parent"] == body["id"]


def test_previews_name_the_platform_as_their_maker(alice: APIClient) -> None:
    picture = upload(alice)
    row = Artifact.objects.get()
    key = default_storage.save("outputs/a/0.webp", default_storage.open(row.key))
    Artifact.objects.filter(pk=row.pk).update(key=key)
    Platform.objects.update(label_producer="某公司")
    shown = alice.get(f"{UPLOAD}/{picture}/preview").content
    tried = edit(alice, picture, FLIP, query="?preview=true").content
    for data in (shown, tried):
        assert '"ContentProducer":"某公司"'.encode() in data


def test_parent_is_read_once(alice: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = upload(alice)
    row = Artifact.objects.get()
    key = default_storage.save("outputs/a/0.webp", default_storage.open(row.key))
    Artifact.objects.filter(pk=row.pk).update(key=key)
    keys = []

    def note(artifact: Artifact) -> bytes:
        keys.append(artifact.key)
        return read_bytes(artifact)

    monkeypatch.setattr(editing, "read_bytes", note)
    made(edit(alice, picture, FLIP))
    assert keys == [key]


def test_mark_that_people_see_is_on_what_is_left_and_covers_the_former(alice: APIClient) -> None:
    """A crop may cut it off; an edit that leaves it where it is has it once."""
    picture, photo = upload(alice, scene(320, 200)), upload(alice, scene(300, 200))
    row = Artifact.objects.order_by("id").first()
    assert row
    key = default_storage.save("outputs/a/0.webp", default_storage.open(row.key))
    Artifact.objects.filter(pk=row.pk).update(key=key)
    crop = {"action": "crop", "x": 0, "y": 0, "width": 200, "height": 160}
    plain = open_stored(made(edit(alice, picture, crop))).convert("RGB")
    Platform.objects.update(visible_label="bottom_right", language="zh-hans")
    body = made(edit(alice, picture, crop))
    marked = open_stored(body).convert("RGB")
    assert marked.tobytes() == draw_mark(plain, "zh-hans", "bottom_right").tobytes()
    again = open_stored(made(edit(alice, body["id"], {"action": "brightness", "amount": 0})))
    changed = ImageChops.difference(again.convert("RGB"), plain).getbbox()
    assert changed == ImageChops.difference(marked, plain).getbbox()
    tried = edit(alice, picture, crop, query="?preview=true").content
    assert Image.open(io.BytesIO(tried)).convert("RGB").getpixel((190, 156)) != plain.getpixel(
        (190, 156)
    )
    # A photograph that nobody's model made says nothing.
    shown = open_stored(made(edit(alice, photo, crop))).convert("RGB")
    assert shown.tobytes() == scene(300, 200).crop((0, 0, 200, 160)).tobytes()
