"""Secrets that the hub must be able to read again, such as vendors' keys: sealed by Fernet with keys of their own.

The first of ENCRYPTION_KEYS seals, each opens: to change it, put a new one in front, run `manage.py reseal_keys`, and
take the old one away.
"""

from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class NotSealable(Exception):
    """No key of the hub's own is configured, or none of them opens this."""


def seal(text: str) -> str:
    """Return a text sealed by the newest key; raise NotSealable without one."""
    return keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed; raise NotSealable when no key opens it."""
    try:
        return keys().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise NotSealable("none of ENCRYPTION_KEYS opens it") from error


def reseal(sealed: str) -> str:
    """Return what was sealed by any key, sealed by the newest one; raise NotSealable when no key opens it."""
    try:
        return keys().rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise NotSealable("none of ENCRYPTION_KEYS opens it") from error


def keys() -> MultiFernet:
    """Return the hub's own keys, the newest first; raise NotSealable without any."""
    if not settings.ENCRYPTION_KEYS:
        raise NotSealable("ENCRYPTION_KEYS is not set")
    return fernet_of(tuple(settings.ENCRYPTION_KEYS))


@cache
def fernet_of(texts: tuple[str, ...]) -> MultiFernet:
    """Return keys ready for use; raise ImproperlyConfigured for what is none."""
    try:
        return MultiFernet([Fernet(text) for text in texts])
    except ValueError as error:
        raise ImproperlyConfigured(
            "ENCRYPTION_KEYS holds what is no key: each is 32 bytes in url-safe base64, as "
            "`python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'` makes them"
        ) from error
