"""What the hub relies on of a store, one behaviour a test: run against the S3 server of the suite, and against whatever
server the environment names.

CONFORMANCE_S3_ENDPOINT, CONFORMANCE_S3_ACCESS_KEY and CONFORMANCE_S3_SECRET_KEY name one, such as MinIO, in whose
account two buckets are made and deleted; CONFORMANCE_S3_REGION where that is not us-east-1.
"""

import base64
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from django.core.files.base import ContentFile

from genhub.lib.ids import new_id
from genhub.settings.store import s3_storage
from storage.buckets import BucketStorage
from tests.patience import patience
from tests.storage.conftest import ACCESS_KEY, SECRET_KEY, Bucket, bucket

__all__ = ["bucket"]
NAMED: Final = os.environ.get("CONFORMANCE_S3_ENDPOINT", "")
SERVERS: Final = ("suite", *(["named"] if NAMED else []))
# What the suite's server (rclone's) does otherwise than S3: no test of the hub may build on these.
LACKS: Final = {
    # It does not look at the signed digest of the bytes, though at their MD5; parts come with status 200.
    "suite": {"digest", "partial"},
    "named": set[str](),
}
PART_BYTES: Final = 5 * 1024 * 1024
KEY: Final = "outputs/2026/01/02/0.webp"
DATA: Final = b"a picture of a star"
REFUSED, WRONG = 403, 400


@dataclass(frozen=True)
class Server:
    """A store, a bucket of this test's own on it as the hub has it, and one more."""

    kind: str
    endpoint: str
    access_key: str
    secret_key: str
    region: str
    store: BucketStorage
    other: BucketStorage

    @property
    def client(self) -> Any:
        return self.store.connection.meta.client

    @property
    def bucket(self) -> str:
        return str(self.store.bucket_name)

    @property
    def lacks(self) -> set[str]:
        return LACKS[self.kind]


@pytest.fixture(scope="module", params=SERVERS)
def place(request: pytest.FixtureRequest, bucket: Bucket) -> Iterator[Server]:
    """A server with two new buckets, which go in the end."""
    said = [bucket.endpoint, ACCESS_KEY, SECRET_KEY, "us-east-1"]
    if request.param == "named":
        names = ("ENDPOINT", "ACCESS_KEY", "SECRET_KEY", "REGION")
        said = [os.environ.get(f"CONFORMANCE_S3_{name}", "us-east-1") for name in names]
    variables = ("S3_ENDPOINT_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_REGION")
    run, stores = f"genhub-{new_id().hex}", []
    for name in (run, f"{run}-other"):
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in zip((*variables, "S3_BUCKET"), (*said, name), strict=True):
                patch.setenv(variable, value)
            entry = s3_storage()
        assert entry
        stores.append(BucketStorage(**entry["OPTIONS"]))
        stores[-1].connection.meta.client.create_bucket(Bucket=name)
    endpoint, access_key, secret_key, region = said
    made = Server(request.param, endpoint, access_key, secret_key, region, *stores)
    yield made
    if made.kind == "named":
        for store in stores:
            store.connection.meta.client.delete_bucket(Bucket=store.bucket_name)


@pytest.fixture
def server(place: Server) -> Iterator[Server]:
    """A server whose buckets are empty."""
    yield place
    for store in (place.store, place.other):
        for one in list(store.list_files("")):
            store.delete(one.key)


def ask(method: str, url: str, **words: Any) -> httpx2.Response:
    return httpx2.request(method, url, trust_env=False, timeout=patience(10), **words)


def save(server: Server, key: str = KEY, data: bytes = DATA) -> None:
    file = ContentFile(data)
    file.content_type = "image/webp"  # type: ignore[attr-defined]  # read by S3Storage
    server.store.save(key, file)


def status_of(raised: pytest.ExceptionInfo[ClientError]) -> int:
    return raised.value.response["ResponseMetadata"]["HTTPStatusCode"]


def send(server: Server, data: bytes, *, said: bytes = DATA, at: datetime | None = None, **headers: str) -> httpx2.Response:  # fmt: skip
    """Send a file by a request that is signed for these bytes, at this time."""
    url = f"{server.endpoint}/{server.bucket}/{KEY}"
    asked = AWSRequest("PUT", url, headers=headers, data=said)

    class Then(S3SigV4Auth):
        def add_auth(self, request: Any) -> None:
            request.context["payload_signing_enabled"] = True
            super().add_auth(request)

    with pytest.MonkeyPatch.context() as patch:
        if at:
            patch.setattr("botocore.auth.get_current_datetime", lambda: at.replace(tzinfo=None))
        Then(Credentials(server.access_key, server.secret_key), "s3", server.region).add_auth(asked)
    return ask("PUT", url, content=data, headers=dict(asked.headers))


