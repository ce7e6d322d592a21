"""Whether a caller has what an ETag names (RFC 9110, If-None-Match)."""

from django.http import HttpRequest
from django.utils.http import parse_etags


def is_known(request: HttpRequest, tag: str) -> bool:
    """Return whether the request says that it has this already; compared weakly, as reads are."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return known == ["*"] or tag.removeprefix("W/") in {one.removeprefix("W/") for one in known}
