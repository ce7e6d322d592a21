"""Who signs in by the provider: mozilla-django-oidc leads, what it asks and believes is ours.

Its own backend takes tokens for any audience, of any issuer, and calls addresses by itself.
"""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from genhub.users.models import User
from genhub.users.signing_in import ThrottledBackend, address_of
from genhub.users.single_sign_on import provider
from genhub.users.single_sign_on.accounts import NotLetIn, find_account
from genhub.users.single_sign_on.words import read_setting

logger = logging.getLogger(__name__)


class OidcBackend(OIDCAuthenticationBackend):
    """Authenticates by the provider's code."""

    get_settings = staticmethod(read_setting)

    def __init__(self) -> None:
        # Each request of a session makes one: nothing is asked of the provider for that.
        self.OIDC_RP_CLIENT_ID = self.get_settings("OIDC_RP_CLIENT_ID")
        self.OIDC_RP_CLIENT_SECRET = self.get_settings("OIDC_RP_CLIENT_SECRET")
        self.UserModel = User

    def authenticate(self, request: HttpRequest | None, **words: Any) -> User | None:
        """Return who a code is of; None for a sign-in of another kind; raise PermissionDenied after logging why not."""
        if request is None or "nonce" not in words:
            return None
        try:
            user: User | None = super().authenticate(request, **words)
        # Two windows of somebody who comes for the first time: one of them made the account.
        except (NotLetIn, provider.TokenRefused, IntegrityError) as error:
            logger.warning("single sign-on from %s refused: %s", address_of(request), error)
            raise PermissionDenied from error
        return user

    def get_token(self, payload: dict[str, str]) -> dict[str, Any]:
        """Return what the provider gives for a code."""
        return provider.trade(payload)

    def verify_token(self, token: Any, **words: Any) -> dict[str, Any]:
        """Return the claims of an ID token."""
        return provider.verify(token, words.get("nonce") or "")

    def get_or_create_user(self, access_token: Any, id_token: Any, payload: Any) -> User:
        """Return the account of claims; the ID token tells all, so nothing further is asked."""
        return find_account(payload)

    def get_user(self, user_id: int) -> User | None:
        """Return who a session is of, as after a password."""
        return ThrottledBackend().get_user(user_id)
