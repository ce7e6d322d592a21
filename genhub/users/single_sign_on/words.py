"""The hub's settings in the words that mozilla-django-oidc reads."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.urls import reverse

from genhub.users.single_sign_on import provider

WORDS: Final[dict[str, Callable[[], Any]]] = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": lambda: provider.discover()["authorization_endpoint"],
    "OIDC_RP_CLIENT_ID": lambda: settings.OIDC_CLIENT_ID,
    "OIDC_RP_CLIENT_SECRET": lambda: settings.OIDC_CLIENT_SECRET,
    "OIDC_RP_SCOPES": lambda: settings.OIDC_SCOPES,
    "OIDC_USE_NONCE": lambda: True,
    "OIDC_USE_PKCE": lambda: True,
    "OIDC_AUTHENTICATION_CALLBACK_URL": lambda: "oidc-callback",
    "LOGIN_REDIRECT_URL": lambda: reverse("admin:index"),
    "LOGIN_REDIRECT_URL_FAILURE": lambda: reverse("admin:login"),
}


def read_setting(name: str, *default: Any) -> Any:
    """Return a setting by the library's name for it; its own default for those that the hub does not set."""
    if name in WORDS:
        return WORDS[name]()
    if default:
        return default[0]
    raise LookupError(name)
