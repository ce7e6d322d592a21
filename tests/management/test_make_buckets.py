"""`manage.py make_buckets`: what is missing is made once; what cannot be made is said."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from storage.purposes import list_buckets
from tests.ports import free_port
from tests.storage.conftest import Bucket, bucket, s3, s3_entry

__all__ = ["bucket", "s3", "s3_entry"]


def make() -> str:
    out = StringIO()
    call_command("make_buckets", stdout=out)
    return out.getvalue()


def test_a_bucket_is_made_once(s3: Bucket, s3_entry: dict[str, Any], settings: Any) -> None:
    options = s3_entry["OPTIONS"] | {"bucket_name": "made-anew"}
    settings.STORAGES = {**settings.STORAGES, "default": s3_entry | {"OPTIONS": options}}
    assert not (s3.folder.parent / "made-anew").exists()
    make()
    assert (s3.folder.parent / "made-anew").is_dir()
    assert "made-anew" in make()
    assert [each.bucket_name for each in list_buckets()] == ["made-anew"]


@pytest.mark.parametrize("fault", ["the store does not answer", "cannot be made"])
def test_what_cannot_be_made_is_said(
    s3: Bucket, s3_entry: dict[str, Any], settings: Any, fault: str
) -> None:
    wrong = {
        "the store does not answer": {"endpoint_url": f"http://127.0.0.1:{free_port()}"},
        "cannot be made": {"secret_key": "another"},
    }
    entry = s3_entry | {"OPTIONS": s3_entry["OPTIONS"] | wrong[fault]}
    settings.STORAGES = {**settings.STORAGES, "default": entry}
    with pytest.raises(CommandError, match=fault):
        make()
