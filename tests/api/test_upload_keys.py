"""One Idempotency-Key, one uploaded picture: repeated by a client, by its library, or by many threads at once."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from rest_framework.test import APIClient

from genhub.platforms.models import IdempotencyKey
from storage.models import Artifact
from tests.api.refusals import GENERATE, check_problem, header_of
from tests.api.test_uploads import UPLOAD, scene
from tests.storage.conftest import local
from tests.storage.made_pictures import encode

__all__ = ["local"]
pytestmark = pytest.mark.usefixtures("local")

PICTURE, OTHER = encode(scene()), encode(scene(20, 20))


def send(client: Any, data: bytes, key: str, query: str = "") -> Any:
    path = UPLOAD + query
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return client.generic("POST", path, data, content_type="image/png", **headers)


def stored(folder: Path) -> int:
    """Return how many pictures lie in the store, each with its thumbnail."""
    files = len([path for path in folder.rglob("*") if path.is_file()])
    assert files % 2 == 0
    return files // 2


@pytest.mark.django_db
def test_same_key_and_bytes_answer_the_same_artifact(alice: APIClient, local: Path) -> None:
    first, *again = [send(alice, PICTURE, "k") for _ in range(3)]
    part = SimpleUploadedFile("other.png", PICTURE, "image/png")
    words: dict[str, Any] = {"format": "multipart", "HTTP_IDEMPOTENCY_KEY": "k"}
    again.append(alice.post(UPLOAD, {"file": part}, **words))
    assert {answer.status_code for answer in (first, *again)} == {201}
    assert [answer.json() for answer in again] == [first.json()] * 3
    assert {answer.headers["Location"] for answer in again} == {first.json()["url"]}
    assert (Artifact.objects.count(), IdempotencyKey.objects.count(), stored(local)) == (1, 1, 1)


@pytest.mark.django_db
def test_same_key_with_other_bytes_is_refused(alice: APIClient, local: Path) -> None:
    assert send(alice, PICTURE, "k").status_code == 201
    check_problem(send(alice, OTHER, "k"), 422, "idempotency_key_reused")
    assert (Artifact.objects.count(), stored(local)) == (1, 1)
    assert send(alice, OTHER, "l").status_code == 201


@pytest.mark.django_db
def test_without_a_key_each_upload_is_an_artifact(alice: APIClient) -> None:
    ids = {send(alice, PICTURE, key).json()["id"] for key in ("", "", "k", "K")}
    assert len(ids) == 4
    assert IdempotencyKey.objects.count() == 2


@pytest.mark.django_db
def test_keys_of_two_users_are_independent(
    alice: APIClient, mallory: APIClient, client_of: Callable[..., APIClient]
) -> None:
    hers, his = (send(client, PICTURE, "k").json()["id"] for client in (alice, mallory))
    assert hers != his
    assert send(client_of(""), PICTURE, "k", "?user=alice").json()["id"] == hers
    assert alice.get(f"{UPLOAD}/{his}").status_code == 404


@pytest.mark.django_db
@pytest.mark.usefixtures("stub")
def test_keys_of_uploads_and_orders_are_independent(alice: APIClient) -> None:
    picture = send(alice, PICTURE, "k").json()["id"]
    body = {"prompt": "a star", "image": picture}
    assert alice.post(GENERATE, body, format="json", HTTP_IDEMPOTENCY_KEY="k").status_code == 202


@pytest.mark.django_db
def test_refused_upload_does_not_use_up_its_key(alice: APIClient) -> None:
    check_problem(send(alice, PICTURE[:60], "k"), 400, "invalid_request", "file")
    assert send(alice, PICTURE, "k").status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["x" * 256, "é", "a\tb"], ids=ascii)
def test_key_that_is_too_long_or_not_plain_is_refused(alice: APIClient, key: str) -> None:
    check_problem(send(alice, PICTURE, key), 400, "invalid_request", "Idempotency-Key")
    assert not Artifact.objects.exists()


THREADS = 6


@pytest.mark.django_db(transaction=True)
def test_uploads_with_one_key_at_once_make_one_artifact(alice: APIClient, local: Path) -> None:
    credentials = header_of(alice)
    answers: list[tuple[int, str]] = []
    start = threading.Barrier(THREADS)

    def run() -> None:
        client = APIClient()
        client.credentials(**credentials)
        start.wait()
        answer = send(client, PICTURE, "k")
        answers.append((answer.status_code, str(answer.json().get("id"))))
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == THREADS
    assert {status for status, _ in answers} == {201}
    assert len({artifact for _, artifact in answers}) == 1
    assert (Artifact.objects.count(), IdempotencyKey.objects.count(), stored(local)) == (1, 1, 1)
