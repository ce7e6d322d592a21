"""One log line per request: id, method, url, status, seconds, client ip, trace if there is one. Never a body, a query
or any other header, nor a key that somebody put into the address."""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from genhub.lib import requestid, tracing
from genhub.lib.hiding import hide_secrets

logger = logging.getLogger("genhub.requests")

# Asked every few seconds, for ever.
PROBES: Final = ("/api/v1/health", "/metrics", "/static/")
SERVER_ERROR: Final = 500


def client_ip(request: HttpRequest) -> str:
    """Return who asks: behind our own proxy the last address that it added, else the connection's."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")


def follow(request: HttpRequest) -> AbstractContextManager[tracing.Span]:
    """Tell a request as part of the trace that it names, or as the beginning of one, until its answer is there; what
    only asks whether the hub lives begins none."""
    kind: tracing.Kind = "internal" if request.path.startswith(PROBES) else "server"
    parent = tracing.read_parent(request.META.get(tracing.BROUGHT, ""))
    return tracing.span(str(request.method), parent=parent, kind=kind)


def tell(span: tracing.Span, request: HttpRequest, response: HttpResponse) -> None:
    """Say which door a request came to and what it was answered; the address itself may hold what nobody may read."""
    door = request.resolver_match
    route = f"/{door.route}" if door else "unknown"
    span.rename(f"{request.method} {route}")
    span.note(
        http__request__method=str(request.method),
        http__route=route,
        http__response__status_code=response.status_code,
        request=requestid.current.get(),
    )
    if response.status_code >= SERVER_ERROR:
        span.fail(str(response.status_code))


class RequestLogMiddleware:
    """Log each request after it was answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, then log it; the query is left out since a signed link carries its signature there."""
        started = time.perf_counter()
        request_id = requestid.settle(request.META)
        with requestid.working_for(request_id), follow(request) as span:
            response = self.get_response(request)
            tell(span, request, response)
            trace_id = tracing.trace_id()
        response[requestid.HEADER] = request_id
        logger.info(
            "request",
            extra={
                "request_id": request_id,
                "method": request.method,
                "url": hide_secrets(request.path),
                "status": response.status_code,
                "seconds": round(time.perf_counter() - started, 4),
                "client_ip": client_ip(request),
                **({"trace_id": trace_id} if trace_id else {}),
            },
        )
        return response
