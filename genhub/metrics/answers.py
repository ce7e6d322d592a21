"""The answers of this server: how many, how quick, and what was refused."""

import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

from genhub.api.outside import API_PATHS
from genhub.lib.waits import ASKED
from genhub.metrics.registry import OTHER, REGISTRY

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Of these each address counts by itself; of the pages of staff and the rest, the first word.
APIS = tuple(path.lstrip("/") for path in API_PATHS)
HELD = "held"
FIRST_BAD = 400
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

ANSWERS = Counter(
    "genhub_http_requests", "Requests answered.", ["method", "route", "status"], registry=REGISTRY
)
SECONDS = Histogram(
    "genhub_http_request_seconds",
    "Seconds that a thread of the web server was at an answer; what waits for a task holds none meanwhile.",
    ["route"],
    buckets=BUCKETS,
    registry=REGISTRY,
)
REFUSALS = Counter(
    "genhub_refusals",
    "Requests of the API that were refused, by code.",
    ["code"],
    registry=REGISTRY,
)


class MetricsMiddleware:
    """Count each request once it was answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, then count it."""
        began = time.perf_counter()
        response = self.get_response(request)
        route = route_of(request)
        method = request.method if request.method in METHODS else OTHER
        # Kept until what it waits for has come, and given then if nothing better can be said.
        status = HELD if ASKED in request.META else response.status_code
        ANSWERS.labels(method, route, status).inc()
        SECONDS.labels(route).observe(time.perf_counter() - began)
        if status != HELD and (code := code_of(response)):
            REFUSALS.labels(code).inc()
        return response


def route_of(request: HttpRequest) -> str:
    """Return the pattern of a request's address, never the address: it may hold anything."""
    match = request.resolver_match
    if match is None:
        return "none"
    return match.route if match.route.startswith(APIS) else match.route.partition("/")[0] or "root"


def code_of(response: HttpResponse) -> str:
    """Return the code of a refusal; of any other answer nothing."""
    if response.status_code < FIRST_BAD:
        return ""
    data: Any = getattr(response, "data", None)
    return str(data.get("code", "")) if isinstance(data, dict) else ""
