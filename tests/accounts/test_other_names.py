"""Names that clients know out of habit stay orderable: staff say what serves each now."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.accounts.other_names import (
    FAMILIAR,
    FAMILIAR_OF_CLIPS,
    find_model,
    list_names,
    seed_other_names,
)
from generation.models import Account, Offer, OtherName
from genhub.platforms.models import Platform
from genhub.users.models import User
from tests.api.album import QUOTE
from tests.api.refusals import GENERATE, refused
from tests.steps import submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
USUAL, OTHER = "z-image-small", "other-model"
LIST = "/admin/generation/othername/"
ADD = f"{LIST}add/"
INVALID = (400, "invalid_request", "model")


@pytest.fixture(autouse=True)
def seeded(db: None) -> None:
    seed_other_names()


@pytest.fixture
def other(stub: Account) -> Offer:
    """A second model that is offered."""
    return Offer.objects.create(account=stub, alias=OTHER)


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("carol"))
    return client


def serve(name: str, **words: Any) -> None:
    OtherName.objects.filter(name=name).update(**words)


def listed(client: APIClient) -> dict[str, list[str]]:
    items = client.get("/api/v1/models").json()["items"]
    return {item["alias"]: item["other_names"] for item in items}


def test_a_familiar_name_gets_what_serves_it(alice: APIClient, other: Offer) -> None:
    assert submit(alice, model="dall-e-3").model == USUAL
    serve("dall-e-3", model=OTHER)
    assert submit(alice, model="dall-e-3").model == OTHER
    assert alice.post(QUOTE, {"prompt": "a", "model": "dall-e-3"}, format="json").status_code == 200
    assert listed(alice)[OTHER] == ["dall-e-3"]
    assert set(listed(alice)[USUAL]) == {*FAMILIAR} - {"dall-e-3"}
    # The platform's usual model is its own.
    Platform.objects.update(default_model=OTHER)
    assert submit(alice, model="sdxl").model == OTHER
    assert set(listed(alice)[OTHER]) == {*FAMILIAR}
    names = {one["id"] for one in alice.get("/v1/models").json()["data"]}
    assert names == {USUAL, OTHER, *FAMILIAR}
    assert alice.get("/v1/models/dall-e-3").json()["id"] == "dall-e-3"


def test_a_model_of_the_name_that_is_offered_comes_first(alice: APIClient, other: Offer) -> None:
    OtherName.objects.create(name=OTHER, model=USUAL)
    assert submit(alice, model=OTHER).model == OTHER
    assert list_names(USUAL).get(OTHER) is None
    # Once it is gone, the name has its own to serve it.
    Offer.objects.filter(pk=other.pk).update(is_enabled=False)
    assert submit(alice, model=OTHER).model == USUAL


@pytest.mark.parametrize("words", [{"model": "gone"}, {"model": OTHER}, {"is_enabled": False}])
def test_a_name_that_nothing_serves_is_refused(alice: APIClient, other: Offer, words: Any) -> None:
    Offer.objects.filter(pk=other.pk).update(is_enabled=False)
    serve("dall-e-3", **words)
    problem = refused(alice, GENERATE, body={"prompt": "a", "model": "dall-e-3"}, expect=INVALID)
    assert problem["errors"][0]["code"] == "unknown"
    answer = alice.post("/v1/images/generations", {"prompt": "a", "model": "dall-e-3"}, format="json")  # fmt: skip
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    assert alice.get("/v1/models/dall-e-3").status_code == 404
    assert find_model("dall-e-3", USUAL) == "dall-e-3"
    assert "dall-e-3" not in [name for names in listed(alice).values() for name in names]


def test_seeding_again_leaves_what_staff_changed() -> None:
    serve("sdxl", model=OTHER, is_enabled=False)
    seed_other_names()
    row = OtherName.objects.get(name="sdxl")
    assert (row.model, row.is_enabled, OtherName.objects.count()) == (OTHER, False, len(FAMILIAR))


def test_names_of_clips_get_the_usual_model_of_clips(
    alice: APIClient, other: Offer, settings: Settings
) -> None:
    assert not OtherName.objects.filter(name__in=FAMILIAR_OF_CLIPS).exists()
    clip = {"prompt": "a", "model": "sora-2"}
    assert alice.post("/v1/videos", clip, format="json").status_code == 404
    Offer.objects.filter(pk=other.pk).update(media_types=["video"], durations=[4])
    settings.DEFAULT_VIDEO_MODEL = OTHER
    seed_other_names()
    settings.DEFAULT_VIDEO_MODEL = "another-model"
    seed_other_names()
    assert find_model("sora-2-pro", USUAL) == OTHER
    answer = alice.post("/v1/videos", {**clip, "seconds": "4"}, format="json")
    assert (answer.status_code, answer.json()["model"]) == (200, OTHER)


def test_staff_say_what_serves_a_name(staff: Client, other: Offer) -> None:
    words = {"name": "my-old-model", "model": OTHER, "is_enabled": "on"}
    assert staff.post(ADD, words).status_code == 302
    row = OtherName.objects.get(name="my-old-model")
    page = staff.get(f"{LIST}{row.pk}/change/").content.decode()
    assert f'<option value="{OTHER}" selected>' in page
    assert staff.post(ADD, words | {"name": "a b"}).status_code == 200
    assert staff.post(ADD, words | {"name": "x", "model": "gone"}).status_code == 200
    assert staff.post(ADD, words).status_code == 200, "twice"
    serve("sdxl", model="gone")
    shown = staff.get(LIST).content.decode()
    assert f">{OTHER}<" in shown.replace("\n", "").replace(" ", "")
    assert shown.count("nothing: orders are refused") == 1
    assert staff.post(f"{LIST}{row.pk}/delete/").status_code == 403
