"""Treat: any finished picture made larger or freed from its background, by whoever does so, at a price of the list."""

import io
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pytest_django import Settings
from rest_framework.test import APIClient

from credits.models import Hold, PriceRule
from generation.models import Account, AccountKey, Event, Task
from genhub.lib.ids import from_wire, to_wire
from genhub.platforms.models import Platform
from storage.models import Artifact
from storage.selectors import read_bytes
from tests.api.refusals import refused
from tests.api.test_edits import FLIP, edit, made
from tests.api.test_edits import upload as send_picture
from tests.api.test_follow import finish, follow_ups, make
from tests.books import find_mistakes
from tests.faults.providers.vendor import work_on
from tests.providers.vendors.server import Asked, Reply, Server
from tests.steps import attempt_states
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "local")]

INVALID = (400, "invalid_request")
UPSCALE, REMOVE = "upscale", "remove_background"


def of_task(task: Task) -> str:
    return f"/api/v1/tasks/{to_wire('task', task.pk)}/follow"


def of_picture(wire_id: str) -> str:
    return f"/api/v1/artifacts/{wire_id}/follow"


def picture_of(task: Task) -> Artifact:
    [artifact] = Artifact.objects.filter(output__task=task)
    return artifact


def treat(client: APIClient, door: str, action: str, **words: Any) -> Task:
    """Order a treatment and return its task."""
    answer = client.post(door, {"action": action, **words}, format="json")
    assert answer.status_code == 202, answer.json()
    return Task.objects.get(pk=from_wire("task", answer.json()["id"]))


def refuse(client: APIClient, door: str, field: str, **body: Any) -> str:
    """Return the code at the one word for which order and quote are refused."""
    codes = set()
    for suffix in ("", "/quote"):
        problem = refused(client, door + suffix, body=body, expect=(*INVALID, field))
        codes.add(problem["errors"][0]["code"])
    [code] = codes
    return str(code)


@pytest.fixture
def treating(stub: Account) -> Account:
    """The stub does both to anybody's picture, each by a model of its own."""
    for alias, treatment in (("larger", UPSCALE), ("cut-out", REMOVE)):
        stub.offers.create(alias=alias, options={"treatment": treatment})
    return stub


def test_picture_of_another_maker_is_treated_as_its_own_order(
    alice: APIClient, treating: Account
) -> None:
    task = make(alice, width=128, height=96, num_images=2, metadata={"post": 7}, subject="hero")
    assert follow_ups(alice, task) == ["upscale", "variation", "reroll", REMOVE]
    again = treat(alice, of_task(task), REMOVE, picture=1)
    second = task.outputs.get(position=1).artifact
    assert again.spec["image"] == str(second)
    assert (again.spec["options"], again.spec["seeds"]) == ({"action": REMOVE}, [])
    assert (again.model, again.num_images, again.follows_id) == ("cut-out", 1, None)
    assert (again.spec["width"], again.spec["height"]) == (128, 96)
    assert again.metadata == {"post": 7, "follows": to_wire("task", task.pk)}
    assert again.subject == "hero"
    finish(again)
    [line] = Event.objects.filter(task=again, kind="submitted").values_list("data", flat=True)
    assert line["action"] == REMOVE
    # What came of it can be treated again, and is not refined: no seed makes it.
    assert follow_ups(alice, again) == [UPSCALE, REMOVE]
    large = finish(treat(alice, of_task(again), UPSCALE))
    assert (picture_of(large).width, picture_of(large).height) == (256, 192)
    door = of_task(again).replace("follow", "refine")
    problem = refused(alice, door, body={}, expect=(*INVALID, "picture"))
    assert problem["errors"][0]["code"] == "follows"


