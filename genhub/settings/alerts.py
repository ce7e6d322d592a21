"""Who is told when something is wrong while nobody looks, and from when on it counts."""

import base64
import binascii
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from genhub.settings.parts import at_least, env, first, one_of

__all__ = [
    "ALERT_DISK_MIB", "ALERT_HOLD_SECONDS", "ALERT_LANGUAGE", "ALERT_MAIL_TO", "ALERT_PROBES", "ALERT_QUEUE_SECONDS",
    "ALERT_WEBHOOKS_SECONDS", "ALERT_WEBHOOK_SECRET", "ALERT_WEBHOOK_URL", "DEFAULT_FROM_EMAIL", "EMAIL_HOST",
    "EMAIL_HOST_PASSWORD", "EMAIL_HOST_USER", "EMAIL_PORT", "EMAIL_TIMEOUT", "EMAIL_USE_SSL", "EMAIL_USE_TLS",
]  # fmt: skip

SHORTEST_SECRET_BYTES = 16


def read_people() -> list[str]:
    """Return whom alerts are mailed to."""
    people = [text.strip() for text in first("ALERT_MAIL_TO").split(",") if text.strip()]
    if wrong := [one for one in people if "@" not in one.strip("@") or any(map(str.isspace, one))]:
        raise ImproperlyConfigured(
            f"ALERT_MAIL_TO must be mail addresses, by commas, not {wrong[0]!r}"
        )
    if people and not first("EMAIL_HOST"):
        raise ImproperlyConfigured("ALERT_MAIL_TO needs EMAIL_HOST: which server takes the mail")
    return people


def read_address() -> str:
    """Return where alerts are posted; its path may hold a secret, so no error repeats it."""
    url, secret = first("ALERT_WEBHOOK_URL").strip(), first("ALERT_WEBHOOK_SECRET")
    if bool(url) != bool(secret):
        raise ImproperlyConfigured(
            "ALERT_WEBHOOK_URL and ALERT_WEBHOOK_SECRET are set together, or neither"
        )
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc):
        raise ImproperlyConfigured(
            "ALERT_WEBHOOK_URL must be an address such as https://hooks.example.com/genhub, without name and password"
        )
    return url


def read_secret() -> str:
    """Return what signs them."""
    secret = first("ALERT_WEBHOOK_SECRET")
    try:
        size = len(base64.b64decode(secret.removeprefix("whsec_"), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if secret and size < SHORTEST_SECRET_BYTES:
        raise ImproperlyConfigured(
            "ALERT_WEBHOOK_SECRET must be whsec_ and base64 of at least 16 bytes; make one: "
            "python3 -c 'import base64, secrets; print(\"whsec_\" + base64.b64encode(secrets.token_bytes(32)).decode())'"
        )
    return secret


# Django's own names. Without EMAIL_HOST no mail leaves.
EMAIL_HOST = first("EMAIL_HOST")
EMAIL_PORT = at_least("EMAIL_PORT", 25, 1, 65_535)
EMAIL_HOST_USER = first("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = first("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", default=False)
if EMAIL_USE_TLS and EMAIL_USE_SSL:
    raise ImproperlyConfigured("EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other")
EMAIL_TIMEOUT = at_least("EMAIL_TIMEOUT", 15, 1, 60)
DEFAULT_FROM_EMAIL = first("DEFAULT_FROM_EMAIL", default="genhub@localhost")
ALERT_MAIL_TO = read_people()
# Signed as Standard Webhooks has it.
ALERT_WEBHOOK_URL = read_address()
ALERT_WEBHOOK_SECRET = read_secret()
ALERT_LANGUAGE = one_of("ALERT_LANGUAGE", "en", "zh-hans")
# A condition must hold for so long to begin, and be gone for so long to end.
ALERT_HOLD_SECONDS = at_least("ALERT_HOLD_SECONDS", 60, 0, 3600)
# From when on it is one: the oldest order that waits, the oldest webhook that is due, the room in the home.
ALERT_QUEUE_SECONDS = at_least("ALERT_QUEUE_SECONDS", 900, 1)
ALERT_WEBHOOKS_SECONDS = at_least("ALERT_WEBHOOKS_SECONDS", 300, 1)
ALERT_DISK_MIB = at_least("ALERT_DISK_MIB", 2048, 0)
# What every app looks at; alerts itself knows none of them.
ALERT_PROBES = ("generation.troubles.PROBES",)
