"""A task is read with what it delivered, as its owner may have it, by no other."""

import uuid

import pytest
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from generation.models import Account, Output, Task
from generation.selectors.delivered import find_with_pictures, has_ended
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from storage.models import Artifact

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]


@pytest.fixture
def drawn(alice: APIClient, stub: Account) -> Task:
    """Two pictures of Alice's."""
    alice.post("/api/v1/generate", {"prompt": "a star", "num_images": 2}, format="json")
    assert not has_ended(Task.objects.get().pk)
    run_queue("local")
    return Task.objects.get()


def test_owner_has_it_with_its_pictures_in_their_order(
    drawn: Task, shop: Platform, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert has_ended(drawn.pk)
    whole = list(Output.objects.filter(task=drawn))
    assert [output.position for output in whole] == [0, 1]
    for user in ("alice", None):
        with django_assert_num_queries(2):
            found = find_with_pictures(shop.pk, user, drawn.pk)
            assert found == drawn
            assert list(found.outputs.all()) == whole
            assert all(output.shown for output in found.outputs.all())


def test_nobody_else_has_it(drawn: Task, shop: Platform) -> None:
    other = Platform.objects.create(code="other", name="Other")
    assert find_with_pictures(shop.pk, "mallory", drawn.pk) is None
    assert find_with_pictures(other.pk, None, drawn.pk) is None
    assert find_with_pictures(other.pk, "alice", drawn.pk) is None
    assert find_with_pictures(shop.pk, "alice", uuid.UUID(int=7)) is None


def test_what_is_withheld_since_is_not_shown(drawn: Task, shop: Platform) -> None:
    first = drawn.outputs.first()
    assert first
    assert first.artifact_id
    Artifact.objects.filter(pk=first.artifact_id).update(withheld_at=Now())
    found = find_with_pictures(shop.pk, "alice", drawn.pk)
    assert found
    assert [bool(output.shown) for output in found.outputs.all()] == [False, True]
