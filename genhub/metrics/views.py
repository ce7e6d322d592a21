"""`/metrics`: for this machine, or for who knows METRICS_TOKEN; nobody else learns that it is there."""

import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.exposition import choose_encoder

from genhub.api.outside import address_unknown
from genhub.lib.addresses import read_address
from genhub.lib.requestlog import client_ip
from genhub.metrics.hub import FOLLOWER
from genhub.metrics.ledger import LEDGER
from genhub.metrics.registry import REGISTRY


@require_safe
@never_cache
def serve_metrics(request: HttpRequest) -> HttpResponse:
    """Answer every figure, in the text format or as OpenMetrics by what is asked for; 404 to strangers."""
    if not may_read(request):
        return address_unknown(request, Http404())
    FOLLOWER.catch_up()
    LEDGER.catch_up()
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(REGISTRY), content_type=content_type)


def may_read(request: HttpRequest) -> bool:
    """Return whether a request comes from this machine itself, or brings the token."""
    token, said = settings.METRICS_TOKEN, request.headers.get("Authorization", "")
    if token and hmac.compare_digest(said.encode(), f"Bearer {token}".encode()):
        return True
    if "X-Forwarded-For" in request.headers and not settings.BEHIND_PROXY:
        # Somebody stands in front whom nobody told us of: who asks is not who connects.
        return False
    address = read_address(client_ip(request))
    return address is not None and address.is_loopback
