"""A template edits each picture once it is made: drawn here or sent, told of in its file, paid as delivered."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops
from rest_framework.test import APIClient

from credits.audit import find_mistakes
from generation.models import Output, Task
from generation.orders.trials import try_recipe
from generation.providers.errors import ProviderError
from generation.spec import GenerationSpec
from generation.work import rerun
from generation.work.run import run_queue
from genhub.lib.ids import new_id
from storage.models import Artifact, Edit
from storage.selectors import read_bytes
from templates.errors import VersionNotPublishable
from templates.models import TemplateVersion
from templates.selectors import as_recipe, find_recipe
from templates.services import create_template, draft_next, publish
from tests.api.refusals import GENERATE, check_problem
from tests.api.test_uploads import send as upload
from tests.storage import made_pictures as made
from tests.storage.conftest import local
from tests.storage.test_credentials import actions, active, read
from tests.work.test_vendor_files import send

__all__ = ["local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "local")]
SIZE = {"width": 256, "height": 128}
CROP = {"action": "crop", "ratio": "1:1"}
BANNER = [
    CROP,
    {"action": "resize", "width": 64},
    {"action": "text", "text": "春季", "size": 20, "margin": 2},
]


def banner(operations: Any = BANNER, **words: Any) -> TemplateVersion:
    """Return a draft that edits its pictures."""
    settings = words.pop("settings", SIZE)
    return create_template(
        "banner", name="Banner", prompt="a star", settings=settings, operations=operations, **words
    )


def order(client: APIClient, **words: Any) -> dict[str, Any]:
    answer = client.post(GENERATE, {"template": "banner", **words}, format="json")
    assert answer.status_code == 202, answer.json()
    body: dict[str, Any] = answer.json()
    return body


def result_of(client: APIClient, task: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/tasks/{task['id']}").json()
    return found


def check_file(row: Artifact) -> None:
    """Fail unless a stored picture was edited before it was labelled, and tells so."""
    data = read_bytes(row)
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (64, 64) == (row.width, row.height)
        lower = image.convert("RGB").crop((0, 30, 64, 64))
        darkest = ImageChops.darker(ImageChops.darker(*lower.split()[:2]), lower.getchannel("B"))
    assert max(darkest.tobytes()) > 230, "written on"
    told = read(data, row.content_type)
    assert told["validation_state"] == "Trusted"
    done = [one["action"] for one in actions(active(told))]
    assert done[-3:] == ["c2pa.cropped", "c2pa.resized", "c2pa.drawing"]
    assert done[0] in {"c2pa.created", "c2pa.opened"}
    assert data.count(b"<TC260:AIGC>") == 1
    edit = Edit.objects.get(artifact=row)
    assert [one["action"] for one in edit.operations] == ["crop", "resize", "text"]
    assert (edit.parent, edit.is_generated, edit.operations[2]["font"]) == (None, True, "sans")


def test_picture_that_is_drawn_here_is_edited(alice: APIClient) -> None:
    publish(banner(), actor="carol")
    task = order(alice, num_images=2)
    run_queue("local")
    images = result_of(alice, task)["result"]["images"]
    assert [(one["width"], one["height"]) for one in images] == [(64, 64)] * 2
    for row in Artifact.objects.all():
        check_file(row)
    assert not find_mistakes()


@pytest.mark.parametrize("form", ["png", "jpeg"])
def test_picture_of_a_vendor_is_edited(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    publish(banner(), actor="carol")
    send(monkeypatch, made.encode(made.scene().resize((256, 128)), form))
    order(alice)
    run_queue("local")
    check_file(Artifact.objects.get())


def test_form_and_corner_come_after_the_edits(alice: APIClient) -> None:
    turn = {"action": "rotate", "degrees": 45, "color": "#00000000"}
    publish(banner([turn]), actor="carol")
    order(alice, output_format="jpeg")
    run_queue("local")
    with Image.open(io.BytesIO(read_bytes(Artifact.objects.get()))) as image:
        assert image.format == "JPEG"
        assert image.getpixel((2, 2)) == (255, 255, 255), "JPEG is not transparent"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("right_books")
def test_picture_that_does_not_fit_is_neither_delivered_nor_paid(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(banner([{"action": "crop", "width": 200, "height": 100}]), actor="carol")
    small, large = (
        made.encode(made.scene().resize(size), "PNG") for size in ((48, 24), (256, 128))
    )
    send(monkeypatch, large, small)
    task = order(alice, num_images=2)
    run_queue("local")
    found = result_of(alice, task)
    assert (found["status"], found["result"]["count"]) == ("completed", 1)
    paid = found["credits"]
    assert paid["captured"] == paid["released"] == paid["price"] // 2
    assert Output.objects.get(artifact=None).error_code == "output_edit_refused"
    send(monkeypatch, small)
    failed = result_of(alice, order(alice))
    run_queue("local")
    failed = result_of(alice, failed)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "output_edit_refused")
    assert failed["credits"]["captured"] == 0
    assert not find_mistakes()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("right_books")
def test_what_was_drawn_is_found_with_its_edits_alone(alice: APIClient) -> None:
    publish(banner(), actor="carol")
    first = order(alice, seed=7)
    run_queue("local")
    again = order(alice, seed=7)
    assert (again["status"], again["cached"]) == ("completed", True)
    assert Edit.objects.count() == 2, "its copy tells of them, too"
    draft = draft_next(TemplateVersion.objects.get().template)
    TemplateVersion.objects.filter(pk=draft.pk).update(operations=[CROP])
    draft.refresh_from_db()
    publish(draft, actor="carol")
    other = order(alice, seed=7)
    assert other["cached"] is False
    run_queue("local")
    assert result_of(alice, other)["result"]["images"][0]["width"] == 128
    assert first["id"] != other["id"]


def test_picture_made_again_is_edited_again(alice: APIClient) -> None:
    publish(banner(), actor="carol")
    task = order(alice, seed=7)
    run_queue("local")
    answer = alice.post(f"/api/v1/tasks/{task['id']}/refine", {}, format="json")
    assert answer.status_code == 202, answer.json()
    spec = Task.objects.order_by("-id")[0].spec
    assert [one["action"] for one in spec["operations"]] == ["crop", "resize", "text"]
    stored = Task.objects.order_by("id")[0]
    shown = rerun.as_stored(Image.new("RGB", (256, 128)), GenerationSpec.from_json(stored.spec))
    assert shown.size == (64, 64)


# What a version says, and what is wrong with it.
WRONG: list[tuple[Any, str, str]] = [
    ([{"action": "blur"}], "invalid_choice", "operations[0].action: There is no such action"),
    ([CROP, {"action": "resize"}], "missing", "operations[1].width:"),
    ({"action": "crop"}, "not_a_list", "operations:"),
    ([CROP] * 21, "max_length", "operations:"),
    ([{"action": "overlay", "image": "art_1"}], "owned", "operations[0]: what is laid over"),
    ([{"action": "crop", "width": 300}], "outside", "“operations[0].width”: It reaches beyond"),
    ([{"action": "text", "text": "😀", "size": 20}], "no_glyph", "“operations[0].text”:"),
    ([{"action": "text", "text": "a", "size": 20, "font": "x"}], "unknown", "“operations[0].font”:"),
    ([{"action": "text", "text": "长" * 90, "size": 90}], "does_not_fit", "“operations[0].size”:"),
]  # fmt: skip


def test_version_whose_edits_cannot_be_done_is_not_published() -> None:
    draft = banner()
    for operations, code, message in WRONG:
        draft.operations = operations
        draft.save()
        with pytest.raises(VersionNotPublishable) as caught:
            publish(draft, actor="carol")
        [mistake] = caught.value.errors
        told = mistake.message % mistake.params
        assert (mistake.field, mistake.code) == ("operations", code), told
        assert message in told
    draft.operations, draft.media_type = [CROP], "video"
    draft.save()
    with pytest.raises(VersionNotPublishable) as caught:
        publish(draft, actor="carol")
    assert caught.value.errors[0].code == "no_pictures"


def test_trial_shows_its_edits() -> None:
    shown = try_recipe(as_recipe(banner())).edited
    with Image.open(io.BytesIO(shown)) as image:
        assert image.size == (200, 200)
        assert (image.getcolors(40_000) or [])[0] != (40_000, (128, 128, 128))
    assert try_recipe(as_recipe(banner_without())).edited == b""


def banner_without() -> TemplateVersion:
    """Return a draft that edits nothing."""
    return create_template("plain", name="Plain", prompt="a star", settings=SIZE)


def test_input_that_makes_pictures_too_small_is_the_templates_mistake(alice: APIClient) -> None:
    publish(banner([{"action": "crop", "width": 60, "height": 60}], settings={}), actor="carol")
    image = upload(alice, made.encode(made.scene().resize((512, 48)), "PNG")).json()["id"]
    answer = alice.post(GENERATE, {"template": "banner", "image": image}, format="json")
    problem = check_problem(answer, 409, "template_not_orderable")
    assert "operations[0]" in json.dumps(problem, ensure_ascii=False)
    recipe = find_recipe("banner", new_id())
    assert recipe
    assert not Task.objects.exists()


def test_failure_of_an_edit_is_worded(local: Path) -> None:
    from generation.life.outputs import failure_of  # noqa: PLC0415 (only here)

    problem = failure_of(ProviderError("x", code="output_edit_refused").code, {})
    assert problem.code == "output_edit_refused"
