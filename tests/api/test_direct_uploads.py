"""Uploads that go to the store itself: announced, sent without a key, confirmed once, gone when nobody does."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from django.test import Client
from rest_framework.test import APIClient

from genhub.lib.ids import new_id
from genhub.platforms import idempotency
from genhub.platforms.models import Platform
from genhub.retention.turns import delete_old
from storage.direct import MOST_OPEN
from storage.models import Artifact, DirectUpload, UploadFolder
from tests.api.refusals import check_problem, header_of, refused
from tests.api.sent_files import PICTURE, UPLOADS, announce, put
from tests.races import together, told_after
from tests.storage.conftest import bucket, local, s3, s3_entry

__all__ = ["bucket", "local", "s3", "s3_entry"]
pytestmark = pytest.mark.django_db

INVALID = (400, "invalid_request")


def confirm(client: APIClient, upload: dict[str, Any]) -> Any:
    return client.post(f"{UPLOADS}/{upload['id']}/confirm")


def list_incoming() -> list[str]:
    folders = default_storage.listdir("incoming")[0]
    return [name for one in folders for name in default_storage.listdir(f"incoming/{one}")[1]]


def test_file_that_was_sent_becomes_an_artifact_once(alice: APIClient, local: Path) -> None:
    upload = announce(alice)
    assert (upload["method"], upload["artifact"]) == ("PUT", None)
    check_problem(confirm(alice, upload), 409, "upload_missing")
    assert put(upload).status_code == 200
    answer = confirm(alice, upload)
    body = answer.json()
    assert (answer.status_code, body["width"]) == (201, 40), body
    assert answer.headers["Location"] == body["url"]
    assert alice.get(body["url"]).status_code == 302
    assert list_incoming() == [], "what came is not kept as it came"
    assert confirm(alice, upload).json() == body
    told = alice.get(f"{UPLOADS}/{upload['id']}").json()
    assert (told["artifact"], told["url"], told["headers"]) == (body["id"], None, {})
    assert put(upload).status_code == 403, "it is done"
    assert Artifact.objects.count() == 1


def test_file_goes_to_the_bucket_itself(alice: APIClient, s3: Any) -> None:
    upload = announce(alice)
    assert upload["url"].startswith(s3.endpoint)
    assert "content-length" in upload["url"], "its size is part of what is signed"
    for data in (PICTURE + b"x", PICTURE[:-1]):
        refused_put = httpx2.put(upload["url"], content=data, headers=upload["headers"])
        assert refused_put.status_code in {400, 403}
    assert httpx2.put(upload["url"], content=PICTURE, headers=upload["headers"]).status_code == 200
    assert confirm(alice, upload).status_code == 201
    assert [key for key in s3.list_keys() if key.startswith("incoming/")] == []


def test_what_comes_is_what_was_announced(alice: APIClient, local: Path) -> None:
    upload = announce(alice)
    for sent in (
        put(upload, PICTURE + b"x"), put(upload, PICTURE[:-1]), put(upload, b""),
        put(upload, kind="image/jpeg"),
    ):  # fmt: skip
        assert sent.status_code == 400
    wrong = dict(upload, url=upload["url"] + "x")
    assert put(wrong).status_code == 403
    assert Client().get(upload["url"]).status_code == 405
    check_problem(confirm(alice, upload), 409, "upload_missing")
    other = announce(alice, sha256="0" * 64)
    assert put(other).status_code == 200
    check_problem(confirm(alice, other), *INVALID, "file")
    noise = announce(alice, data=b"no picture at all")
    assert put(noise, b"no picture at all").status_code == 200
    problem = check_problem(confirm(alice, noise), *INVALID, "file")
    assert problem["errors"][0]["code"] == "unreadable"
    assert Artifact.objects.count() == 0


def test_file_of_another_size_in_the_store_is_refused(alice: APIClient, local: Path) -> None:
    upload = announce(alice)
    put(upload)
    (path,) = (local / "incoming").glob("*/*")
    path.write_bytes(PICTURE * 2)
    problem = check_problem(confirm(alice, upload), *INVALID, "file")
    assert problem["errors"][0]["code"] == "size_differs"


@pytest.mark.parametrize(
    ("words", "field", "code"),
    [
        ({"content_type": "image/gif"}, "content_type", "invalid_choice"), ({"size_bytes": 0}, "size_bytes", "min_value"),
        ({"size_bytes": "5"}, "size_bytes", "invalid"), ({"size_bytes": 10**9}, "size_bytes", "too_large"),
        ({"sha256": "x"}, "sha256", "invalid"), ({"sha256": "A" * 64}, "sha256", "invalid"), ({"name": "a"}, "name", "unknown"),
    ],
)  # fmt: skip
def test_wrong_word_is_named(
    alice: APIClient, local: Path, words: dict[str, Any], field: str, code: str
) -> None:
    body = {"content_type": "image/png", "size_bytes": 5} | words
    problem = refused(alice, UPLOADS, body=body, expect=(*INVALID, field))
    assert [(e["field"], e["code"]) for e in problem["errors"]] == [(field, code)]
    assert DirectUpload.objects.count() == 0


def test_what_is_theirs_already_need_not_be_sent_again(
    alice: APIClient, client_of: Callable[..., APIClient], local: Path
) -> None:
    total = hashlib.sha256(PICTURE).hexdigest()
    first = announce(alice, sha256=total)
    put(first)
    picture = confirm(alice, first).json()["id"]
    assert announce(alice, sha256=total)["artifact"] == picture
    assert announce(client_of("bob"), sha256=total)["artifact"] is None, "of others nobody learns"


def test_same_key_and_words_announce_once(alice: APIClient, local: Path) -> None:
    key = {"HTTP_IDEMPOTENCY_KEY": "k"}
    first = announce(alice, headers=key)
    assert announce(alice, headers=key)["id"] == first["id"]
    other = {"content_type": "image/png", "size_bytes": 5}
    words: dict[str, Any] = {"format": "json", **key}
    check_problem(alice.post(UPLOADS, other, **words), 422, "idempotency_key_reused")


def test_nobody_announces_without_end(
    alice: APIClient, client_of: Callable[..., APIClient], local: Path
) -> None:
    made = [announce(alice) for _ in range(MOST_OPEN)]
    body = {"content_type": "image/png", "size_bytes": 5}
    refused(alice, UPLOADS, body=body, expect=(429, "too_many_uploads"))
    announce(client_of("bob"))
    put(made[0])
    assert confirm(alice, made[0]).status_code == 201
    announce(alice)


def test_upload_is_over_after_its_hour_and_goes(alice: APIClient, local: Path) -> None:
    late, kept = announce(alice), announce(alice)
    put(late)
    put(kept)
    rows = DirectUpload.objects.filter(pk=late["id"].removeprefix("upl_"))
    rows.update(expires_at=Now() - timedelta(seconds=1))
    assert put(late).status_code == 403
    check_problem(confirm(alice, late), 410, "upload_over")
    rows.update(expires_at=Now() - timedelta(hours=2))
    folder = UploadFolder.objects.filter(folder=f"incoming/{late['id'].removeprefix('upl_')}/")
    assert folder.update(created_at=Now() - timedelta(hours=2)) == 1
    delete_old()
    assert (DirectUpload.objects.count(), len(list_incoming())) == (1, 1)
    assert confirm(alice, kept).status_code == 201


def test_no_file_stays_whatever_became_of_its_upload(
    alice: APIClient, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "delete", lambda key: 1 / 0)
        undeleted = announce(alice)
        put(undeleted)
        assert confirm(alice, undeleted).status_code == 201, "it is the caller's all the same"
    sent_again = announce(alice)
    put(sent_again)
    assert confirm(alice, sent_again).status_code == 201
    late = default_storage.path(f"incoming/{sent_again['id'].removeprefix('upl_')}/0")
    Path(late).parent.mkdir(exist_ok=True)
    Path(late).write_bytes(PICTURE)
    forgotten = announce(alice)
    put(forgotten)
    DirectUpload.objects.filter(pk=forgotten["id"].removeprefix("upl_")).delete()
    assert len(list_incoming()) == 3
    delete_old()
    assert len(list_incoming()) == 3, "they may still be sent"
    UploadFolder.objects.update(created_at=Now() - timedelta(hours=2))
    delete_old()
    assert list_incoming() == []
    assert not UploadFolder.objects.exists()
    assert Artifact.objects.count() == 2


def test_address_in_the_bucket_works_no_longer_than_its_upload(alice: APIClient, s3: Any) -> None:
    upload = announce(alice)
    rows = DirectUpload.objects.filter(pk=upload["id"].removeprefix("upl_"))
    rows.update(expires_at=Now() + timedelta(seconds=90))
    url = alice.get(f"{UPLOADS}/{upload['id']}").json()["url"]
    said = parse_qs(urlsplit(url).query)
    assert 0 < int(said["X-Amz-Expires"][0]) <= 90


def test_only_its_owner_confirms(
    alice: APIClient, client_of: Callable[..., APIClient], local: Path
) -> None:
    upload = announce(alice)
    put(upload)
    path = f"{UPLOADS}/{upload['id']}"
    refused(client_of("bob"), f"{path}/confirm", expect=(404, "not_found"))
    refused(client_of("bob"), path, method="get", expect=(404, "not_found"))
    app = client_of("")
    refused(
        app, UPLOADS, body={"content_type": "image/png", "size_bytes": 5}, expect=(*INVALID, "user")
    )
    assert announce(app, user="alice")["id"]
    assert confirm(app, upload).status_code == 201
    assert Artifact.objects.get().user == "alice"


@pytest.mark.django_db(transaction=True)
def test_two_who_confirm_at_once_make_one_artifact(alice: APIClient, local: Path) -> None:
    upload, credentials = announce(alice), header_of(alice)
    put(upload)

    def act() -> tuple[int, Any]:
        client = APIClient()
        client.credentials(**credentials)
        answer = confirm(client, upload)
        return answer.status_code, answer.json().get("id")

    [answers] = together(*[act] * 3)
    assert len(set(answers)) == 1
    assert answers[0][0] == 201  # type: ignore[index]
    assert Artifact.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_key_that_another_door_uses_at_this_moment_is_refused(
    alice: APIClient, shop: Platform, local: Path
) -> None:
    use = idempotency.Use(shop.pk, "alice", idempotency.Scope.UPLOAD, "k", "of a share link")
    body = {"content_type": "image/png", "size_bytes": 9}
    answer = told_after(
        lambda: idempotency.keep(use, new_id()),
        lambda: alice.post(UPLOADS, body, format="json", HTTP_IDEMPOTENCY_KEY="k"),
    )
    check_problem(answer, 422, "idempotency_key_reused")
    assert not DirectUpload.objects.exists()
    assert not UploadFolder.objects.exists()
