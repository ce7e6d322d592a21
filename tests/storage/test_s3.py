"""Files in a bucket, against a server that checks signatures and expiry: private, signed, overwritten in place."""

import hashlib
import io
import mimetypes
import re
import threading
import time
from contextlib import nullcontext
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from botocore.exceptions import ClientError, IncompleteReadError
from botocore.response import StreamingBody
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from PIL import Image
from rest_framework.test import APIClient

from generation.models import Account, Attempt
from generation.work.run import run_queue
from genhub.settings.store import s3_storage
from storage import services
from storage.buckets import MOST_READS
from storage.files import SIGNER
from storage.keys import output_id
from storage.models import Artifact
from storage.purposes import read_whole
from storage.selectors import local_path, read_bytes, sign_link
from storage.services import save_picture
from tests.books import find_mistakes
from tests.patience import patience
from tests.storage.conftest import ACCESS_KEY, BUCKET, Bucket
from tests.storage.made_pictures import LABEL

REFUSED = {400, 403}


def fetch(url: str) -> httpx2.Response:
    return httpx2.get(url, trust_env=False, timeout=patience(5))


def picture(colour: tuple[int, int, int] = (200, 30, 30)) -> Image.Image:
    return Image.new("RGB", (320, 192), colour)


def store(entry: dict[str, Any], settings: Any, **options: Any) -> Any:
    """Return the bucket's storage with other options."""
    changed = {**entry, "OPTIONS": {**entry["OPTIONS"], **options}}
    settings.STORAGES = {**settings.STORAGES, "other": changed}
    return storages["other"]


