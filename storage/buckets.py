"""Pictures in a bucket whose address for people is not the hub's own."""

from typing import Any

from storages.backends.s3 import S3Storage


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
