"""Single sign-on of staff by OpenID Connect: off until the environment names a provider."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from genhub.lib.public_addresses import looks_private
from genhub.settings.addresses import refuse
from genhub.settings.parts import env, first

__all__ = [
    "AUTHENTICATION_BACKENDS", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_CREATE", "OIDC_GROUPS",
    "OIDC_GROUPS_CLAIM", "OIDC_ISSUER", "OIDC_NAME", "OIDC_SCOPES", "OIDC_SUPERUSER_GROUP", "OIDC_USERNAME_CLAIM",
]  # fmt: skip

BACKEND = "genhub.users.single_sign_on.backend.OidcBackend"
ROLES = ("viewer", "editor", "finance", "operator", "owner")


def read_issuer() -> str:
    """Return the provider's address, exactly as it names itself; plain HTTP is for one inside alone."""
    url = first("OIDC_ISSUER").strip()
    parts = urlsplit(url)
    if not url:
        return ""
    host = parts.hostname or ""
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and looks_private(host))
    if not is_safe or not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise refuse(
            "OIDC_ISSUER", url, "an https:// address, such as https://login.example.com/realms/hub"
        )
    if missing := [name for name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET") if not first(name)]:
        raise ImproperlyConfigured(f"OIDC_ISSUER needs {' and '.join(missing)}, too")
    return url


def read_groups() -> dict[str, str]:
    """Return the hub's role of each group of the provider's, written `their-group=role`, by commas."""
    found = {}
    for text in filter(None, first("OIDC_GROUPS").split(",")):
        group, _equals, role = text.strip().rpartition("=")
        if not group or role not in ROLES:
            wanted = f"pairs by commas, such as hub-editors=editor; roles are {', '.join(ROLES)}"
            raise refuse("OIDC_GROUPS", text, wanted)
        found[group] = role
    return found


OIDC_ISSUER = read_issuer()
OIDC_CLIENT_ID = first("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = first("OIDC_CLIENT_SECRET")
# What the button on the first page calls it.
OIDC_NAME = first("OIDC_NAME", default="OpenID Connect")
OIDC_SCOPES = first("OIDC_SCOPES", default="openid profile email")
# Which claim names the account, and which lists the groups.
OIDC_USERNAME_CLAIM = first("OIDC_USERNAME_CLAIM", default="preferred_username")
OIDC_GROUPS_CLAIM = first("OIDC_GROUPS_CLAIM", default="groups")
OIDC_GROUPS = read_groups()
OIDC_SUPERUSER_GROUP = first("OIDC_SUPERUSER_GROUP")
# Whether an account is made of somebody who has none.
OIDC_CREATE = env.bool("OIDC_CREATE", default=False)

AUTHENTICATION_BACKENDS = ["genhub.users.signing_in.ThrottledBackend"]
if OIDC_ISSUER:
    AUTHENTICATION_BACKENDS.append(BACKEND)
