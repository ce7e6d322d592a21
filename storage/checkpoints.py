"""Checkpoints of trainings: private files beside the pictures, so that any worker goes on where another one ended."""

import uuid
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from storage.models import UploadFolder
from storage.purposes import read_whole
from storage.services import list_names, put

TRAININGS: Final = "trainings/"
TYPE: Final = "application/octet-stream"


def keep(job_id: uuid.UUID, name: str, data: bytes) -> str:
    """Store a checkpoint of a training and return its key; raise what the store raises."""
    key = f"{folder_of(job_id)}{name}.safetensors"
    put(key, ContentFile(data), TYPE)
    return key


def read(key: str) -> bytes:
    """Return a checkpoint; raise FileNotFoundError, or what the store raises."""
    return read_whole(key)


def clear(job_id: uuid.UUID, *, but: str = "") -> None:
    """Delete a training's checkpoints but for this one; raise what the store raises."""
    for name in list_names(folder_of(job_id)):
        key = f"{folder_of(job_id)}{name}"
        if key != but:
            with suppress(FileNotFoundError):
                default_storage.delete(key)


def forget(job_ids: Iterable[uuid.UUID], *, platform_id: uuid.UUID, user: str) -> None:
    """Note that nobody goes on with some trainings: the sweep of files without a row deletes their checkpoints."""
    UploadFolder.objects.bulk_create(
        UploadFolder(folder=folder_of(job_id), platform_id=platform_id, user=user)
        for job_id in job_ids
    )


def folder_of(job_id: uuid.UUID) -> str:
    """Return where a training's checkpoints lie."""
    return f"{TRAININGS}{job_id.hex}/"