def test_file_is_kept_with_its_words(server: Server) -> None:
    save(server)
    told = server.client.get_object(Bucket=server.bucket, Key=KEY)
    assert told["Body"].read() == DATA
    assert (told["ContentType"], told["ContentLength"]) == ("image/webp", len(DATA))
    assert told["CacheControl"] == "private, max-age=31536000, immutable"
    assert server.store.size(KEY) == len(DATA)


def test_same_key_again_is_overwritten(server: Server) -> None:
    save(server)
    save(server, data=b"another")
    with server.store.open(KEY) as file:
        assert file.read() == b"another"
    assert [one.key for one in server.store.list_files("")] == [KEY]


def test_missing_file_is_missed(server: Server) -> None:
    assert not server.store.exists(KEY)
    for act in (server.store.open, server.store.size):
        with pytest.raises(FileNotFoundError):
            act(KEY)
    assert ask("GET", server.store.url(KEY)).status_code == 404


def test_file_is_deleted_and_that_may_be_said_twice(server: Server) -> None:
    save(server)
    for _ in range(2):
        server.store.delete(KEY)
        assert not server.store.exists(KEY)


def test_other_bytes_than_were_signed_are_refused(server: Server) -> None:
    assert send(server, DATA).status_code == 200
    answer = send(server, DATA.upper())
    if "digest" in server.lacks:
        assert answer.status_code == 200
        return
    assert answer.status_code in {WRONG, REFUSED}
    assert server.store.open(KEY).read() == DATA


def test_other_bytes_than_their_sum_are_refused(server: Server) -> None:
    wrong = base64.b64encode(hashlib.md5(b"another").digest()).decode()  # noqa: S324 (S3's own sum)
    with pytest.raises(ClientError) as raised:
        server.client.put_object(Bucket=server.bucket, Key=KEY, Body=DATA, ContentMD5=wrong)
    assert status_of(raised) == WRONG
    assert not server.store.exists(KEY)


def test_large_file_goes_in_parts(server: Server) -> None:
    """As the hub sends it: its parts are 8 MiB."""
    data = os.urandom(2 * 8 * 1024 * 1024 + 5)
    asked: list[str] = []

    def note(model: Any, **_: Any) -> None:
        asked.append(model.name)

    server.client.meta.events.register("before-call.s3", note)
    try:
        save(server, data=data)
    finally:
        server.client.meta.events.unregister("before-call.s3", note)
    assert asked.count("UploadPart") == 3
    assert hashlib.sha256(server.store.open(KEY).read()).digest() == hashlib.sha256(data).digest()


def test_aborted_parts_leave_nothing(server: Server) -> None:
    place = {"Bucket": server.bucket, "Key": KEY}
    begun = server.client.create_multipart_upload(**place)["UploadId"]
    server.client.upload_part(**place, UploadId=begun, PartNumber=1, Body=bytes(PART_BYTES))
    assert not server.store.exists(KEY)
    server.client.abort_multipart_upload(**place, UploadId=begun)
    assert list(server.store.list_files("")) == []
    with pytest.raises(ClientError):
        server.client.complete_multipart_upload(**place, UploadId=begun, MultipartUpload={"Parts": []})  # fmt: skip


def test_part_of_a_file_is_given(server: Server) -> None:
    save(server)
    answer = ask("GET", server.store.url(KEY), headers={"Range": "bytes=2-8"})
    assert answer.content == DATA[2:9]
    assert answer.status_code == (200 if "partial" in server.lacks else 206)
    assert answer.headers["Content-Range"] == f"bytes 2-8/{len(DATA)}"
    assert ask("GET", server.store.url(KEY), headers={"Range": "bytes=999-"}).status_code == 416


