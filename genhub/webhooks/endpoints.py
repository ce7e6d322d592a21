"""Endpoints and their secrets: made, changed, switched off and on. Locks: the endpoint, then its deliveries."""

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from genhub.lib.clock import NOW
from genhub.lib.errors import gettext_noop, refuse_field
from genhub.lib.ids import new_id, to_wire
from genhub.lib.sealing import NotSealable, reseal, seal, unseal
from genhub.platforms import idempotency
from genhub.platforms.models import Platform
from genhub.webhooks.addresses import check_url
from genhub.webhooks.errors import OrdersEndpointExists, SecretsNotKept, TooManyEndpoints
from genhub.webhooks.models import ENDPOINT, Delivery, Endpoint
from genhub.webhooks.signing import new_secret

logger = logging.getLogger(__name__)

MOST_ENDPOINTS: Final = 20
# So long both secrets sign, for receivers to change theirs.
BOTH_SIGN: Final = timedelta(hours=24)
NOT_ITS_OWN = gettext_noop(
    "This endpoint signs the calls to addresses that orders name; it has none of its own."
)
NEEDS_ONE = gettext_noop("This endpoint needs its address; switch it off instead.")


def create(
    platform_id: uuid.UUID,
    *,
    url: str,
    events: Sequence[str],
    description: str = "",
    use: idempotency.Use | None = None,
) -> tuple[Endpoint, str]:
    """Make an endpoint and return it with its secret, which is shown this once; the earlier one, and no secret, for a
    key that made it before."""
    if use and (earlier := idempotency.find_earlier(use)):
        return Endpoint.objects.get(pk=earlier), ""
    check_new(platform_id, url)
    try:
        return write(platform_id, url=url, events=events, description=description, use=use)
    except IntegrityError:
        # The key made one in a request beside this one, or somebody made the one endpoint without an address.
        if use and (earlier := idempotency.find_earlier(use)):
            return Endpoint.objects.get(pk=earlier), ""
        check_new(platform_id, url)
        raise


def check_new(platform_id: uuid.UUID, url: str) -> None:
    """Raise what would keep a new endpoint from being made."""
    rows = live(platform_id)
    if url:
        check_url(url, "url")
    elif existing := rows.filter(url="").first():
        raise OrdersEndpointExists(id=to_wire(ENDPOINT, existing.pk))
    if rows.count() >= MOST_ENDPOINTS:
        raise TooManyEndpoints(most=MOST_ENDPOINTS)


def check_changed(endpoint: Endpoint, url: str) -> None:
    """Raise InvalidRequest when this cannot be the new address of an endpoint."""
    if not endpoint.url:
        raise refuse_field("url", "fixed", NOT_ITS_OWN)
    if not url:
        raise refuse_field("url", "required", NEEDS_ONE)
    check_url(url, "url")


@transaction.atomic
def write(
    platform_id: uuid.UUID,
    *,
    url: str,
    events: Sequence[str],
    description: str,
    use: idempotency.Use | None,
) -> tuple[Endpoint, str]:
    """Write key and endpoint, or nothing at all."""
    endpoint_id, secret = new_id(), new_secret()
    if use:
        idempotency.keep(use, endpoint_id)
    # Held, so that those who make endpoints of one platform count one after the other.
    Platform.objects.select_for_update(no_key=True).get(pk=platform_id)
    if live(platform_id).count() >= MOST_ENDPOINTS:
        raise TooManyEndpoints(most=MOST_ENDPOINTS)
    row = Endpoint.objects.create(
        id=endpoint_id,
        platform_id=platform_id,
        url=url,
        events=list(events),
        description=description,
        secret=seal_secret(secret),
    )
    return Endpoint.objects.get(pk=row.pk), secret


def live(platform_id: uuid.UUID) -> Any:
    """Return a platform's endpoints."""
    return Endpoint.objects.filter(platform_id=platform_id, removed_at=None)


def seal_secret(secret: str) -> str:
    """Return a secret sealed; raise SecretsNotKept where the hub has no key of its own."""
    try:
        return seal(secret)
    except (NotSealable, ImproperlyConfigured) as error:
        raise SecretsNotKept from error


