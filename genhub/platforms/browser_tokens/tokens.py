"""Browser tokens are minted, found and ended here."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, QuerySet
from django.db.models.functions import Least, Now
from django.utils.crypto import get_random_string
from rest_framework_api_key.crypto import KeyGenerator

from genhub.lib.ids import from_wire, new_id
from genhub.platforms import idempotency
from genhub.platforms.browser_tokens.models import PREFIX_LENGTH, TOKEN, BrowserToken, TokenOrigin
from genhub.platforms.key_models import LONG_AGO
from genhub.platforms.models import ApiKey, Scope

START = "tok_"
SECRET_LENGTH = 40
SHAPE = re.compile(
    rf"{START}[A-Za-z0-9]{{{PREFIX_LENGTH - len(START)}}}\.[A-Za-z0-9]{{{SECRET_LENGTH}}}", re.ASCII
)
# What a browser may be trusted with: never with making credits or tokens, nor with what concerns other users.
FOR_TOKENS = (Scope.TASKS_WRITE, Scope.TASKS_READ, Scope.CREDITS_READ)


class TokenGenerator(KeyGenerator):
    """Secrets of tokens, hashed and compared as those of keys."""

    def get_prefix(self) -> str:
        """Return the public part, by which a leaked token is recognised."""
        return START + get_random_string(PREFIX_LENGTH - len(START))


generator = TokenGenerator(prefix_length=PREFIX_LENGTH, secret_key_length=SECRET_LENGTH)


@dataclass(frozen=True)
class Terms:
    """For whom a token is, and how far it reaches."""

    user: str
    origins: Sequence[str]
    scopes: Sequence[str]
    max_credits: int
    lifetime: timedelta


def mint(
    key: ApiKey, terms: Terms, *, use: idempotency.Use | None = None
) -> tuple[BrowserToken, str]:
    """Make a token and return it with its secret, which is shown this once; the earlier one, and no secret, for an
    Idempotency-Key that minted it before."""
    if use and (earlier := idempotency.find_earlier(use)):
        return read(earlier), ""
    try:
        return write(key, terms, use)
    except IntegrityError:
        # A request beside this one used the key and has committed since.
        if use and (earlier := idempotency.find_earlier(use)):
            return read(earlier), ""
        raise


@transaction.atomic
def write(key: ApiKey, terms: Terms, use: idempotency.Use | None) -> tuple[BrowserToken, str]:
    """Write a token and its origins, or nothing at all."""
    token_id = new_id()
    if use:
        idempotency.keep(use, token_id)
    secret, prefix, hashed_secret = generator.generate()
    ends = Now() + terms.lifetime
    BrowserToken.objects.create(
        id=token_id,
        platform_id=key.platform_id,
        key=key,
        user=terms.user,
        origins=list(terms.origins),
        scopes=list(terms.scopes),
        max_credits=terms.max_credits,
        prefix=prefix,
        hashed_secret=hashed_secret,
        # Never promised for longer than its key lives.
        expires_at=Least(ends, key.expires_at) if key.expires_at else ends,
    )
    token = read(token_id)
    TokenOrigin.objects.bulk_create(
        TokenOrigin(token=token, origin=origin, expires_at=token.expires_at)
        for origin in terms.origins
    )
    return token, secret


def living() -> QuerySet[BrowserToken]:
    """Return the tokens that are neither revoked nor expired, of keys that live."""
    rows = BrowserToken.objects.filter(revoked_at=None, expires_at__gt=Now())
    return rows.filter(Exists(ApiKey.objects.living().filter(pk=OuterRef("key_id"))))


def mark_alive(rows: QuerySet[BrowserToken]) -> QuerySet[BrowserToken]:
    """Return tokens with `is_alive`, judged by the database's clock."""
    return rows.annotate(is_alive=Exists(living().filter(pk=OuterRef("pk"))))


def read(token_id: uuid.UUID) -> BrowserToken:
    """Return a token that there is, with `is_alive`."""
    return mark_alive(BrowserToken.objects.filter(pk=token_id)).get()


def find(secret: str) -> BrowserToken | None:
    """Return the token of a secret with its key and platform, `is_alive`, and whether its use is news; None when there
    is none such."""
    if not SHAPE.fullmatch(secret):
        return None
    rows = mark_alive(BrowserToken.objects.filter(prefix=secret.partition(".")[0]))
    is_use_news = ExpressionWrapper(LONG_AGO, BooleanField())
    rows = rows.annotate(is_use_news=is_use_news)
    row = rows.select_related("key__platform__plan").first()
    return row if row and generator.verify(secret, row.hashed_secret) else None


def list_tokens(platform_id: uuid.UUID, user: str | None) -> QuerySet[BrowserToken]:
    """Return the tokens of a platform, or of one user of it."""
    rows = mark_alive(BrowserToken.objects.filter(platform_id=platform_id))
    return rows if user is None else rows.filter(user=user)


def find_minted(platform_id: uuid.UUID, user: str | None, wire_id: str) -> BrowserToken | None:
    """Return a token among those of a platform (and user), or None."""
    return list_tokens(platform_id, user).filter(pk=from_wire(TOKEN, wire_id)).first()


def revoke(token_id: uuid.UUID) -> None:
    """End a token for good: the next request with it is refused. The second time it does nothing."""
    BrowserToken.objects.filter(pk=token_id, revoked_at=None).update(revoked_at=Now())


def note_use(token: Any) -> None:
    """Write when a token that was found was used, unless somebody did so within a minute."""
    if token.is_use_news:
        BrowserToken.objects.filter(LONG_AGO, pk=token.pk).update(last_used_at=Now())
