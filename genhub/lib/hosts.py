"""Which names the hub answers to: those of ALLOWED_HOSTS; what probes read under any: they call an address."""

from typing import Any

from django.http import HttpRequest
from django.middleware.common import CommonMiddleware

HEALTH_PATHS = frozenset(
    {"/api/v1/health", "/api/v1/health/live", "/api/v1/health/ready", "/api/v1/health/startup"}
)
PROBED_PATHS = HEALTH_PATHS | {"/metrics"}


class HostMiddleware(CommonMiddleware):
    """Django's common middleware, which refuses a foreign Host, for all but a probe that reads."""

    def __call__(self, request: HttpRequest) -> Any:
        """Refuse a foreign Host; probes read no address of the hub, so that a false one does no harm there."""
        if request.path in PROBED_PATHS and request.method in {"GET", "HEAD"}:
            return self.get_response(request)
        return super().__call__(request)