def test_what_was_taken_away_stays_away_in_the_stored_file(
    alice: APIClient, treating: Account
) -> None:
    upload = send_picture(alice)
    task = finish(treat(alice, of_picture(upload), REMOVE))
    assert (task.metadata, task.spec["prompt"]) == ({"follows": upload}, "")
    data = read_bytes(picture_of(task))
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.mode) == ("PNG", "RGBA")
        # The half in the colour of the first corner is gone.
        alpha = image.getchannel("A")
        assert (alpha.getpixel((2, 20)), alpha.getpixel((60, 20))) == (0, 255)
    assert data.count(b"<TC260:AIGC>") == 1
    assert upload.encode() in data, "its credentials name what it was made of"
    webp = finish(treat(alice, of_picture(upload), REMOVE, output_format="webp"))
    with Image.open(io.BytesIO(read_bytes(picture_of(webp)))) as image:
        assert (image.format, image.mode) == ("WEBP", "RGBA")
    code = refuse(alice, of_picture(upload), "output_format", action=REMOVE, output_format="jpeg")
    assert code == "no_transparency"
    # Of a format that its order named before, what cannot hold it is left.
    jpeg = make(alice, output_format="jpeg")
    free = finish(treat(alice, of_task(jpeg), REMOVE))
    assert picture_of(free).content_type == "image/png"
    assert picture_of(finish(treat(alice, of_picture(upload), UPSCALE, output_format="jpeg"))).content_type == "image/jpeg"  # fmt: skip


def test_edited_picture_remembers_the_order_that_it_comes_from(
    alice: APIClient, treating: Account
) -> None:
    task = make(alice, "a star at sea", metadata={"post": 7})
    Task.objects.filter(pk=task.pk).update(local_only=True)
    Account.objects.update(is_in_house=True)
    edited = made(edit(alice, made(edit(alice, str(picture_of(task)), FLIP))["id"], FLIP))["id"]
    again = treat(alice, of_picture(edited), UPSCALE)
    assert (again.spec["prompt"], again.spec["image"]) == ("a star at sea", edited)
    assert again.metadata == {"post": 7, "follows": to_wire("task", task.pk)}
    assert again.local_only, "what had to stay in the house stays there"


def test_edit_whose_origin_cannot_be_told_stays_in_the_house_where_its_owner_had_such_an_order(
    alice: APIClient, treating: Account
) -> None:
    task, photo = make(alice), send_picture(alice)
    drawn = str(picture_of(task))
    logo = {"action": "overlay", "image": drawn, "width": 10}
    between = made(edit(alice, drawn, FLIP))["id"]
    edited = made(edit(alice, between, FLIP))["id"]
    under = made(edit(alice, photo, logo))["id"]
    Artifact.objects.get(pk=from_wire("art", between)).delete()
    treat(alice, of_picture(edited), UPSCALE)
    treat(alice, of_picture(under), UPSCALE)
    Task.objects.filter(pk=task.pk).update(local_only=True)
    for picture in (edited, under):
        assert refuse(alice, of_picture(picture), "action", action=UPSCALE) == "leaves_the_house"
    treat(alice, of_picture(photo), UPSCALE)


def test_its_price_is_that_of_the_list_and_the_quote_says_it(
    alice: APIClient, treating: Account
) -> None:
    upload = send_picture(alice)
    assert treat(alice, of_picture(upload), UPSCALE).price == 10, "as any picture"
    PriceRule.objects.create(name="larger", amount=3, model="larger", rank=50)
    quote = alice.post(of_picture(upload) + "/quote", {"action": UPSCALE}, format="json").json()
    assert (quote["price"], quote["decided_by"]["name"]) == (3, "larger")
    task = finish(treat(alice, of_picture(upload), UPSCALE))
    assert (task.price, Hold.objects.get(reference=task.pk).captured) == (3, 3)
    assert find_mistakes() == []


def test_one_key_orders_once(alice: APIClient, treating: Account) -> None:
    upload, other = send_picture(alice), send_picture(alice, Image.new("RGB", (80, 80), "navy"))
    key: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": "once"}
    first, again = (
        alice.post(of_picture(upload), {"action": UPSCALE}, format="json", **key) for _ in range(2)
    )
    assert (first.status_code, again.json()["id"]) == (202, first.json()["id"])
    for picture, action in ((upload, REMOVE), (other, UPSCALE)):
        answer = alice.post(of_picture(picture), {"action": action}, format="json", **key)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_what_nobody_does_is_refused_by_name(alice: APIClient, stub: Account) -> None:
    task, upload = make(alice), send_picture(alice)
    assert follow_ups(alice, task) == ["upscale", "variation", "reroll"]
    assert refuse(alice, of_task(task), "action", action=REMOVE) == "not_offered"
    assert refuse(alice, of_picture(upload), "action", action=UPSCALE) == "not_offered"
    for action in ("variation", "reroll", "UPSCALE", "crop"):
        assert refuse(alice, of_picture(upload), "action", action=action) == "unknown"
    stub.offers.create(alias="larger", options={"treatment": UPSCALE}, is_enabled=False)
    assert refuse(alice, of_picture(upload), "action", action=UPSCALE) == "not_offered"


