"""PostgreSQL itself, where a pooler stands in between that hands out transactions: what it tells by NOTIFY does not
pass through one, nor do programs that set up their own connection."""

from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections


def entry() -> dict[str, Any]:
    """Return Django's entry of the hub's database past any pooler."""
    return {**connections[DEFAULT_DB_ALIAS].settings_dict, **settings.DATABASE_DIRECT}


def parameters() -> dict[str, Any]:
    """Return what psycopg connects to it by."""
    own: Any = connections[DEFAULT_DB_ALIAS]
    if settings.DATABASE_DIRECT:
        own = own.copy()
        own.settings_dict = entry()
    found: dict[str, Any] = own.get_connection_params()
    return found


def take() -> None:
    """Have all that this process asks the database go past the pooler, from now on."""
    if settings.DATABASE_DIRECT:
        own = connections[DEFAULT_DB_ALIAS]
        own.close()
        own.settings_dict.update(settings.DATABASE_DIRECT)
