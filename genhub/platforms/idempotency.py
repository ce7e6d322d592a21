"""One key, one create: what a caller's Idempotency-Key made, whatever kind of thing it was."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from genhub.lib.errors import IdempotencyKeyReused
from genhub.platforms.models import IdempotencyKey

Scope = IdempotencyKey.Scope


@dataclass(frozen=True)
class Use:
    """A request that may be repeated: whose, the key (empty: none was sent), and a digest that tells bodies apart."""

    platform_id: uuid.UUID
    user: str
    scope: Scope
    key: str
    fingerprint: str


def find_earlier(use: Use) -> uuid.UUID | None:
    """Return the id of what this key made before; raise IdempotencyKeyReused when its body was another."""
    if not use.key:
        return None
    earlier = IdempotencyKey.objects.filter(
        platform_id=use.platform_id, user=use.user, scope=use.scope, key=use.key
    ).first()
    if earlier and earlier.fingerprint != use.fingerprint:
        raise IdempotencyKeyReused
    return earlier.made_id if earlier else None


def keep(use: Use, made_id: uuid.UUID) -> None:
    """Note what a key makes, in the transaction that makes it: an equal request beside it waits here for its commit and
    gets an IntegrityError then. Without a key nothing is written."""
    if use.key:
        IdempotencyKey.objects.create(**vars(use), made_id=made_id)


def forget(scope: Scope, made_ids: Collection[uuid.UUID]) -> None:
    """Delete the keys of what is deleted, in the same transaction."""
    IdempotencyKey.objects.filter(scope=scope, made_id__in=made_ids).delete()
