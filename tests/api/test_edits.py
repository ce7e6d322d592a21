"""Edits: a new picture of a picture, with its line, paid once; each refusal says which word of which operation."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image
from rest_framework.test import APIClient

from storage import uploads
from storage.edits import editing
from storage.models import Artifact, Edit, UploadFolder
from tests.api.refusals import check_problem, refused
from tests.api.test_uploads import UPLOAD, scene, send
from tests.storage.conftest import local
from tests.storage.made_pictures import encode

__all__ = ["local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local")]

INVALID = (400, "invalid_request")
FLIP = {"action": "flip", "direction": "horizontal"}


def upload(client: APIClient, image: Image.Image | None = None) -> str:
    """Upload a picture and return its id; its left half is blue, its right half red."""
    answer = send(client, encode(image or scene(64, 48)))
    assert answer.status_code == 201, answer.json()
    return str(answer.json()["id"])


def address(picture: str) -> str:
    return f"{UPLOAD}/{picture}/edits"


def edit(client: APIClient, picture: str, *operations: dict[str, Any], **words: Any) -> Any:
    headers = words.pop("headers", {})
    query = words.pop("query", "")
    body = {"operations": list(operations), **words}
    return client.post(address(picture) + query, body, format="json", **headers)


def made(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 201, answer.json()
    body: dict[str, Any] = answer.json()
    return body


def open_stored(body: dict[str, Any]) -> Image.Image:
    """Return an edited picture as it lies in the store."""
    row = Artifact.objects.get(sha256=body["sha256"], key__startswith="edits/")
    with default_storage.open(row.key) as file:
        image: Image.Image = Image.open(io.BytesIO(file.read()))
        image.load()
    return image


def check_mistake(
    client: APIClient,
    picture: str,
    body: dict[str, Any],
    field: str,
    code: str,
    tails: Sequence[str] = ("",),
) -> str:
    """Fail unless the doors refuse one word, and nothing is kept; return the message."""
    before, message = Artifact.objects.count(), ""
    for tail in tails:
        problem = refused(client, address(picture) + tail, body=body, expect=(*INVALID, field))
        assert [(e["field"], e["code"]) for e in problem["errors"]] == [(field, code)]
        message = problem["errors"][0]["message"]
    assert (Artifact.objects.count(), UploadFolder.objects.count()) == (before, 0)
    return message


def test_edited_picture_is_a_new_one_with_its_line(alice: APIClient) -> None:
    picture = upload(alice)
    crop = {"action": "crop", "width": 32, "height": 48, "position": "left"}
    answer = edit(alice, picture, crop, FLIP)
    body = made(answer)
    assert answer.headers["Location"] == body["url"]
    assert (body["width"], body["height"], body["parent"], body["price"]) == (32, 48, picture, 0)
    assert body["operations"] == [crop, FLIP]
    assert open_stored(body).convert("RGB").getpixel((5, 5)) == (0, 0, 255)
    assert alice.get(body["url"]).status_code == 302
    assert alice.get(alice.get(body["thumbnail_url"])["Location"]).status_code == 200
    again = made(edit(alice, body["id"], FLIP))
    assert again["parent"] == body["id"]
    listed = alice.get(address(picture)).json()
    assert [one["id"] for one in listed["items"]] == [body["id"]]
    assert UploadFolder.objects.count() == 0


def test_defaults_are_kept_with_what_was_said(alice: APIClient) -> None:
    body = made(edit(alice, upload(alice), {"action": "text", "text": "你好", "size": 10}))
    assert (
        body["operations"][0] | {"text": "你好", "font": "sans", "position": "bottom"}
        == body["operations"][0]
    )


def test_preview_stores_nothing_and_is_small(alice: APIClient, settings: Any) -> None:
    settings.UPLOAD_LONGEST_SIDE_PIXELS = 2048
    picture = upload(alice, scene(1600, 800))
    rows = Artifact.objects.count()
    answer = edit(
        alice, picture, FLIP, query="?preview=true", headers={"HTTP_ACCEPT": "image/webp"}
    )
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert answer["Cache-Control"] == "no-store"
    image = Image.open(io.BytesIO(answer.content))
    assert image.size == (1024, 512)
    left, right = (image.convert("RGB").getpixel(at) for at in ((10, 10), (1000, 10)))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert (left[0] > 200, right[2] > 200) == (True, True), "mirrored"
    assert (Artifact.objects.count(), Edit.objects.count(), UploadFolder.objects.count()) == (
        rows,
        0,
        0,
    )


def test_picture_is_shown_at_a_size_for_pages(alice: APIClient, settings: Any) -> None:
    settings.UPLOAD_LONGEST_SIDE_PIXELS = 2048
    path = f"{UPLOAD}/{upload(alice, scene(1600, 800))}/preview"
    answer = alice.get(path, HTTP_ACCEPT="image/webp")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(answer.content)).size == (1024, 512)
    assert "immutable" in answer["Cache-Control"]
    known = alice.get(path, HTTP_IF_NONE_MATCH=answer["ETag"])
    assert (known.status_code, known.content) == (304, b"")


@pytest.mark.parametrize(
    ("words", "kind"),
    [({}, "image/webp"), ({"output_format": "png"}, "image/png"),
     ({"output_format": "jpeg", "output_compression": 40}, "image/jpeg"),
     ({"output_format": "webp", "output_compression": 40}, "image/webp")],
)  # fmt: skip
def test_format_and_quality_are_as_asked(alice: APIClient, words: Any, kind: str) -> None:
    body = made(edit(alice, upload(alice), FLIP, **words))
    assert body["content_type"] == kind
    assert open_stored(body).format == kind.partition("/")[2].upper()


def test_better_quality_is_larger(alice: APIClient) -> None:
    picture = upload(alice, Image.effect_noise((128, 128), 60).convert("RGB"))
    sizes = [
        made(edit(alice, picture, output_format=form, output_compression=quality))["size_bytes"]
        for form in ("jpeg", "webp")
        for quality in (10, 90)
    ]
    assert sizes[0] < sizes[1]
    assert sizes[2] < sizes[3]


def test_jpeg_stays_one_and_all_else_is_without_loss(alice: APIClient) -> None:
    photo = send(alice, encode(scene(), "JPEG"), "image/jpeg").json()["id"]
    assert made(edit(alice, photo, FLIP))["content_type"] == "image/jpeg"
    body = made(edit(alice, upload(alice, scene(40, 20)), FLIP))
    assert open_stored(body).convert("RGB").getpixel((0, 0)) == (255, 0, 0)


# Of one operation: what is said, and which of its words is refused how.
WRONG_WORDS: list[tuple[dict[str, Any], str, str]] = [
    ({}, "action", "invalid_choice"),
    ({"action": "blur"}, "action", "invalid_choice"),
    ({"action": ["crop"]}, "action", "invalid_choice"),
    ({"action": "crop"}, "width", "missing"),
    ({"action": "crop", "width": 0}, "width", "min_value"),
    ({"action": "crop", "width": 65}, "width", "outside"),
    ({"action": "crop", "width": 64, "height": 49}, "height", "outside"),
    ({"action": "crop", "width": 10, "x": 55}, "x", "outside"),
    ({"action": "crop", "height": 10, "y": 39}, "y", "outside"),
    ({"action": "crop", "width": 10, "x": -1}, "x", "min_value"),
    ({"action": "crop", "ratio": "16:0"}, "ratio", "invalid"),
    ({"action": "crop", "ratio": "16:9", "height": 3}, "ratio", "conflict"),
    ({"action": "crop", "width": "10"}, "width", "invalid"),
    ({"action": "crop", "width": 10, "colour": 1}, "colour", "unknown"),
    ({"action": "resize"}, "width", "missing"),
    ({"action": "resize", "width": 8193}, "width", "max_value"),
    ({"action": "resize", "width": 8000}, "width", "too_large"),
    ({"action": "resize", "width": 9, "fit": "cover"}, "fit", "together"),
    ({"action": "resize", "width": 9, "fit": "fill"}, "fit", "invalid_choice"),
    ({"action": "rotate"}, "degrees", "required"),
    ({"action": "rotate", "degrees": 361}, "degrees", "max_value"),
    ({"action": "rotate", "degrees": 1, "color": "red"}, "color", "invalid"),
    ({"action": "flip", "direction": "up"}, "direction", "invalid_choice"),
    ({"action": "brightness", "amount": 101}, "amount", "max_value"),
    ({"action": "contrast", "amount": "5"}, "amount", "invalid"),
    ({"action": "saturation"}, "amount", "required"),
    ({"action": "temperature", "amount": -101}, "amount", "min_value"),
    ({"action": "sharpen", "radius": 21}, "radius", "max_value"),
    ({"action": "text", "size": 10}, "text", "required"),
    ({"action": "text", "text": " ", "size": 10}, "text", "blank"),
    ({"action": "text", "text": "a", "size": 3}, "size", "min_value"),
    ({"action": "text", "text": "a" * 501, "size": 9}, "text", "max_length"),
    ({"action": "text", "text": "a\tb", "size": 9}, "text", "invalid"),
    ({"action": "text", "text": "a", "size": 9, "font": "comic"}, "font", "unknown"),
    ({"action": "text", "text": "hi 😀", "size": 9}, "text", "no_glyph"),
    ({"action": "text", "text": "سلام", "size": 9, "font": "serif"}, "text", "no_glyph"),
    ({"action": "overlay", "image": "art_1"}, "image", "unknown"),
    ({"action": "overlay", "image": "art_1", "opacity": 1.1}, "opacity", "max_value"),
    ({"action": "overlay", "image": "art_1", "width": 9, "percent": 9}, "width", "conflict"),
    ({"action": "flatten", "color": "#00000000"}, "color", "invalid"),

]  # fmt: skip


def test_wrong_word_is_named_with_its_operation(alice: APIClient) -> None:
    picture = upload(alice)
    for operation, field, code in WRONG_WORDS:
        body = {"operations": [FLIP, operation]}
        check_mistake(alice, picture, body, f"operations[1].{field}", code)


WRONG_EDITS: list[tuple[dict[str, Any], str, str]] = [
    ({}, "operations", "required"),
    ({"operations": []}, "operations", "empty"),
    ({"operations": {}}, "operations", "not_a_list"),
    ({"operations": [FLIP] * 21}, "operations", "max_length"),
    ({"operations": [FLIP, 7]}, "operations[1]", "not_an_object"),
    ({"operations": [FLIP], "output_format": "gif"}, "output_format", "invalid_choice"),
    ({"operations": [FLIP], "output_format": "png", "output_compression": 3}, "output_compression", "lossless"),
    ({"operations": [FLIP], "output_compression": 0}, "output_compression", "min_value"),
    ({"operations": [FLIP], "quality": 3}, "quality", "unknown"),

]  # fmt: skip


def test_wrong_edit_is_named(alice: APIClient) -> None:
    picture = upload(alice)
    for body, field, code in WRONG_EDITS:
        check_mistake(alice, picture, body, field, code)


def test_sign_that_a_font_lacks_is_told_by_name(alice: APIClient) -> None:
    body = {"operations": [{"action": "text", "text": "好😀", "size": 9}]}
    tails = ("", "?preview=true", "/quote")
    message = check_mistake(alice, upload(alice), body, "operations[0].text", "no_glyph", tails)
    assert "“😀” (U+1F600, GRINNING FACE)" in message


def test_text_that_does_not_fit_is_refused(alice: APIClient) -> None:
    picture = upload(alice)
    for size, words in ((60, {}), (10, {"text": "长" * 300}), (40, {"width": 10})):
        operation = {"action": "text", "text": "你好", "size": size, **words}
        body = {"operations": [operation]}
        for tail in ("", "?preview=true"):
            problem = refused(alice, address(picture) + tail, body=body, expect=INVALID)
            assert problem["errors"][0]["code"] == "does_not_fit"
            assert problem["errors"][0]["field"] == "operations[0].size"
    assert Artifact.objects.count() == 1


def test_preview_is_true_or_false(alice: APIClient) -> None:
    path = address(upload(alice)) + "?preview=1"
    refused(alice, path, body={"operations": [FLIP]}, expect=(*INVALID, "preview"))


def test_nobody_edits_or_overlays_what_is_somebody_elses(
    alice: APIClient, client_of: Callable[..., APIClient]
) -> None:
    bob = client_of("bob")
    hers, his = upload(alice), upload(bob)
    for method, path in (
        ("post", address(hers)),
        ("get", address(hers)),
        ("post", address(hers) + "/quote"),
    ):
        body = {"operations": [FLIP]}
        refused(bob, path, method=method, body=body, expect=(404, "not_found"))
    overlay = {"action": "overlay", "image": hers}
    check_mistake(bob, his, {"operations": [overlay]}, "operations[0].image", "unknown")
    app = client_of("")
    body = made(edit(app, hers, FLIP))
    assert Artifact.objects.get(sha256=body["sha256"], key__startswith="edits/").user == "alice"
    # The platform speaks for both; a picture of another user is still none of this owner's.
    check_mistake(
        app,
        hers,
        {"operations": [{"action": "overlay", "image": his}]},
        "operations[0].image",
        "unknown",
    )


def test_same_key_and_words_make_one_picture(alice: APIClient) -> None:
    picture, key = upload(alice), {"HTTP_IDEMPOTENCY_KEY": "banner"}
    first = made(edit(alice, picture, FLIP, headers=key))
    assert made(edit(alice, picture, FLIP, headers=key)) == first
    other = {"action": "flip", "direction": "vertical"}
    check_problem(edit(alice, picture, other, headers=key), 422, "idempotency_key_reused")
    check_problem(edit(alice, upload(alice), FLIP, headers=key), 422, "idempotency_key_reused")
    assert Edit.objects.count() == 1


def test_picture_deleted_meanwhile_leaves_nothing(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = upload(alice)
    draw = editing.draw_edit

    def draw_and_delete(plan: Any) -> Any:
        drawn = draw(plan)
        Artifact.objects.all().delete()
        return drawn

    monkeypatch.setattr(editing, "draw_edit", draw_and_delete)
    check_problem(edit(alice, picture, FLIP), 404, "not_found")
    assert (Artifact.objects.count(), Edit.objects.count()) == (0, 0)
    [row] = UploadFolder.objects.all()
    assert default_storage.listdir(row.folder)[1] == []


def test_used_picture_is_kept_and_a_deleted_parent_is_told(alice: APIClient) -> None:
    picture = upload(alice)
    body = made(edit(alice, picture, FLIP))
    parent = Artifact.objects.get(key__startswith="uploads/")
    assert parent.used_at is not None
    parent.delete()
    again = made(edit(alice, body["id"], FLIP))
    assert Edit.objects.filter(parent=None).count() == 1
    assert alice.get(address(body["id"])).json()["items"] == [again]


def test_label_follows_what_a_model_made(alice: APIClient) -> None:
    photo, drawing = upload(alice), upload(alice)
    row = Artifact.objects.order_by("-id").first()
    assert row
    Artifact.objects.filter(pk=row.pk).update(key=row.key.replace("uploads/", "outputs/"))
    default_storage.save(row.key.replace("uploads/", "outputs/"), default_storage.open(row.key))
    overlay = {"action": "overlay", "image": drawing, "width": 5}
    for parent, operations, is_labelled in (
        (photo, [FLIP], False), (drawing, [FLIP], True), (photo, [overlay], True),
    ):  # fmt: skip
        body = made(edit(alice, parent, *operations))
        again = made(edit(alice, body["id"], FLIP))
        for one in (body, again):
            stored = Artifact.objects.get(sha256=one["sha256"], key__startswith="edits/")
            with default_storage.open(stored.key) as file:
                assert (b"<TC260:AIGC>" in file.read()) == is_labelled


def test_edit_that_takes_too_much_is_refused(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = editing.PROGRAM.replace("main()", "main(120_000_000)")
    assert small != editing.PROGRAM
    monkeypatch.setattr(editing, "PROGRAM", small)
    large = {"action": "resize", "width": 5000, "height": 5000, "fit": "stretch"}
    check_mistake(alice, upload(alice), {"operations": [large]}, "operations", "too_much")


def test_edits_wait_their_turn_and_are_told_to_come_again(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = upload(alice)
    monkeypatch.setattr(uploads, "TURN_SECONDS", 0)
    with uploads.taking_turns(uploads.turns, 1), uploads.taking_turns(uploads.turns, 1):
        problem = edit(alice, picture, FLIP)
    check_problem(problem, 503, "uploads_busy")
    assert problem["Retry-After"] == "5"
