"""A key's new secret: the row stays, and with it its rights, limits, budgets and open streams; the earlier secret works
for a while longer."""

import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least, Now

from genhub.lib.errors import Problem, gettext_noop
from genhub.platforms.key_models import ApiKey
from genhub.platforms.keys import generator


class KeyRotated(Problem):
    """The secret that asks for a new one was replaced in the same moment."""

    code = "key_rotated"
    status = 409
    title = gettext_noop("The key was just given another secret")
    detail = gettext_noop(
        "Nothing was changed by this request. Use the newer secret, or ask the hub's staff for one."
    )


@transaction.atomic
def rotate(key_id: uuid.UUID, *, overlap: timedelta, used_prefix: str = "") -> tuple[ApiKey, str]:
    """Give a key a new secret, and return its row and the key as it is shown this once.

    Who rotates by the earlier secret never got the newer one, or lost it: that one goes, and the earlier one works on
    for as long as it was left, never longer. Else the one in force becomes the earlier one.
    """
    row = ApiKey.objects.select_for_update(no_key=True).get(pk=key_id)
    key, prefix, hashed_key = generator.generate()
    until = Now() + overlap
    if used_prefix and used_prefix == row.previous_prefix:
        earlier: dict[str, Any] = {"previous_until": Least(F("previous_until"), until)}
    elif used_prefix in {"", row.prefix}:
        earlier = {
            "previous_prefix": row.prefix,
            "previous_hashed_key": row.hashed_key,
            "previous_until": until,
        }
    else:
        raise KeyRotated
    ApiKey.objects.filter(pk=key_id).update(prefix=prefix, hashed_key=hashed_key, **earlier)
    return ApiKey.objects.select_related("platform__plan").get(pk=key_id), key
