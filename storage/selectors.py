"""Every read of stored files; each starts from its owner."""

import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.files.storage import default_storage, storages
from django.urls import reverse

from genhub.lib.ids import from_wire, to_wire
from genhub.lib.once import once
from genhub.lib.planned import planned_cursor
from genhub.lib.prepared import PreparedCount
from storage.files import local_storage
from storage.models import SHOWN, Artifact
from storage.purposes import read_whole

PREFIX = "art"
# Those of SHOWN.
LAST: Final = """
    SELECT id FROM storage_artifact
     WHERE id = ANY (%s) AND withheld_at IS NULL AND gone_at IS NULL
     ORDER BY id FOR KEY SHARE
"""


@once
def find_artifact(platform_id: uuid.UUID, user: str | None, wire_id: str) -> Artifact | None:
    """Return an artifact of a platform (and user, unless None), or None when there is none such among theirs, or it is
    withheld or deleted."""
    artifact_id = from_wire(PREFIX, wire_id)
    rows = Artifact.objects.filter(SHOWN, pk=artifact_id, platform_id=platform_id)
    if user is not None:
        rows = rows.filter(user=user)
    return rows.first()


def find_pictures(platform_id: uuid.UUID, artifact_ids: Iterable[uuid.UUID]) -> list[Artifact]:
    """Return those of some pictures that a platform has: neither withheld nor deleted."""
    return list(Artifact.objects.filter(SHOWN, pk__in=set(artifact_ids), platform_id=platform_id))


def find_lasting(artifact_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of some pictures that there are, whoever's they are; they stay until the transaction ends.

    Any number of transactions may hold one at once.
    """
    with planned_cursor() as cursor:
        cursor.execute(LAST, [list(artifact_ids)])
        return {artifact_id for (artifact_id,) in cursor.fetchall()}


def find_any(artifact_id: uuid.UUID) -> Artifact | None:
    """Return a picture whoever's it is, withheld and deleted ones too, for staff."""
    return Artifact.objects.select_related("platform").filter(pk=artifact_id).first()


def find_own(platform_id: uuid.UUID, user: str | None, artifact: Artifact) -> Artifact | None:
    """Return a platform's (and user's, unless None) own row of a stored picture, None where it has none, or it is
    withheld or deleted."""
    rows = Artifact.objects.filter(SHOWN, platform_id=platform_id, key=artifact.key)
    if user is not None:
        rows = rows.filter(user=user)
    return rows.order_by("pk").first()


def list_digests(artifact_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the SHA-256 of some pictures' files."""
    return dict(Artifact.objects.filter(pk__in=artifact_ids).values_list("pk", "sha256"))


# How many pictures wait for staff's approval.
WAITING: Final = PreparedCount(lambda: Artifact.objects.filter(SHOWN, review="waiting"))


def sign_link(artifact: Artifact, *, thumbnail: bool = False, disposition: str = "") -> str:
    """Return a link that works for a few minutes, for the picture or its thumbnail, if it has one yet; the file comes
    with this Content-Disposition."""
    is_small = thumbnail and artifact.has_thumbnail
    return sign_key(artifact.thumbnail_key if is_small else artifact.key, disposition)


def sign_download(artifact: Artifact) -> str:
    """Return a link that works for a few minutes, by which a browser saves the file under the picture's id."""
    ending = Path(artifact.key).suffix
    return sign_link(artifact, disposition=f'attachment; filename="{artifact}{ending}"')


def sign_poster(artifact: Artifact) -> str:
    """Return a link for the poster of a clip, or its thumbnail where it has none."""
    return sign_key(artifact.poster_key or artifact.thumbnail_key)


def sign_key(key: str, disposition: str = "") -> str:
    """Return a link that works for a few minutes, for a stored file; it comes with this Content-Disposition."""
    if not disposition:
        return default_storage.url(key)
    if store := local_storage():
        return store.url(key, disposition)
    bucket: Any = storages["default"]
    return str(bucket.url(key, parameters={"ResponseContentDisposition": disposition}))


def describe_clip(artifact: Artifact) -> dict[str, Any]:
    """Return what a clip really is, as apps are told: seconds, frames a second, codec, and whether it sounds."""
    return {
        "duration": artifact.seconds,
        "fps": artifact.fps,
        "codec": artifact.codec,
        "has_audio": artifact.has_audio,
    }


def name_for_apps(artifact: Artifact) -> dict[str, Any]:
    """Return by what an app knows a picture: platform, user, id and address, as webhooks tell them."""
    wire_id = to_wire(PREFIX, artifact.pk)
    return {
        "platform": artifact.platform.code,
        "user": artifact.user,
        "artifact": wire_id,
        "url": f"{settings.PUBLIC_URL}{reverse('artifact', args=[wire_id])}",
    }


def read_bytes(artifact: Artifact) -> bytes:
    """Return the stored picture."""
    return read_whole(artifact.key)


def read_thumbnail(artifact: Artifact) -> bytes:
    """Return the stored thumbnail, or the picture itself where there is none yet."""
    return read_whole(artifact.thumbnail_key if artifact.has_thumbnail else artifact.key)


def local_path(wire_id: str) -> Path | None:
    """Return where a picture lies on this machine, or None when it lies in a bucket or is unknown. For operators."""
    artifact = Artifact.objects.filter(pk=from_wire(PREFIX, wire_id)).first()
    store = local_storage()
    return Path(store.path(artifact.key)) if artifact and store else None
