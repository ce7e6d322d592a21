"""How much is stored for each platform, by kind: exact at each moment, and what a platform's quota refuses.

Each change of a picture's row leaves a step, written by a trigger in the same transaction; a loop adds the steps up. A
sum of both is what there is. A file that several orders share counts for each; thumbnails are not counted.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction

from genhub.lib.errors import Problem, gettext_noop
from genhub.platforms.models import Platform

MIB: Final = 1024 * 1024
KINDS: Final = ("outputs", "edits", "uploads")
READ: Final = """
    SELECT platform_id, kind, sum(files)::bigint, sum(size_bytes)::bigint
      FROM (SELECT platform_id, kind, files, size_bytes FROM storage_storageuse
            UNION ALL SELECT platform_id, kind, files, size_bytes FROM storage_storageusestep) each
     WHERE %(platform)s::uuid IS NULL OR platform_id = %(platform)s
     GROUP BY platform_id, kind ORDER BY platform_id, kind
"""
# Of those steps alone that no other process adds up at this moment.
ADD_UP: Final = """
    WITH taken AS (
        DELETE FROM storage_storageusestep WHERE id IN (
            SELECT id FROM storage_storageusestep ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED)
        RETURNING platform_id, kind, files, size_bytes
    ), added AS (
        INSERT INTO storage_storageuse AS u (platform_id, kind, files, size_bytes)
        SELECT platform_id, kind, sum(files), sum(size_bytes) FROM taken GROUP BY platform_id, kind
        ORDER BY platform_id, kind
        ON CONFLICT (platform_id, kind) DO UPDATE
           SET files = u.files + excluded.files, size_bytes = u.size_bytes + excluded.size_bytes
    )
    SELECT count(*) FROM taken
"""
MOST_STEPS: Final = 10_000


class StorageFull(Problem):
    """The platform's quota has no room for more."""

    code = "storage_full"
    status = 507
    title = gettext_noop("This platform's storage is full")
    detail = gettext_noop(
        "%(used)s of %(quota)s MiB are used. Nothing was created or charged. Delete pictures, let the hub's staff keep "
        "them for a shorter time, or ask them for more."
    )


@dataclass(frozen=True)
class Use:
    """What is stored of one kind for a platform."""

    platform_id: uuid.UUID
    kind: str
    files: int
    size_bytes: int


def read_use(platform_id: uuid.UUID | None = None) -> Iterator[Use]:
    """Yield what is stored for a platform, or for each, by kind; nothing of a kind that never was."""
    with connection.cursor() as cursor:
        cursor.execute(READ, {"platform": platform_id})
        yield from (Use(*row) for row in cursor.fetchall())


def check_room(platform_id: uuid.UUID, *, adding_bytes: int = 0) -> None:
    """Raise StorageFull when a platform's quota is used up, or would be by so many bytes more."""
    quota = (
        Platform.objects.filter(pk=platform_id).values_list("storage_quota_mib", flat=True).first()
    )
    if quota is None:
        return
    used = sum(use.size_bytes for use in read_use(platform_id))
    if used >= quota * MIB or used + adding_bytes > quota * MIB:
        raise StorageFull(used=-(-used // MIB), quota=quota)


def add_up_use() -> None:
    """Add up what has changed since the last turn: reads stay quick."""
    is_more = True
    while is_more:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ADD_UP, {"most": MOST_STEPS})
            is_more = cursor.fetchone()[0] == MOST_STEPS
