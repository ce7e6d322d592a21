"""Which headers come with which answer of an operation."""

from collections.abc import Iterator
from typing import Any, Final

from django.utils.translation import gettext as _

from genhub.api.etags import ConditionalView

# Of any other refusal: the hub is busy, or not there for a moment.
RETRY: Final = ("429", "503", "default")
IN_USE: Final = "idempotency_key_in_use"
UNKNOWN, FOUND, KNOWN = "401", "302", "304"
DOWNLOADS: Final = frozenset({"text/csv"})
IF_NONE_MATCH: Final = {"in": "header", "name": "If-None-Match", "schema": {"type": "string"}}


def tell_headers(operation: Any, view: Any, method: str) -> None:
    """Say it of each answer, and that a GET with a tag may be answered 304."""
    responses = operation["responses"]
    is_tagged = method == "GET" and (
        isinstance(view, ConditionalView) or getattr(view, "is_tagged", False)
    )
    if is_tagged:
        operation.setdefault("parameters", []).append(IF_NONE_MATCH)
        responses[KNOWN] = {
            "description": _("The caller has it: its If-None-Match names the ETag.")
        }
    waits = any(each["name"] == "Prefer" for each in operation.get("parameters", ()))
    is_placed = method == "POST" and not getattr(view, "is_placeless", False)
    for status, response in responses.items():
        found = dict(headers_of_status(status, response))
        if is_tagged and status in {"200", FOUND, KNOWN}:
            found["ETag"] = header(_("Changes with whatever the answer shows."))
        if is_placed and status in {"201", "202"}:
            found["Location"] = header(_("Where to look next, where there is such an address."))
        if waits and status in {"200", "202"}:
            found |= headers_of_wait()
        response.setdefault("headers", {}).update(found)


def headers_of_status(status: str, response: Any) -> Iterator[tuple[str, Any]]:
    """Yield what follows from an answer alone."""
    yield "X-Request-ID", header(_("The caller's own, else a new one; also in the logs."))
    if status == UNKNOWN:
        yield "WWW-Authenticate", header(_("How a key is said: `Bearer`."))
    if status == FOUND:
        yield "Location", header(_("A fresh link to the file; good for some minutes."))
    if status in RETRY or IN_USE in response.get("x-codes", ()):
        text = _("Seconds, where it is known when to try again.")
        yield "Retry-After", header(text, "integer")
    if not DOWNLOADS.isdisjoint(response.get("content", ())):
        yield "Content-Disposition", header(_("The name to save it under."))


def headers_of_wait() -> dict[str, Any]:
    """Return what an answer says that may have waited."""
    return {
        "Location": header(_("Where to watch the task.")),
        "Preference-Applied": header(_("`wait=N` where the hub waited as it was asked.")),
    }


def header(description: str, kind: str = "string") -> dict[str, Any]:
    """Return a header of an answer."""
    return {"description": description, "schema": {"type": kind}}
