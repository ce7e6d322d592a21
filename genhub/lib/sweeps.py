"""What every sweep of the loops needs: one row that cannot be helped must not stop those behind it."""

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError

logger = logging.getLogger(__name__)


def alone(act: Callable[[], int]) -> int:
    """Do something about one row and return its count; log what goes wrong with it, and count 0.

    When the database itself is away it is not about the row, and the error goes on.
    """
    try:
        return act()
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("%s failed and is left for later; the audit may say why", act)
        return 0