@pytest.mark.parametrize("fails", ["", ".webp", "_thumbnail.jpg"])
def test_thumbnail_goes_beside_its_picture_and_nothing_stays_of_half(
    s3: Bucket, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    """Each waits until the other is on its way: one after the other, neither would come to an end."""
    gate, keep = threading.Barrier(2), services.put

    def put(key: str, *words: Any) -> None:
        gate.wait(patience())
        keep(key, *words)
        if fails and key.endswith(fails):
            raise OSError("no room")

    monkeypatch.setattr(services, "put", put)
    before = set(s3.list_keys())
    outcome = pytest.raises(OSError, match="no room") if fails else nullcontext()
    with outcome:
        save_picture(picture(), folder="outputs/beside/", name="0", label=LABEL)
    kept = sorted(set(s3.list_keys()) - before)
    endings = [] if fails else [".webp", "_thumbnail.jpg"]
    assert [re.sub(r"^outputs/beside/0-[0-9a-f]{16}", "", key) for key in kept] == endings
    for key in kept:
        default_storage.delete(key)


@pytest.mark.parametrize("form", ["webp", "png"])
def test_saved_picture_is_fetched_by_its_signed_link(
    s3: Bucket, settings: Any, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    settings.PICTURE_FORMAT = form
    # A system whose table of types knows neither.
    monkeypatch.setattr(mimetypes, "guess_type", lambda name, strict=True: (None, None))
    stored = save_picture(picture(), folder="outputs/a/", name="0", label=LABEL)
    answer = fetch(default_storage.url(stored.key))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == f"image/{form}"
    assert hashlib.sha256(answer.content).hexdigest() == stored.sha256
    assert len(answer.content) == stored.size_bytes
    small = fetch(default_storage.url(stored.thumbnail_key))
    assert small.headers["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(small.content)).size == (200, 200)


def test_link_may_say_what_the_file_is_called(s3: Bucket) -> None:
    stored = save_picture(picture(), folder="outputs/named/", name="0", label=LABEL)
    said = "attachment; filename*=utf-8''%E6%B5%B7%E6%8A%A5.webp"
    url = sign_link(Artifact(key=stored.key), disposition=said)
    assert quote(said, safe="") in url, "it is part of what is signed"
    assert fetch(url).status_code == 200
    assert fetch(url.replace("attachment", "inline")).status_code == 403


def test_unsigned_link_is_refused(s3: Bucket) -> None:
    stored = save_picture(picture(), folder="outputs/b/", name="0", label=LABEL)
    assert fetch(f"{s3.endpoint}/{BUCKET}/{stored.key}").status_code in REFUSED
    assert fetch(f"{s3.endpoint}/{BUCKET}/?list-type=2").status_code in REFUSED


def test_tampered_signature_is_refused(s3: Bucket) -> None:
    stored = save_picture(picture(), folder="outputs/c/", name="0", label=LABEL)
    url = default_storage.url(stored.key)
    assert "X-Amz-Signature=" in url
    last = "0" if url[-1] != "0" else "1"
    assert fetch(url[:-1] + last).status_code == 403
    assert fetch(url.replace(stored.key, stored.thumbnail_key)).status_code == 403
    assert fetch(url.replace("X-Amz-Expires=300", "X-Amz-Expires=9999")).status_code == 403
    assert fetch(url).status_code == 200


def test_link_lives_five_minutes(s3: Bucket) -> None:
    assert "X-Amz-Expires=300" in default_storage.url("x.png")


def test_expired_link_is_refused(s3: Bucket, s3_entry: dict[str, Any], settings: Any) -> None:
    stored = save_picture(picture(), folder="outputs/d/", name="0", label=LABEL)
    short = store(s3_entry, settings, querystring_expire=1).url(stored.key)
    time.sleep(2.1)
    assert fetch(short).status_code in REFUSED
    longer = store(s3_entry, settings, querystring_expire=60).url(stored.key)
    assert fetch(longer).status_code == 200


def test_wrong_secret_is_refused(s3: Bucket, s3_entry: dict[str, Any], settings: Any) -> None:
    stored = save_picture(picture(), folder="outputs/e/", name="0", label=LABEL)
    thief = store(s3_entry, settings, secret_key="not-the-secret")
    with pytest.raises(ClientError):
        thief.save("outputs/e/1.png", ContentFile(b"x"))
    assert fetch(thief.url(stored.key)).status_code == 403
    assert "outputs/e/1.png" not in s3.list_keys()


def test_unknown_access_key_is_refused(s3: Bucket, s3_entry: dict[str, Any], settings: Any) -> None:
    stranger = store(s3_entry, settings, access_key="nobody")
    with pytest.raises(ClientError):
        stranger.save("outputs/f/1.png", ContentFile(b"x"))


def test_repeated_save_writes_the_same_keys_and_another_writes_others(s3: Bucket) -> None:
    first, again = (
        save_picture(picture(), folder="outputs/g/", name="0", label=LABEL) for _ in range(2)
    )
    assert again == first
    other = save_picture(picture((1, 2, 3)), folder="outputs/g/", name="0", label=LABEL)
    kept = [one.key for one in (first, other)] + [one.thumbnail_key for one in (first, other)]
    assert sorted(key for key in s3.list_keys() if key.startswith("outputs/g/")) == sorted(kept)
    assert hashlib.sha256(fetch(default_storage.url(first.key)).content).hexdigest() == first.sha256


# Committed rows: the heart looks at them from a connection of its own, should the first words with a bucket take long.
@pytest.mark.django_db(transaction=True)
def test_task_from_submit_to_a_link_into_the_bucket(
    s3: Bucket, alice: APIClient, stub: Account
) -> None:
    task = alice.post(
        "/api/v1/generate", {"prompt": "a star", "num_images": 2}, format="json"
    ).json()
    assert run_queue("local") == [{"task": task["id"], "ended": "completed"}]
    result = alice.get(task["result_url"]).json()
    assert result["count"] == 2
    attempt = Attempt.objects.get()
    for number, image in enumerate(result["images"]):
        link = alice.get(image["url"])
        assert link.status_code == 302
        assert link.headers["Cache-Control"] == "no-store"
        url = link.headers["Location"]
        assert url.startswith(f"{s3.endpoint}/{BUCKET}/outputs/")
        assert ACCESS_KEY in url
        assert hashlib.sha256(fetch(url).content).hexdigest() == image["sha256"]
        day = f"{attempt.created_at:%Y/%m/%d}"
        row = Artifact.objects.get(pk=output_id(attempt.pk, number))
        folder = f"outputs/{day}/{row.platform_id.hex}/{attempt.pk.hex}/"
        assert row.key == f"{folder}{number}-{row.sha256[:16]}.webp"
        assert row.key in s3.list_keys()
        assert row.thumbnail_key in s3.list_keys()
        assert hashlib.sha256(read_bytes(row)).hexdigest() == row.sha256
        assert local_path(image["id"]) is None
        small = fetch(alice.get(image["thumbnail_url"]).headers["Location"])
        assert Image.open(io.BytesIO(small.content)).format == "JPEG"
    assert find_mistakes() == []


@pytest.mark.django_db
def test_hub_itself_serves_no_file_of_the_bucket(s3: Bucket, client: Any) -> None:
    stored = save_picture(picture(), folder="outputs/h/", name="0", label=LABEL)
    signature = SIGNER.sign(stored.key).removeprefix(f"{stored.key}:")
    assert client.get(f"/files/{stored.key}", {"signature": signature}).status_code == 404


@pytest.mark.django_db
def test_bucket_that_refuses_costs_nothing(
    s3_entry: dict[str, Any], settings: Any, alice: APIClient, stub: Account
) -> None:
    options = {**s3_entry["OPTIONS"], "secret_key": "not-the-secret"}
    settings.STORAGES = {**settings.STORAGES, "default": {**s3_entry, "OPTIONS": options}}
    task = alice.post("/api/v1/generate", {"prompt": "a star"}, format="json").json()
    for _ in range(4):
        Attempt.objects.filter(state="queued").update(run_at="2020-01-01T00:00:00Z")
        run_queue("local")
    answer = alice.get(f"/api/v1/tasks/{task['id']}").json()
    assert (answer["status"], answer["error"]["code"]) == ("failed", "store_failed")
    assert answer["credits"]["released"] == 10
    assert not Artifact.objects.exists()
    assert find_mistakes() == []


def test_link_leads_to_the_stores_outer_name(
    s3: Bucket, s3_entry: dict[str, Any], settings: Any
) -> None:
    stored = save_picture(picture(), folder="outputs/p/", name="0", label=LABEL)
    inner = s3.endpoint
    # The same server by another name: a signature for the one host is none for the other.
    outer = inner.replace("127.0.0.1", "localhost")
    assert outer != inner
    twofold = store(s3_entry, settings, public_endpoint_url=outer)
    url = twofold.url(stored.key)
    assert url.startswith(f"{outer}/{BUCKET}/{stored.key}?")
    assert "X-Amz-Expires=300" in url
    answer = fetch(url)
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == stored.sha256
    assert fetch(url.replace(outer, inner)).status_code in REFUSED
    # Files themselves still go the inner way, also where the outer name leads nowhere from here.
    lost = store(s3_entry, settings, public_endpoint_url="https://store.invalid")
    lost.save("outputs/p/1.webp", ContentFile(b"x"))
    assert lost.open("outputs/p/1.webp").read() == b"x"
    assert lost.url("outputs/p/1.webp").startswith(
        f"https://store.invalid/{BUCKET}/outputs/p/1.webp?"
    )


@pytest.mark.parametrize("when", ["when_required", "when_supported"])
def test_newer_checksums_are_sent_only_where_asked_for(
    s3: Bucket, settings: Any, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.setenv("S3_REQUEST_CHECKSUM_CALCULATION", when)
    monkeypatch.setenv("S3_RESPONSE_CHECKSUM_VALIDATION", when)
    entry = s3_storage()
    assert entry
    asked: list[str] = []

    def note(request: Any, **_: Any) -> None:
        asked.extend(name.lower() for name in request.headers)

    bucket = store(entry, settings)
    bucket.connection.meta.client.meta.events.register("before-send.s3", note)
    bucket.save("outputs/q/0.webp", ContentFile(b"a picture"))
    assert bucket.open("outputs/q/0.webp").read() == b"a picture"
    newer = [name for name in asked if "checksum" in name or name == "x-amz-trailer"]
    assert bool(newer) == (when == "when_supported")


def test_file_goes_by_one_request_and_a_large_one_in_parts(
    s3: Bucket, s3_entry: dict[str, Any], settings: Any
) -> None:
    bucket = store(s3_entry, settings)
    most_bytes = bucket.transfer_config.multipart_threshold
    asked: list[str] = []

    def note(model: Any, **_: Any) -> None:
        asked.append(model.name)

    bucket.connection.meta.client.meta.events.register("before-call.s3", note)
    for size_bytes, calls in (
        (most_bytes, {"PutObject"}),
        (most_bytes + 1, {"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"}),
    ):
        asked.clear()
        file = ContentFile(bytes(size_bytes))
        file.seek(9)
        assert bucket.save("outputs/one/0.webp", file) == "outputs/one/0.webp"
        assert set(asked) == calls
        assert bucket.size("outputs/one/0.webp") == size_bytes


def test_store_is_asked_to_encrypt_and_given_each_files_digest(
    s3: Bucket, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3_SSE", "aws:kms")
    monkeypatch.setenv("S3_SSE_KMS_KEY_ID", "our-key")
    entry = s3_storage()
    assert entry
    asked: list[dict[str, str]] = []
    bucket = store(entry, settings)

    def note(request: Any, **_: Any) -> None:
        asked.append({name.lower(): str(value) for name, value in request.headers.items()})

    bucket.connection.meta.client.meta.events.register("before-send.s3", note)
    bucket.save("outputs/e/0.webp", ContentFile(b"a picture"))
    [headers] = [one for one in asked if "content-length" in one and one["content-length"] != "0"]
    assert headers["x-amz-server-side-encryption"] in {"aws:kms", "b'aws:kms'"}
    assert "our-key" in headers["x-amz-server-side-encryption-aws-kms-key-id"]
    # Signed with it, over TLS too: a store that checks signatures refuses other bytes.
    assert hashlib.sha256(b"a picture").hexdigest() in headers["x-amz-content-sha256"]
    assert bucket.connection.meta.client.meta.config.s3["payload_signing_enabled"] is True
    # Whoever sends a file to the store itself is told to ask for it as well.
    words = {"content_type": "image/png", "size_bytes": 9, "seconds": 60}
    address, told = bucket.sign_put("incoming/e", **words), bucket.list_encryption()
    assert set(told) == {
        "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id",
    }  # fmt: skip
    sent = {"Content-Type": "image/png", **told}
    assert (
        httpx2.put(address, content=b"a picture", headers=sent, trust_env=False).status_code == 200
    )
    del sent["x-amz-server-side-encryption"]
    assert (
        httpx2.put(address, content=b"a picture", headers=sent, trust_env=False).status_code
        in REFUSED
    )


def test_file_that_breaks_off_on_its_way_is_begun_again(
    s3: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = save_picture(picture(), folder="outputs/broken/", name="0", label=LABEL)
    whole = (s3.folder / stored.key).read_bytes()
    read, parts = StreamingBody.read, [MOST_READS]

    def break_off(body: StreamingBody, amount: int | None = None) -> bytes:
        parts[0] -= 1
        if parts[0] > 0:
            raise IncompleteReadError(actual_bytes=1, expected_bytes=2)
        return read(body, amount)

    monkeypatch.setattr(StreamingBody, "read", break_off)
    assert read_whole(stored.key) == whole
    parts[0] = MOST_READS + 1
    with pytest.raises(IncompleteReadError):
        read_whole(stored.key)


def test_file_that_is_not_there_is_said_so_and_one_at_hand_is_not_asked_for(s3: Bucket) -> None:
    with pytest.raises(FileNotFoundError):
        read_whole("outputs/nowhere/0.png")
    stored = save_picture(picture(), folder="outputs/hand/", name="0", label=LABEL)
    at_hand = io.BytesIO((s3.folder / stored.key).read_bytes())
    default_storage.delete(stored.key)
    assert services.read_stored(replace(stored, undrawn=at_hand)).size == (320, 192)
    with pytest.raises(FileNotFoundError):
        services.read_stored(stored)
