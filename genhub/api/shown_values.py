"""The values that the document's examples of refusals say, in place of those of a request."""

import re
from collections.abc import Mapping
from typing import Any, Final

from genhub.lib.errors import FieldError, InvalidRequest, Problem, gettext_noop

PLACE: Final = re.compile(r"%\((\w+)\)")
# By the names of places in the words of a refusal.
VALUES: Final[Mapping[str, Any]] = {
    "address": "203.0.113.7", "amount": 5, "available": 90, "deaths": 3, "granted": 48, "id": "ep_01a2244ada1e7c2a8a1f0a6d0c9b7e55",
    "kind": "ad_reward", "limit": 100, "limit_bytes": 1_048_576, "model": "z-image-small", "most": 20,
    "period": "day", "platform": "shop", "policy": "writes", "price": 135, "provider": "midjourney", "quota": 1024,
    "reason": "It shows a person who did not agree.", "resets_at": "2026-12-01T00:00:00Z", "scope": "key",
    "seconds": 42, "spent": 95, "state": "processing", "task": "task_01a2244ada1e7c2a8a1f0a6d0c9b7e55", "template": "shape", "thing": "task", "used": 1024, "wanted": 10,
}  # fmt: skip
# Where a refusal means another thing by a name than most do.
OWN: Final[Mapping[str, Mapping[str, Any]]] = {
    "no_result": {"state": "failed"},
    "queue_full": {"scope": "user"},
    "scope_missing": {"scope": "tasks:write"},
    "task_already_ended": {"state": "completed"},
}
ERRORS: Final = (
    FieldError("prompt", "required", gettext_noop("This field is required.")),
    FieldError("promt", "unknown", gettext_noop("There is no field of this name.")),
)


def show(kind: type[Problem]) -> Problem:
    """Return a refusal as some request might meet it."""
    names = PLACE.findall(kind.detail)
    values = {**VALUES, **OWN.get(kind.code, {})}
    errors = ERRORS if kind is InvalidRequest else ()
    return kind(errors=errors, **{name: values[name] for name in names if name in values})
