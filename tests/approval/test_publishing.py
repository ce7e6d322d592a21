"""Where a platform asks for it, a picture is published once staff approved it, and no longer once they reject it."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from genhub.lib.errors import NotFound, SeenChanged
from genhub.platforms.models import Platform
from genhub.retention.erasing import Owner
from genhub.users.models import User
from genhub.webhooks import endpoints
from genhub.webhooks.models import Delivery, Message
from storage import reviews
from storage.api.links import use_of
from storage.erasure import forget_messages
from storage.links import make_link
from storage.models import Artifact, Review, ReviewState, ShareLink
from tests.api.refusals import refused
from tests.api.test_edits import FLIP, edit, upload
from tests.api.test_edits import made as made_of
from tests.approval.made import WHY, ask_approval, decide, draw, images_of, person, row_of
from tests.races import told_after
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local", "stub")]
APPROVED, REJECTED = ReviewState.APPROVED, ReviewState.REJECTED
WAITS, WAS_REJECTED = (409, "picture_waits"), (409, "picture_rejected")


@pytest.fixture
def dora(db: None) -> User:
    return person()


def links_of(picture: str) -> str:
    return f"/api/v1/artifacts/{picture}/links"


def review_of(client: APIClient, picture: str, method: str = "get") -> Any:
    answer = getattr(client, method)(f"/api/v1/artifacts/{picture}/review")
    assert answer.status_code == 200, answer.content
    return answer.json()


def share(client: APIClient, picture: str) -> Any:
    answer = client.post(links_of(picture), {}, format="json")
    assert answer.status_code == 201, answer.content
    return answer.json()


def is_open(link: Any) -> bool:
    status = Client().get("/" + link["url"].partition("://")[2].partition("/")[2]).status_code
    assert status in {302, 410}
    return status == 302


def test_without_the_wish_nothing_waits(alice: APIClient) -> None:
    [image] = draw(alice)
    assert image["review"] is None
    assert review_of(alice, image["id"])["state"] == "not_needed"
    assert review_of(alice, image["id"], "post")["state"] == "not_needed"
    assert row_of(image["id"]).review == ""
    assert is_open(share(alice, image["id"]))


def test_picture_waits_is_approved_and_then_shared(
    alice: APIClient, mallory: APIClient, dora: User
) -> None:
    ask_approval()
    [image] = draw(alice)
    assert image["review"] == {"state": "waiting", "reason": None}
    refused(alice, links_of(image["id"]), body={}, expect=WAITS)
    refused(mallory, f"/api/v1/artifacts/{image['id']}/review", body={}, expect=(404, "not_found"))
    decide(image["id"], APPROVED, dora, "")
    standing = review_of(alice, image["id"])
    assert (standing["artifact"], standing["state"], standing["reason"]) == (image["id"], "approved", None)  # fmt: skip
    assert standing["decided_at"]
    assert is_open(share(alice, image["id"]))
    with pytest.raises(reviews.ReviewDecided):
        decide(image["id"], APPROVED, dora)
    assert Review.objects.count() == 1


def test_links_of_before_die_with_a_rejection_and_stay_dead(alice: APIClient, dora: User) -> None:
    ask_approval()
    [image] = draw(alice)
    decide(image["id"], APPROVED, dora)
    link = share(alice, image["id"])
    assert is_open(link)
    decide(image["id"], REJECTED, dora)
    assert not is_open(link)
    problem = refused(alice, links_of(image["id"]), body={}, expect=WAS_REJECTED)
    assert WHY in problem["detail"]
    assert review_of(alice, image["id"]) | {"decided_at": None} == {
        "artifact": image["id"], "state": "rejected", "reason": WHY, "decided_at": None,
    }  # fmt: skip
    [listed] = alice.get(links_of(image["id"])).json()["items"]
    assert listed["state"] == "revoked"
    decide(image["id"], APPROVED, dora)
    assert not is_open(link)
    assert is_open(share(alice, image["id"]))
    assert [row.state for row in Review.objects.order_by("pk")] == [APPROVED, REJECTED, APPROVED]


def test_rejection_outlives_the_wish(alice: APIClient, dora: User) -> None:
    ask_approval()
    waiting, bad = draw(alice, num_images=2)
    decide(bad["id"], REJECTED, dora)
    ask_approval(of=False)
    refused(alice, links_of(bad["id"]), body={}, expect=WAS_REJECTED)
    assert review_of(alice, bad["id"])["state"] == "rejected"
    assert review_of(alice, waiting["id"])["state"] == "not_needed"
    assert is_open(share(alice, waiting["id"]))


def test_earlier_pictures_and_uploads_wait_once_somebody_wants_to_publish_them(
    alice: APIClient, dora: User
) -> None:
    [old] = draw(alice)
    link = share(alice, old["id"])
    ask_approval()
    photo = upload(alice)
    for picture in (old["id"], photo):
        assert review_of(alice, picture)["state"] == "not_asked"
        refused(alice, links_of(picture), body={}, expect=WAITS)
        assert review_of(alice, picture)["state"] == "waiting"
    # What is published already stays so until staff say otherwise.
    assert is_open(link)
    decide(old["id"], REJECTED, dora)
    assert not is_open(link)
    decide(photo, APPROVED, dora)
    assert is_open(share(alice, photo))


def test_edit_is_a_picture_of_its_own(alice: APIClient, dora: User) -> None:
    ask_approval()
    [image] = draw(alice)
    decide(image["id"], APPROVED, dora)
    flipped = made_of(edit(alice, image["id"], FLIP))
    assert flipped["review"] == {"state": "waiting", "reason": None}
    refused(alice, links_of(flipped["id"]), body={}, expect=WAITS)


def test_decision_is_about_a_file_whoever_has_it(
    alice: APIClient, client_of: Callable[..., APIClient], rich: Callable[..., Any], dora: User
) -> None:
    ask_approval()
    Platform.objects.update(shares_results=True)
    rich("bob", 100)
    bob = client_of("bob")
    words: dict[str, Any] = {"seed": 5}
    [first] = draw(alice, **words)
    [second] = draw(bob, **words)
    assert row_of(first["id"]).key == row_of(second["id"]).key
    assert second["review"] == {"state": "waiting", "reason": None}
    decide(second["id"], REJECTED, dora)
    assert review_of(alice, first["id"])["reason"] == WHY
    [third] = draw(bob, **words)
    assert third["review"] == {"state": "rejected", "reason": WHY}
    assert review_of(bob, third["id"])["decided_at"]


def test_app_is_told_of_every_decision_once(alice: APIClient, shop: Platform, dora: User) -> None:
    ask_approval()
    events = ["picture.approved", "picture.rejected"]
    endpoints.create(shop.pk, url="https://app.example.com/x", events=events)
    [image] = draw(alice)
    decide(image["id"], APPROVED, dora, "")
    decide(image["id"], REJECTED, dora)
    decide(image["id"], APPROVED, dora, "")
    payloads = [json.loads(row.payload) for row in Message.objects.order_by("pk")]
    assert [one["type"] for one in payloads] == [events[0], events[1], events[0]]
    assert payloads[1]["data"] == {
        "platform": "shop",
        "user": "alice",
        "artifact": image["id"],
        "url": image["url"].replace("http://testserver", "http://127.0.0.1:8000"),
        "review": {"state": "rejected", "reason": WHY},
    }
    assert Delivery.objects.count() == 3


def test_erasure_forgets_what_apps_were_told(alice: APIClient, shop: Platform, dora: User) -> None:
    ask_approval()
    endpoints.create(shop.pk, url="https://app.example.com/x", events=["picture.approved"])
    [image] = draw(alice)
    decide(image["id"], APPROVED, dora, "")
    assert Message.objects.count() == 1
    owner = Owner(platform_id=shop.pk, user="bob", alias="gone")
    assert forget_messages(owner).rows == 0
    assert forget_messages(replace(owner, user="alice")).rows == 1
    assert not Message.objects.exists()


def test_who_decided_meanwhile_wins(alice: APIClient, dora: User) -> None:
    ask_approval()
    first, second = draw(alice, num_images=2)
    decide(first["id"], REJECTED, dora)
    with pytest.raises(SeenChanged):
        reviews.decide(row_of(first["id"]).pk, APPROVED, person=dora, reason="", seen="waiting")
    ids = [row_of(one["id"]).pk for one in (first, second)]
    assert reviews.decide_waiting(ids, APPROVED, person=dora, reason="") == {ids[1]}


def share_row(picture: str) -> None:
    row = row_of(picture)
    make_link(row, seconds=60, use=use_of(row, "", {}))


@pytest.mark.django_db(transaction=True)
def test_no_link_outlives_a_rejection_that_comes_at_the_same_moment(alice: APIClient) -> None:
    dora = person()
    ask_approval()
    first, second = draw(alice, num_images=2)
    for image in (first, second):
        decide(image["id"], APPROVED, dora)
    # The link is there a moment before the decision, then a moment after.
    assert (
        told_after(partial(share_row, first["id"]), partial(decide, first["id"], REJECTED, dora))
        is None
    )
    assert ShareLink.objects.get().revoked_at
    late = told_after(partial(decide, second["id"], REJECTED, dora), partial(share_row, second["id"]))  # fmt: skip
    assert late is reviews.PictureRejected
    assert ShareLink.objects.count() == 1


def test_deleted_and_hidden_pictures_wait_for_nobody(alice: APIClient, dora: User) -> None:
    ask_approval()
    [image] = draw(alice)
    task = alice.get("/api/v1/tasks").json()["items"][0]["id"]
    assert images_of(alice, task) == [image]
    Artifact.objects.update(withheld_at=row_of(image["id"]).created_at)
    with pytest.raises(NotFound):
        decide(image["id"], APPROVED, dora)
