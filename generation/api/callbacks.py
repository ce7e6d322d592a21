"""The door for vendors: a callback is a hint to ask now, at an address that only its own attempt has."""

import logging

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation.accounts.adapters import adapter_of
from generation.accounts.callbacks import PREFIX, is_signed
from generation.life import waiting
from generation.models import Attempt
from generation.models.attempt import LONGEST_REMOTE_ID
from generation.providers.base import Hint
from genhub.api.negotiation import WhateverIsAccepted
from genhub.lib.errors import FieldError, InvalidRequest, NotFound, gettext_noop
from genhub.lib.ids import from_wire

logger = logging.getLogger(__name__)


@extend_schema(exclude=True)
class CallbackView(APIView):
    """Hear what a vendor says of an order; no key needed, the address is the proof."""

    authentication_classes = []
    permission_classes = []
    content_negotiation_class = WhateverIsAccepted

    def post(self, request: Request, attempt_id: str, signature: str) -> Response:
        """Answer 204 whatever it changed; nothing of the body is believed but an id that was missing."""
        row_id = from_wire(PREFIX, attempt_id)
        found = Attempt.objects.select_related("account").filter(pk=row_id)
        attempt = found.first() if is_signed(row_id, signature) else None
        if attempt is None:
            raise NotFound(thing=gettext_noop("task"))
        waiting.hear(attempt.pk, read_hint(attempt, request).remote_id)
        return Response(status=204)


def read_hint(attempt: Attempt, request: Request) -> Hint:
    """Return what a vendor's words mean; refuse what its adapter does not understand."""
    adapter = adapter_of(attempt.account)
    try:
        hint = adapter.parse_callback(dict(request.headers), request.body)
    except ValueError as error:
        logger.warning("callback of attempt %s not understood: %s", attempt.pk, error)
        message = gettext_noop("This is not what the provider's callbacks look like.")
        raise InvalidRequest(errors=[FieldError("body", "invalid", message)]) from error
    if len(hint.remote_id) > LONGEST_REMOTE_ID:
        message = gettext_noop("At most %(limit)s characters.")
        params = {"limit": LONGEST_REMOTE_ID}
        raise InvalidRequest(errors=[FieldError("id", "too_long", message, params)])
    return hint
