"""One log line per request: id, method, url, status, seconds, client ip. Never a body, a query or any other header,
nor a key that somebody put into the address."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from genhub.lib import requestid
from genhub.lib.hiding import hide_secrets

logger = logging.getLogger("genhub.requests")


def client_ip(request: HttpRequest) -> str:
    """Return who asks: behind our own proxy the last address that it added, else the connection's."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")


class RequestLogMiddleware:
    """Log each request after it was answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, then log it; the query is left out since a signed link carries its signature there."""
        started = time.perf_counter()
        request_id = requestid.settle(request.META)
        with requestid.working_for(request_id):
            response = self.get_response(request)
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
            },
        )
        return response
