"""The stores that the storage's tests have."""

from tests.storage.conftest import bucket, local, s3, s3_entry

__all__ = ["bucket", "local", "s3", "s3_entry"]