def test_files_are_listed_by_folder_and_page(server: Server) -> None:
    keys = [f"outputs/2026/01/0{day}/{name}" for day in (1, 2) for name in "abc"]
    for key in keys:
        save(server, key)
    assert [one.key for one in server.store.list_files("outputs/2026/01/02/")] == keys[3:]
    assert [one.size_bytes for one in server.store.list_files("outputs/")] == [len(DATA)] * 6
    folders, files = server.store.listdir("outputs/2026/01/")
    assert (sorted(folders), files) == (["01", "02"], [])
    assert sorted(server.store.listdir("outputs/2026/01/01/")[1]) == ["a", "b", "c"]
    pages = server.client.get_paginator("list_objects_v2").paginate(
        Bucket=server.bucket, PaginationConfig={"PageSize": 4}
    )
    found = [[one["Key"] for one in page["Contents"]] for page in pages]
    assert [len(page) for page in found] == [4, 2]
    assert [key for page in found for key in page] == keys
    young = datetime.now(UTC) - next(server.store.list_files("")).changed_at
    assert young < timedelta(seconds=patience(60))


def test_signed_link_opens_its_own_file_for_its_time(server: Server) -> None:
    save(server)
    save(server, "outputs/other.webp")
    url = server.store.url(KEY, expire=60)
    answer = ask("GET", url)
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["ETag"]
    last = "0" if url[-1] != "0" else "1"
    for other in (
        url[:-1] + last,
        url.replace(KEY, "outputs/other.webp"),
        url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        url.replace(server.bucket, str(server.other.bucket_name)),
        url.partition("?")[0],
    ):
        assert ask("GET", other).status_code in {WRONG, REFUSED}
    assert ask("PUT", url, content=b"x").status_code in {WRONG, REFUSED}
    short = server.store.url(KEY, expire=1)
    deadline = time.monotonic() + patience(20)
    while ask("GET", short).status_code == 200:
        assert time.monotonic() < deadline, "a link outlives its time"
        time.sleep(0.2)
    assert ask("GET", short).status_code in {WRONG, REFUSED}


def test_link_says_what_the_file_is_called(server: Server) -> None:
    save(server)
    said = "attachment; filename*=utf-8''%E6%B5%B7%E6%8A%A5.webp"
    url = server.store.url(KEY, parameters={"ResponseContentDisposition": said})
    answer = ask("GET", url)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == said
    assert ask("GET", url.replace("attachment", "inline")).status_code == REFUSED


def test_signed_address_takes_one_file_as_announced(server: Server) -> None:
    words: dict[str, Any] = {"content_type": "image/webp", "size_bytes": len(DATA), "seconds": 60}
    url = server.store.sign_put(KEY, **words)
    headers = {"Content-Type": "image/webp"}
    assert ask("PUT", url, content=DATA, headers={"Content-Type": "text/html"}).status_code == REFUSED  # fmt: skip
    assert ask("PUT", url, content=DATA * 2, headers=headers).status_code == REFUSED
    assert ask("PUT", url.replace(KEY, "outputs/x"), content=DATA, headers=headers).status_code == REFUSED  # fmt: skip
    assert not server.store.exists(KEY)
    assert ask("PUT", url, content=DATA, headers=headers).status_code == 200
    assert server.store.open(KEY).read() == DATA


@pytest.mark.parametrize("wrong", ["secret_key", "access_key"])
def test_wrong_key_opens_nothing(server: Server, wrong: str) -> None:
    save(server)
    options = {name: getattr(server.store, name) for name in server.store.get_default_settings()}
    thief = BucketStorage(**options | {wrong: "not-this-one-0123456789"})
    with pytest.raises(ClientError) as raised:
        thief.save(KEY, ContentFile(b"x"))
    assert status_of(raised) == REFUSED
    assert ask("GET", thief.url(KEY)).status_code == REFUSED
    assert server.store.open(KEY).read() == DATA


def test_request_of_long_ago_is_refused(server: Server) -> None:
    answer = send(server, DATA, at=datetime.now(UTC) - timedelta(minutes=20))
    assert answer.status_code in {WRONG, REFUSED}
    assert not server.store.exists(KEY)


def test_encryption_that_is_asked_for_is_told(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {**server.store.object_parameters, "ServerSideEncryption": "AES256"}
    monkeypatch.setattr(server.store, "object_parameters", asked)
    save(server)
    told = server.client.head_object(Bucket=server.bucket, Key=KEY)
    assert told["ServerSideEncryption"] == "AES256"


def test_store_copies_from_bucket_to_bucket(server: Server) -> None:
    save(server)
    server.other.take_copy(KEY, server.store)
    told = server.client.get_object(Bucket=server.other.bucket_name, Key=KEY)
    assert (told["Body"].read(), told["ContentType"]) == (DATA, "image/webp")
    assert server.store.exists(KEY)


def test_bucket_is_named_in_the_path(server: Server) -> None:
    assert server.store.url(KEY).startswith(f"{server.endpoint}/{server.bucket}/{KEY}?")
