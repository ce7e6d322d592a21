"""One key, one create: what a caller's Idempotency-Key made, whatever kind of thing it was."""

import hashlib
import json
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from genhub.lib.errors import IdempotencyKeyInUse, IdempotencyKeyReused
from genhub.lib.ids import oldest_id
from genhub.lib.planned import planned_cursor
from genhub.platforms.models import IdempotencyKey

Scope = IdempotencyKey.Scope
# So long an equal request beside one that has not committed yet waits for it: far longer than any create takes.
PATIENCE_SECONDS = 5
RETRY_AFTER = {"Retry-After": "1"}
# One statement, since an order's are counted: it waits so long for an equal key, and leaves later ones as patient as
# they were.
KEEP = """
    WITH patience AS MATERIALIZED (
        SELECT current_setting('lock_timeout') AS usual, set_config('lock_timeout', %(patience)s, true) AS present
    )
    INSERT INTO platforms_idempotencykey (platform_id, "user", scope, key, fingerprint, made_id)
    SELECT %(platform_id)s, %(user)s, %(scope)s, %(key)s, %(fingerprint)s, %(made_id)s
      FROM patience WHERE present IS NOT NULL
    RETURNING (SELECT set_config('lock_timeout', usual, true) FROM patience)
"""


@dataclass(frozen=True)
class Use:
    """A request that may be repeated: whose, the key (empty: none was sent), and a digest that tells bodies apart."""

    platform_id: uuid.UUID
    user: str
    scope: Scope
    key: str
    fingerprint: str


def digest(said: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON of what was said."""
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


# One column of a statement that may read more besides; `judge_earlier` takes it.
EARLIER = """
    (SELECT ARRAY[k.made_id::text, k.fingerprint] FROM platforms_idempotencykey k
      WHERE k.platform_id = %(platform_id)s AND k."user" = %(user)s AND k.scope = %(scope)s AND k.key = %(key)s)
"""


def judge_earlier(use: Use, earlier: list[str] | None) -> uuid.UUID | None:
    """Return what a key made before, as EARLIER read it; raise IdempotencyKeyReused when its body was another."""
    if not earlier:
        return None
    made_id, fingerprint = earlier
    if fingerprint != use.fingerprint:
        raise IdempotencyKeyReused
    return uuid.UUID(made_id)


def find_earlier(use: Use) -> uuid.UUID | None:
    """Return the id of what this key made before; raise IdempotencyKeyReused when its body was another."""
    if not use.key:
        return None
    with planned_cursor() as cursor:
        cursor.execute(f"SELECT {EARLIER}", vars(use))
        (earlier,) = cursor.fetchone()
    return judge_earlier(use, earlier)


def find_latest(use: Use, age: timedelta, *, ending: str = "") -> str | None:
    """Return the newest key up to this age that is the use's text and a UUIDv7 in hexadecimal, with this ending or
    another: a range of the index."""
    first, last = oldest_id(age).hex, "f" * 32
    keys = IdempotencyKey.objects.filter(
        platform_id=use.platform_id, user=use.user, scope=use.scope,
        key__range=(f"{use.key}{first}", f"{use.key}{last}"), key__endswith=ending,
    )  # fmt: skip
    return keys.order_by("-key").values_list("key", flat=True).first()


def rename(use: Use, key: str) -> None:
    """Have what a key made known by another one, in the transaction that looked for it."""
    keys = IdempotencyKey.objects.filter(
        platform_id=use.platform_id, user=use.user, scope=use.scope
    )
    keys.filter(key=use.key).update(key=key)


def keep(use: Use, made_id: uuid.UUID) -> None:
    """Note what a key makes, in the transaction that makes it: an equal request beside it waits here for its commit and
    gets an IntegrityError then, or IdempotencyKeyInUse where that takes too long. Without a key nothing is written."""
    if not use.key:
        return
    words = {**vars(use), "made_id": made_id, "patience": f"{PATIENCE_SECONDS}s"}
    with planned_cursor() as cursor:
        try:
            cursor.execute(KEEP, words)
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise IdempotencyKeyInUse(headers=RETRY_AFTER) from error
            raise


def forget(scope: Scope, made_ids: Collection[uuid.UUID]) -> None:
    """Delete the keys of what is deleted, in the same transaction."""
    IdempotencyKey.objects.filter(scope=scope, made_id__in=made_ids).delete()
