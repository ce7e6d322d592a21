"""Tokens go a day after their end: until then whoever still holds one is told, by CORS too, that it is over."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from genhub.platforms import idempotency
from genhub.platforms.browser_tokens.models import BrowserToken, TokenOrigin
from genhub.retention.rules import Gone, Rule, delete_rows

MARGIN = timedelta(days=1)


def delete_tokens(rows: Sequence[Any]) -> Gone:
    """Delete tokens with their origins and the Idempotency-Keys that minted them."""
    ids = [row.pk for row in rows]
    idempotency.forget(idempotency.Scope.TOKEN, ids)
    TokenOrigin.objects.filter(token__in=ids).delete()
    return delete_rows(rows)


RULES = (
    Rule(
        "browser_tokens",
        _("Browser tokens, a day after their end"),
        BrowserToken.objects.all,
        margin=MARGIN,
        since="expires_at",
        delete=delete_tokens,
    ),
)
