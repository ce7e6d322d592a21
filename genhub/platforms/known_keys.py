"""The row of a key that somebody sent: nearly every request asks for one."""

from genhub.lib.clock import NOW
from genhub.lib.prepared import Prepared
from genhub.platforms.keys import KEY_SHAPE, generator
from genhub.platforms.models import ApiKey

LIVING = Prepared(
    lambda prefix: (
        ApiKey.objects.living()
        .filter(prefix=prefix)
        .select_related("platform__plan")
        .annotate(now=NOW)
    ),
    "prefix",
)


def find_key(key: str) -> ApiKey | None:
    """Return the live row of this key with its platform and the database's time, or None when it is unknown, revoked
    or expired."""
    # What no key of ours looks like is not looked for.
    if not KEY_SHAPE.fullmatch(key):
        return None
    row = next(iter(LIVING.find(key.partition(".")[0])), None)
    return row if row and generator.verify(key, row.hashed_key) else None
