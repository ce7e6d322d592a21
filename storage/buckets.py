"""Pictures in a bucket whose address for people is not the hub's own."""

from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any, Final

from botocore.exceptions import (
    ClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from django.core.files.base import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from storage.content import Entry

ENCRYPTION_HEADERS: Final = {
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
}

# What breaks off a file on its way, and how often one is begun.
BROKEN_OFF: Final = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
MOST_READS: Final = 3
NOT_FOUND: Final = 404


class BucketStorage(S3Storage):  # type: ignore[misc]  # storages has no types
    """A private bucket; links lead to `public_endpoint_url` where the store has another name outside."""

    def __init__(self, *, public_endpoint_url: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        # A signature holds for one host, so the outer one has a client of its own. It is never called: the hub need
        # not reach that address.
        self._public = (
            S3Storage(**options | {"endpoint_url": public_endpoint_url})
            if public_endpoint_url
            else None
        )

    def url(self, name: str, *args: Any, **words: Any) -> str:
        """Return a signed link."""
        if self._public is None:
            return str(super().url(name, *args, **words))
        return str(self._public.url(name, *args, **words))

    def _save(self, name: str, content: "File[bytes]") -> str:
        """Store a file, and return its name. What needs no parts is put by one request: to manage parts, and threads
        for them, took 4 ms of a picture's 20."""
        if content.size > self.transfer_config.multipart_threshold:
            return str(super()._save(name, content))
        content.seek(0)
        self.connection.meta.client.put_object(
            Bucket=self.bucket_name,
            Key=self._normalize_name(clean_name(name)),
            Body=content.file,
            **self._get_write_parameters(name, content),
        )
        return str(clean_name(name))

    def read_whole(self, name: str) -> bytes:
        """Return a file's bytes by one request, where to open it and read takes three; raise FileNotFoundError, or what
        the store raises."""
        for _ in range(1, MOST_READS):
            with suppress(*BROKEN_OFF):
                return self._read_once(name)
        return self._read_once(name)

    def _read_once(self, name: str) -> bytes:
        try:
            answer = self.connection.meta.client.get_object(Bucket=self.bucket_name, Key=name)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == NOT_FOUND:
                raise FileNotFoundError(name) from error
            raise
        with closing(answer["Body"]) as body:
            return bytes(body.read())

    def list_encryption(self) -> dict[str, str]:
        """Return the headers by which the store is asked to encrypt a file that somebody else sends."""
        said = self.object_parameters
        return {header: said[word] for word, header in ENCRYPTION_HEADERS.items() if said.get(word)}

    def sign_put(self, name: str, *, content_type: str, size_bytes: int, seconds: int) -> str:
        """Return an address that takes one file of this type and size, by PUT with the headers of `list_encryption`,
        for so many seconds."""
        store = self._public or self
        words = {
            "Bucket": store.bucket_name, "Key": name, "ContentType": content_type, "ContentLength": size_bytes,
            **{word: self.object_parameters[word] for word in ENCRYPTION_HEADERS if word in self.object_parameters},
        }  # fmt: skip
        client = store.connection.meta.client
        return str(client.generate_presigned_url("put_object", Params=words, ExpiresIn=seconds))

    def list_files(self, prefix: str) -> Iterator[Entry]:
        """Yield every file whose key begins so."""
        for one in self.bucket.objects.filter(Prefix=prefix):
            yield Entry(one.key, one.size, one.last_modified)

    def take_copy(self, name: str, source: "BucketStorage") -> None:
        """Have the store copy a file from another bucket, with its type, encrypted as this one's are; in parts where
        it is large."""
        said = self.object_parameters
        self.bucket.copy(
            {"Bucket": source.bucket_name, "Key": name},
            name,
            ExtraArgs={word: said[word] for word in ENCRYPTION_HEADERS if word in said},
            Config=self.transfer_config,
        )
