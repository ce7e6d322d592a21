"""Where Volcengine Ark makes pictures and clips, and how it words failures (volcengine.com/docs/82379/1299023)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from generation.providers.http import VendorApi
from generation.providers.sorting import Meaning, Said

BASE_URL = "https://ark.cn-beijing.volces.com/api/v3"
TASKS = "contents/generations/tasks"
# By the beginning of a code.
MEANINGS = {
    "AccountOverdue": Meaning.QUOTA,
    "QuotaExceeded": Meaning.QUOTA,
    "SetLimitExceeded": Meaning.QUOTA,
    "RateLimitExceeded": Meaning.BUSY,
    "ServerOverloaded": Meaning.BROKEN,
    "AuthenticationError": Meaning.KEY,
    "AccessDenied": Meaning.KEY,
    "ModelNotOpen": Meaning.KEY,
}
REFUSALS = ("SensitiveContentDetected", "RiskDetection")


class Fault(msgspec.Struct):
    """Why something is not there."""

    code: str | None = None
    message: str | None = None


class Tasks(msgspec.Struct):
    """A page of the tasks of the last seven days: videos."""

    total: int | None = None


def count_tasks(api: VendorApi) -> Mapping[str, Any]:
    """Ask how many videos there are: the cheapest question that needs the key."""
    return {"tasks": api.get(f"{TASKS}?page_num=1&page_size=1").parse(Tasks).total}


def explain(status: int, body: Any) -> Said | None:
    """Read `{"error": {code, message, type, param}}`."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None
    return said_of(Fault(str(error.get("code") or ""), str(error.get("message") or "")))


def said_of(fault: Fault) -> Said:
    """Return what a code means; it may go on after a dot."""
    code = fault.code or ""
    meaning = next((value for name, value in MEANINGS.items() if code.startswith(name)), None)
    if any(word in code for word in REFUSALS):
        meaning = Meaning.REFUSED
    return Said(code, fault.message or "", meaning)
