"""What platforms keep of a user: keys of creates and browser tokens go, an API key of the user's own ends."""

from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from genhub.platforms.browser_tokens.models import BrowserToken
from genhub.platforms.models import ApiKey, IdempotencyKey
from genhub.retention.erasing import Left, Owner, Step, count_left, delete, of
from genhub.retention.rules import Gone


def delete_keys(owner: Owner) -> Gone:
    """Delete the user's idempotency keys."""
    return delete(of(IdempotencyKey, owner))


def delete_tokens(owner: Owner) -> Gone:
    """Delete the browser tokens that act for the user; whoever holds one is refused at once."""
    return delete(of(BrowserToken, owner))


def rename(owner: Owner) -> None:
    """End the user's API keys, and call them otherwise: people name keys after their holders."""
    of(ApiKey, owner).update(
        user=owner.alias, name=owner.alias, revoked_at=Coalesce("revoked_at", Now())
    )


STEPS = (
    Step("idempotency_keys", _("Idempotency keys"), delete_keys),
    Step("browser_tokens", _("Browser tokens"), delete_tokens),
)
KEPT = (
    Left(
        "api_keys",
        _("API keys of the user's own"),
        _("They are revoked; budgets and orders name them."),
        count_left(ApiKey),
    ),
)