@transaction.atomic
def change(endpoint_id: uuid.UUID, **words: Any) -> None:
    """Change what is said of an endpoint: url, events, description, is_enabled."""
    endpoint = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint_id)
    if "url" in words:
        check_changed(endpoint, words["url"])
    is_enabled = words.pop("is_enabled", endpoint.is_enabled)
    # Whoever asks for more, or elsewhere, is promised it from now on.
    if words.keys() & {"url", "events"}:
        words["asks_since"] = Now()
    if words:
        Endpoint.objects.filter(pk=endpoint_id).update(**words)
    if is_enabled and not endpoint.is_enabled:
        enable(endpoint_id)
    if not is_enabled and endpoint.is_enabled:
        disable(endpoint_id, Endpoint.Why.ASKED)


def enable(endpoint_id: uuid.UUID) -> None:
    """Switch an endpoint on with a clean sheet. What was held stays so until somebody replays it."""
    Endpoint.objects.filter(pk=endpoint_id).update(
        is_enabled=True, disabled_why="", disabled_at=None, failures=0, failing_since=None
    )


@transaction.atomic
def disable(endpoint_id: uuid.UUID, why: Endpoint.Why) -> None:
    """Switch an endpoint off, and hold what waits for it; nothing when it is off already."""
    if not Endpoint.objects.filter(pk=endpoint_id, is_enabled=True).update(
        is_enabled=False, disabled_why=why, disabled_at=Now()
    ):
        return
    waiting = Delivery.objects.filter(endpoint_id=endpoint_id, state=Delivery.State.WAITING)
    waiting.update(state=Delivery.State.HELD)
    logger.warning("webhook endpoint %s is off: %s", to_wire(ENDPOINT, endpoint_id), why.label)


@transaction.atomic
def remove(endpoint_id: uuid.UUID) -> None:
    """Take an endpoint away for good, its secrets with it."""
    disable(endpoint_id, Endpoint.Why.ASKED)
    Endpoint.objects.filter(pk=endpoint_id).update(
        removed_at=Coalesce(F("removed_at"), Now()), secret="", previous_secret="", previous_until=None
    )  # fmt: skip


@transaction.atomic
def rotate(endpoint_id: uuid.UUID) -> str:
    """Give an endpoint a new secret and return it, shown this once; the one before signs, too, for a day."""
    secret = new_secret()
    endpoint = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint_id)
    Endpoint.objects.filter(pk=endpoint_id).update(
        secret=seal_secret(secret), previous_secret=endpoint.secret, previous_until=Now() + BOTH_SIGN
    )  # fmt: skip
    return secret


@transaction.atomic
def reseal_secrets(endpoint_id: uuid.UUID) -> int:
    """Seal an endpoint's secrets by the hub's newest key and return how many; raise NotSealable when none opens one."""
    endpoint = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint_id)
    found = {
        name: reseal(sealed)
        for name in ("secret", "previous_secret")
        if (sealed := getattr(endpoint, name))
    }
    Endpoint.objects.filter(pk=endpoint_id).update(**found)
    return len(found)


def secrets_of(endpoint: Any) -> list[str]:
    """Return the secrets in force of an endpoint that was read with `now`, the newest first; raise NotSealable."""
    sealed = [endpoint.secret]
    if endpoint.previous_until and endpoint.previous_until > endpoint.now:
        sealed.append(endpoint.previous_secret)
    return [unseal(secret) for secret in sealed]


def note_success(endpoint_id: uuid.UUID) -> None:
    """Note that an endpoint takes what it is sent."""
    Endpoint.objects.filter(pk=endpoint_id, failures__gt=0).update(failures=0, failing_since=None)


@transaction.atomic
def note_failure(endpoint_id: uuid.UUID) -> None:
    """Count a failure of an endpoint with an address; one that has only failed for days is switched off."""
    rows = Endpoint.objects.select_for_update(no_key=True).annotate(now=NOW)
    endpoint = rows.filter(pk=endpoint_id).exclude(url="").first()
    if endpoint is None:
        return
    since = endpoint.failing_since or endpoint.now
    Endpoint.objects.filter(pk=endpoint_id).update(failures=F("failures") + 1, failing_since=since)
    if endpoint.now - since >= timedelta(days=settings.WEBHOOK_FAILING_DAYS):
        disable(endpoint_id, Endpoint.Why.FAILING)
