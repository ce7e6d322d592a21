"""Reference pictures of styles: staff keep them, orders that wear the style are made by them, nobody else has them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from generation.models import Account, Task
from generation.orders.style_pictures import STYLIST, add_reference, arrange
from generation.retention import RULES
from generation.work.run import run_queue
from genhub.lib.errors import InvalidRequest
from genhub.lib.ids import from_wire, new_id, to_wire
from genhub.lib.limits import MOST_REFERENCES
from genhub.retention import turns
from storage.models import Artifact
from templates.models import Style
from templates.services import create_template, mark_of_look, publish
from tests.admin.conftest import Hire
from tests.api.album import INVALID, PNG, SQUARE, check_mistake, encode, give, picture
from tests.api.refusals import GENERATE, refused
from tests.orders.test_references import works
from tests.steps import submit

__all__ = ["give", "works"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recipes", "stub")]
RIGHTS = ("templates.change_style", "templates.view_style")
WORN: dict[str, Any] = {"style_preset": "anime"}


def anime() -> Style:
    return Style.objects.get(code="anime")


def door() -> str:
    return reverse("admin:generation_style_pictures", args=[anime().pk])


def send(client: Client, *files: bytes, kind: str = "image/png") -> Any:
    sent = [SimpleUploadedFile(f"{i}.png", data, kind) for i, data in enumerate(files)]
    return client.post(door(), {"add": "1", "sent": sent})


def place(client: Client, *said: tuple[str, Any, bool]) -> Any:
    """Post the places of pictures, and which of them go."""
    words: dict[str, Any] = {"form-TOTAL_FORMS": len(said), "form-INITIAL_FORMS": len(said)}
    for i, (wire_id, number, goes) in enumerate(said):
        words |= {f"form-{i}-picture": wire_id, f"form-{i}-place": number}
        words |= {f"form-{i}-goes": "on"} if goes else {}
    return client.post(door(), words)


def grow(number: int = 3) -> list[str]:
    """Give the style so many pictures."""
    return [
        add_reference(anime().pk, encode(picture(48 + 16 * i)), "image/png") for i in range(number)
    ]


def sweep() -> set[Any]:
    """Let go what may go by now, and return what went."""
    Artifact.objects.update(used_at=Now() - timedelta(hours=2))
    [rule] = [rule for rule in RULES if rule.name == "style_pictures"]
    turns.carry_out(rule)
    return set(Artifact.objects.exclude(gone_at=None).values_list("pk", flat=True))


def test_staff_add_pictures_which_are_the_houses(hire: Hire, alice: APIClient) -> None:
    clerk = hire(*RIGHTS)
    assert 'id="references"' not in clerk.get(reverse("admin:templates_style_change", args=[anime().pk])).content.decode()  # fmt: skip
    assert send(clerk, PNG, SQUARE).status_code == 302
    rows = {to_wire("art", row.pk): row for row in Artifact.objects.all()}
    assert [rows[one].width for one in anime().references] == [96, 48]
    assert {(row.platform.is_house, row.user, row.used_at is None) for row in rows.values()} == {(True, STYLIST, False)}  # fmt: skip
    text = clerk.get(door()).content.decode()
    assert text.count("data-picture=") == 2
    led: Any = clerk.get(reverse("admin:templates_style_edit_pictures", args=[anime().pk]))
    assert led.url == door()
    page = clerk.get(reverse("admin:templates_style_change", args=[anime().pk])).content.decode()
    assert (page.count("data-picture="), page.count('id="lightbox"')) == (2, 1)
    assert "2 reference pictures were added." in str(LogEntry.objects.get().get_change_message())
    assert LogEntry.objects.get().object_id == str(anime().pk)
    # Apps read how many there are, and reach none of them.
    told = {one["code"]: one["references"] for one in alice.get("/api/v1/styles").json()["items"]}
    assert told == {**dict.fromkeys(told, 0), "anime": 2}
    for wire_id in rows:
        assert alice.get(f"/api/v1/artifacts/{wire_id}").status_code == 404
        check_mistake(alice, {"image": wire_id}, "image", "unknown")


def test_what_is_no_picture_is_named_and_the_others_stay(boss: Client) -> None:
    answer = send(boss, PNG, b"no picture", SQUARE)
    assert answer.status_code == 200
    assert "1.png: This is not a whole picture" in answer.content.decode()
    assert len(anime().references) == 2
    assert send(boss, PNG, kind="image/gif").status_code == 200
    assert len(anime().references) == 2
    assert "This field is required" in send(boss).content.decode()


def test_a_style_has_so_many_and_no_more(boss: Client) -> None:
    Style.objects.filter(code="anime").update(references=[f"art_{i:032x}" for i in range(MOST_REFERENCES)])  # fmt: skip
    answer = send(boss, PNG)
    assert f"A style has {MOST_REFERENCES} reference pictures at most" in answer.content.decode()
    assert len(anime().references) == MOST_REFERENCES
    with pytest.raises(InvalidRequest):
        add_reference(anime().pk, PNG, "image/png")
    # It goes with the uploads that nobody named.
    assert set(Artifact.objects.values_list("used_at", flat=True)) == {None}
    assert answer.content.decode().count("The picture is gone.") == MOST_REFERENCES


def test_they_are_put_in_order_and_taken_out(boss: Client) -> None:
    one, two, three = grow()
    assert place(boss, (one, 3, False), (two, 2, True), (three, 1, False)).status_code == 302
    assert anime().references == [three, one]
    assert "1 removed" in str(LogEntry.objects.latest("pk").get_change_message())
    entries = LogEntry.objects.count()
    place(boss, (one, 2, False), (three, 1, False))
    assert LogEntry.objects.count() == entries, "nothing was changed"
    # What is none of the style's, and what somebody else added or took out meanwhile.
    place(boss, (two, 1, False), (one, 2, False), ("art_x", 3, True))
    assert anime().references == [one, three]
    for number in (0, "", "x", 100):
        assert place(boss, (one, number, True)).status_code == 200
    assert boss.post(door(), {}).status_code == 200
    assert anime().references == [one, three]


def test_who_may_not_change_styles_sees_no_such_page(hire: Hire, boss: Client) -> None:
    grow(1)
    viewer = hire("templates.view_style")
    assert viewer.get(door()).status_code == send(viewer, PNG).status_code == 403
    page = viewer.get(reverse("admin:templates_style_change", args=[anime().pk])).content.decode()
    assert (page.count("data-picture="), "edit_pictures" in page) == (1, False)
    assert len(anime().references) == 1
    assert boss.get(reverse("admin:generation_style_pictures", args=[999_999])).status_code == 404


def test_order_that_wears_the_style_is_made_by_them_after_its_own(
    alice: APIClient, stub: Account, give: Callable[..., str], works: list[Any]
) -> None:
    stub.offers.update(most_references=3)
    first, second, _third = grow()
    own = [give(), give(64, 64)]
    alone, both = submit(alice, **WORN), submit(alice, references=own, **WORN)
    plain = submit(alice, references=own)
    assert alone.spec["style_references"] == anime().references
    assert (both.spec["references"], both.spec["style_references"]) == (own, [first])
    assert plain.spec["style_references"] == []
    run_queue("local")
    sizes = [[one.width for one in work.references] for work in works]
    assert sizes == [[48, 64, 80], [96, 64, 48], [96, 64]]
    answer = alice.get(f"/api/v1/tasks/{to_wire('task', both.pk)}")
    assert answer.json()["references"] == own
    assert first.removeprefix("art_") not in answer.content.decode()
    again = alice.post(f"/api/v1/tasks/{to_wire('task', alone.pk)}/refine", {}, format="json")
    assert again.json()["references"] == []
    run_queue("local")
    assert [one.width for one in works[-1].references] == [48, 64, 80]
    # What is full of the order's own has no room.
    full = submit(alice, references=[*own, give()], **WORN)
    assert full.spec["style_references"] == []
    assert second in anime().references


def test_model_without_drops_those_of_the_style_and_keeps_its_words(
    alice: APIClient, stub: Account, give: Callable[..., str]
) -> None:
    grow()
    task = submit(alice, **WORN)
    assert (task.spec["style_references"], task.style) == ([], "anime")
    assert task.spec["prompt"].endswith("anime style, cel shading, vivid colours")
    body = {"prompt": "a star", "references": [give()], **WORN}
    [error] = refused(alice, GENERATE, body=body, expect=INVALID)["errors"]
    assert (error["field"], error["code"]) == ("references", "too_many")
    # Between the order and its work a model may come to take fewer.
    stub.offers.update(most_references=3)
    submit(alice, **WORN)
    stub.offers.update(most_references=0)
    run_queue("local")
    assert set(Task.objects.values_list("state", flat=True)) == {"completed"}


def test_template_and_its_steps_wear_them(
    alice: APIClient, stub: Account, works: list[Any]
) -> None:
    stub.offers.update(most_references=2)
    one = grow(1)
    step = {"prompt": "in detail", "settings": WORN, "takes": {"image": 1}}
    version = create_template(
        "worn", name="Worn", prompt="a star", settings=WORN, chain=[step], price=5
    )
    publish(version, actor="carol")
    body = {"template": "worn"}
    assert alice.post(GENERATE, body, format="json").status_code == 202
    task = Task.objects.get()
    assert [part["spec"]["style_references"] for part in task.chain] == [one, one]
    # The second step still looks at it when the style does no more.
    Task.objects.update(spec=task.spec | {"style_references": []})
    arrange(anime().pk, [], one)
    assert sweep() == set()
    run_queue("local")
    assert [len(work.references) for work in works] == [0, 1]
    assert sweep() == {from_wire("art", one[0])}


def test_pictures_stay_as_long_as_a_style_or_an_order_under_way_has_them(
    alice: APIClient, stub: Account, boss: Client
) -> None:
    stub.offers.update(most_references=2)
    one, two, three = grow()
    task = submit(alice, **WORN)
    assert sweep() == set()
    arrange(anime().pk, anime().references, {one, three})
    assert sweep() == {from_wire("art", three)}
    assert anime().references == [two]
    run_queue("local")
    task.refresh_from_db()
    assert task.state == "completed"
    assert sweep() == {from_wire("art", one), from_wire("art", three)}
    others = [rule for rule in RULES if rule.name in {"uploads", "edits"}]
    assert [rule.find_all().count() for rule in others] == [0, 0], "the rule of its own alone"


def test_picture_that_is_gone_is_dropped_and_its_order_kept_under_no_key(
    alice: APIClient, stub: Account
) -> None:
    stub.offers.update(most_references=3)
    one, two, three = grow()
    assert submit(alice, seed=7, **WORN).cache_key != ""
    Artifact.objects.filter(pk=from_wire("art", two)).update(gone_at=Now())
    task = submit(alice, seed=7, **WORN)
    assert (task.spec["style_references"], task.cache_key) == ([one, three], "")
    body = {"orders": [{"prompt": "a star", **WORN}]}
    assert alice.post("/api/v1/batches", body, format="json").status_code == 202
    assert Task.objects.exclude(batch=None).get().spec["style_references"] == [one, three]


def test_found_again_only_with_the_same_pictures(alice: APIClient, stub: Account) -> None:
    stub.offers.update(most_references=3)
    keys = [submit(alice, seed=7, **WORN).cache_key]
    one, two = grow(2)
    keys.append(submit(alice, seed=7, **WORN).cache_key)
    arrange(anime().pk, [two, one], ())
    keys.append(submit(alice, seed=7, **WORN).cache_key)
    assert len(set(keys)) == 3


def test_page_with_a_sheet_has_one_dialog_for_both(boss: Client) -> None:
    grow(1)
    boss.post(reverse("admin:generation_style_sheet", args=[anime().pk]), {"once": str(new_id())})
    page = boss.get(reverse("admin:templates_style_change", args=[anime().pk])).content.decode()
    parts = [page.count(f'id="{name}"') for name in ("references", "sheet", "lightbox")]
    assert parts == [1, 1, 1]


def test_sheet_is_of_before_once_they_change(boss: Client) -> None:
    before = mark_of_look(anime())
    one, two = grow(2)
    with_two = mark_of_look(anime())
    arrange(anime().pk, [two, one], ())
    turned = mark_of_look(anime())
    arrange(anime().pk, [], {one, two})
    assert (len({before, with_two, turned}), mark_of_look(anime())) == (3, before)
