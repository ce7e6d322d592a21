"""Where pictures lie: written, read and deleted for real, and kept from everybody else."""

import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import default_storage

from genhub.doctor.findings import Finding, fault, good, warning, word
from storage.checks import check_signing_keys
from storage.probing import is_open_to_all, probe
from storage.purposes import list_buckets


def look_at_store() -> Iterator[Finding]:
    """Try each bucket, or the folder, by doing what the hub does there."""
    buckets = list_buckets()
    for bucket in buckets:
        name = f"bucket {bucket.bucket_name}"
        try:
            probe(bucket)
            is_open = is_open_to_all(bucket)
        except Exception as error:  # noqa: BLE001 (each store has errors of its own; the next bucket is tried)
            yield fault(
                name,
                f"a small file could not be written, read and deleted: {word(error)}",
                "check S3_ENDPOINT_URL, the keys, and that they may put, get, list and delete there",
            )
            continue
        if is_open:
            yield fault(
                name,
                "anybody may read its files without a signature",
                "block public access to it: all links of the hub are signed",
            )
        else:
            yield good(name, "written, read and deleted; closed to others")
    if not buckets:
        yield from look_at_folder()


def look_at_folder() -> Iterator[Finding]:
    """Try the folder where files lie on this machine."""
    probe(default_storage)
    folder = Path(default_storage.path(""))
    # Inside the home, whose door is looked at by itself.
    is_inside = folder.is_relative_to(settings.HOME)
    if not is_inside and stat.S_IMODE(folder.stat().st_mode) & 0o007:
        yield warning(
            "files", f"everybody on this machine may read {folder}", f"chmod 750 {folder}"
        )
    else:
        yield good("files", f"written, read and deleted in {folder}")


def look_at_labels() -> Iterator[Finding]:
    """Judge what signs the labels of pictures."""
    try:
        wrong = [one.msg for one in check_signing_keys()]
    except ImproperlyConfigured as error:
        wrong = [str(error)]
    if wrong:
        yield fault("labels", "; ".join(wrong), "mend LABEL_CERTIFICATES and LABEL_KEY")
    else:
        yield good("labels", "can be signed")
