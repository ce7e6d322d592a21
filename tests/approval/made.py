"""Pictures of a platform that publishes approved ones alone, and staff who decide."""

from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client
from rest_framework.test import APIClient

from generation.work.run import run_queue
from genhub.lib.ids import from_wire
from genhub.platforms.models import Platform
from genhub.users.models import User
from storage import reviews
from storage.models import Artifact, ReviewState

WHY = "A logo that is not ours."


def ask_approval(*, of: bool = True) -> None:
    """Let every platform publish approved pictures alone, or all again."""
    Platform.objects.update(asks_approval=of)


def draw(client: APIClient, prompt: str = "a star", **words: Any) -> list[dict[str, Any]]:
    """Order pictures, have them drawn, and return them as their owner reads them."""
    order = {"prompt": prompt, **words} if prompt else words
    made = client.post("/api/v1/generate", order, format="json").json()
    run_queue("local")
    return images_of(client, made["id"])


def images_of(client: APIClient, task: str) -> list[dict[str, Any]]:
    """Return the pictures of a task."""
    found: list[dict[str, Any]] = client.get(f"/api/v1/tasks/{task}").json()["result"]["images"]
    return found


def row_of(wire_id: str) -> Artifact:
    """Return the row of a picture."""
    return Artifact.objects.get(pk=from_wire("art", wire_id))


def person(name: str = "dora", *rights: str) -> User:
    """Return a member of staff with these rights."""
    made = User.objects.create_user(name, is_staff=True)
    made.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return made


def desk(name: str, *rights: str) -> Client:
    """Return a browser in which such a member is signed in."""
    client = Client()
    client.force_login(person(name, *rights))
    return client


def decide(wire_id: str, state: ReviewState, who: User, reason: str = WHY) -> None:
    """Decide as somebody who has just looked."""
    row = row_of(wire_id)
    reviews.decide(row.pk, state, person=who, reason=reason, seen=row.review)
