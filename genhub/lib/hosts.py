"""Which names the hub answers to: those of ALLOWED_HOSTS; health under any, since probes call an address."""

from typing import Any

from django.http import HttpRequest
from django.middleware.common import CommonMiddleware

PROBED_PATH = "/api/v1/health"


class HostMiddleware(CommonMiddleware):
    """Django's common middleware, which refuses a foreign Host, for all but a probe that reads health."""

    def __call__(self, request: HttpRequest) -> Any:
        """Refuse a foreign Host; health names no address of the hub, so that a false one does no harm there."""
        if request.path == PROBED_PATH and request.method in {"GET", "HEAD"}:
            return self.get_response(request)
        return super().__call__(request)
