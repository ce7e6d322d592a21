"""What is withheld is gone with all that shows it, also with what is being made of it then, and comes back alone."""

import threading
from typing import Any

import pytest
from django.db import connection, connections, transaction
from rest_framework.test import APIClient

from storage.edits import editing
from storage.models import Artifact
from storage.withholding import give_back, withhold
from tests.api.test_edits import FLIP, edit, made, upload
from tests.api.test_uploads import UPLOAD, scene
from tests.faults.processes import wait_until
from tests.patience import patience
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("local")]


def key_of(picture: str) -> str:
    return Artifact.objects.get(pk=picture.removeprefix("art_")).key


def seen(client: APIClient, *pictures: str) -> list[int]:
    return [client.get(f"{UPLOAD}/{picture}").status_code for picture in pictures]


def hide(picture: str) -> int:
    with transaction.atomic():
        return len(withhold(key_of(picture)))


def test_a_picture_that_was_laid_over_another_is_withheld_with_it(alice: APIClient) -> None:
    below, logo = upload(alice), upload(alice, scene(32, 24))
    overlay = {"action": "overlay", "image": logo, "percent": 100, "x": 0, "y": 0}
    whole = made(edit(alice, below, overlay))["id"]
    further = made(edit(alice, whole, FLIP))["id"]
    assert hide(logo) == 3
    assert seen(alice, below, logo, whole, further) == [302, 404, 404, 404]
    # Of two that are withheld one comes back: what shows the other does not.
    assert hide(below) == 3
    give_back(key_of(logo))
    assert seen(alice, below, logo, whole, further) == [404, 302, 404, 404]
    give_back(key_of(below))
    assert seen(alice, below, logo, whole, further) == [302] * 4


def test_what_is_being_made_of_it_is_withheld_too(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit holds its picture and is not written yet when staff withhold that: they wait, and look again."""
    picture = upload(alice)
    holds, goes_on = threading.Event(), threading.Event()
    record = editing.record_edit

    def record_late(*words: Any, **more: Any) -> Artifact:
        holds.set()
        assert goes_on.wait(patience(60))
        return record(*words, **more)

    monkeypatch.setattr(editing, "record_edit", record_late)
    answers: list[Any] = []
    hidden: list[int] = []

    def run(act: Any, told: list[Any]) -> None:
        told.append(act())
        connections.close_all()

    editor = threading.Thread(target=run, args=(lambda: edit(alice, picture, FLIP), answers))
    editor.start()
    assert holds.wait(patience(60))
    staff = threading.Thread(target=run, args=(lambda: hide(picture), hidden))
    staff.start()
    wait_until(is_somebody_waiting, 30, "the wait for the edit")
    goes_on.set()
    editor.join()
    staff.join()
    assert hidden == [2]
    assert seen(alice, picture, made(answers[0])["id"]) == [404, 404]


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return cursor.fetchone() is not None