def test_what_must_stay_in_the_house_is_not_treated_outside(
    alice: APIClient, treating: Account
) -> None:
    task, upload = make(alice), send_picture(alice)
    Task.objects.filter(pk=task.pk).update(local_only=True)
    # The stub is no device of this machine: an order leaves.
    assert refuse(alice, of_task(task), "action", action=REMOVE) == "leaves_the_house"
    assert refuse(alice, of_picture(str(picture_of(task))), "action", action=UPSCALE) == (
        "leaves_the_house"
    )
    assert follow_ups(alice, task) == ["upscale", "variation", "reroll"]
    treat(alice, of_picture(upload), UPSCALE)
    Platform.objects.update(local_only=True)
    assert refuse(alice, of_picture(upload), "action", action=UPSCALE) == "leaves_the_house"


def test_model_that_draws_nothing_is_no_model_to_draw_with(
    alice: APIClient, treating: Account
) -> None:
    for path in ("generate", "quote"):
        problem = refused(
            alice, f"/api/v1/{path}", body={"prompt": "a star", "model": "cut-out"},
            expect=(*INVALID, "model"),
        )  # fmt: skip
        assert problem["errors"][0]["code"] == "draws_nothing"
        assert REMOVE in problem["errors"][0]["message"]
    listed = alice.get("/api/v1/models").json()["items"]
    assert [model["alias"] for model in listed] == ["z-image-small"]


def test_picture_that_is_gone_or_anothers_is_not_found(
    alice: APIClient, client_of: Callable[..., APIClient], rich: Callable[..., Any],
    treating: Account,
) -> None:  # fmt: skip
    upload = send_picture(alice)
    rich("mallory", 100)
    for suffix in ("", "/quote"):
        door = of_picture(upload) + suffix
        body = {"action": UPSCALE}
        refused(client_of("mallory"), door, body=body, expect=(404, "not_found"))
    assert treat(client_of(""), of_picture(upload), UPSCALE).user == "alice"


def answer_at(asked: Asked) -> Reply:
    """Answer as fal does: a queue, and one picture with holes."""
    host = f"http://{asked.headers['host']}"
    if asked.method == "POST":
        return Reply(body={"request_id": "r", "status_url": f"{host}/fal-ai/x/requests/r/status"})
    if asked.path.endswith("/status"):
        return Reply(body={"status": "COMPLETED", "error": None})
    if asked.path.endswith("/cut.png"):
        file = io.BytesIO()
        Image.new("RGBA", (128, 96), (9, 90, 200, 40)).save(file, "PNG")
        return Reply(200, file.getvalue(), {"content-type": "image/png"})
    return Reply(body={"image": {"url": f"{host}/cut.png"}})


def test_vendor_treats_what_the_local_engine_drew_and_a_standby_takes_over(
    alice: APIClient, settings: Settings, local: Path
) -> None:
    """Two accounts at a misbehaving vendor, spoken to as in production."""
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    task = make(alice, width=128, height=96)
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(answer_at).running()) for _ in range(2)]
        for rank, server in enumerate(servers):
            account = Account.objects.create(
                alias=f"fal-{rank}", adapter="fal", queue="remote", base_url=server.url,
                standby_rank=rank,
            )  # fmt: skip
            account.offers.create(
                alias="cut-out", vendor_model="fal-ai/birefnet", options={"treatment": REMOVE}
            )
            key = AccountKey(account=account, name="k")
            key.keep("secret")
            key.save()
        servers[0].faults = [Reply(503, {"detail": "Sorry"})]
        again = treat(alice, of_task(task), REMOVE)
        work_on()
        again.refresh_from_db()
        assert (again.state, attempt_states(again)) == ("completed", ["failed", "succeeded"])
        assert [server.count("POST") for server in servers] == [1, 1]
        sent = servers[1].asked[0].json
        assert list(sent) == ["image_url"], "a picture, and no words"
    with Image.open(io.BytesIO(read_bytes(picture_of(again)))) as image:
        assert (image.mode, image.getpixel((5, 5))) == ("RGBA", (9, 90, 200, 40))
    assert Hold.objects.get(reference=again.pk).captured == again.price
    assert find_mistakes() == []
