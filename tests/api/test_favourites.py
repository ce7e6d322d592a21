"""A user's favourites: marks on the user's own pictures, listed newest first."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from storage.models import Artifact
from tests.api.refusals import refused
from tests.api.test_edits import FLIP, edit, made, upload
from tests.approval.made import draw, row_of
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local", "stub")]
LIST = "/api/v1/me/favourites"


def address(picture: str) -> str:
    return f"/api/v1/artifacts/{picture}/favourite"


def ids(client: APIClient) -> list[str]:
    return [item["id"] for item in client.get(LIST).json()["items"]]


def test_favourites_are_marked_listed_and_let_go(alice: APIClient) -> None:
    first, second = draw(alice, "a star, 8K", num_images=2)
    assert (first["favourite"], ids(alice)) == (False, [])
    assert alice.put(address(first["id"])).status_code == 204
    since = row_of(first["id"]).favourite_at
    assert alice.put(address(first["id"])).status_code == 204
    assert row_of(first["id"]).favourite_at == since
    [item] = alice.get(LIST).json()["items"]
    task = alice.get("/api/v1/tasks").json()["items"][0]
    assert (item["id"], item["task_id"], item["alt"]) == (first["id"], task["id"], "a star")
    assert item["edited"] is False
    liked = {image["id"]: image["favourite"] for image in task["result"]["images"]}
    assert liked == {first["id"]: True, second["id"]: False}
    assert alice.delete(address(first["id"])).status_code == 204
    assert ids(alice) == []
    assert Artifact.objects.filter(pk=row_of(first["id"]).pk).exists()


def test_edits_and_uploads_are_favourites_too(alice: APIClient) -> None:
    [image] = draw(alice)
    flipped, photo = made(edit(alice, image["id"], FLIP))["id"], upload(alice)
    for picture in (flipped, photo):
        alice.put(address(picture))
    upload_item, edit_item = alice.get(LIST).json()["items"]
    assert (upload_item["id"], upload_item["task_id"], upload_item["alt"]) == (photo, None, "")
    assert (edit_item["id"], edit_item["edited"], edit_item["alt"]) == (flipped, True, "a star")
    assert edit_item["task_id"] == alice.get("/api/v1/tasks").json()["items"][0]["id"]


def test_nobody_likes_for_others(
    alice: APIClient, mallory: APIClient, client_of: Callable[..., APIClient]
) -> None:
    [image] = draw(alice)
    refused(mallory, address(image["id"]), method="put", expect=(404, "not_found"))
    alice.put(address(image["id"]))
    assert ids(mallory) == []
    refused(mallory, address(image["id"]), method="delete", expect=(404, "not_found"))
    platform = client_of("")
    refused(platform, LIST, method="get", expect=(400, "invalid_request", "user"))
    assert platform.get(f"{LIST}?user=alice").json()["items"][0]["id"] == image["id"]


def test_what_is_withheld_is_in_no_list(alice: APIClient) -> None:
    [image] = draw(alice)
    alice.put(address(image["id"]))
    row = row_of(image["id"])
    Artifact.objects.filter(pk=row.pk).update(withheld_at=row.created_at)
    assert ids(alice) == []
