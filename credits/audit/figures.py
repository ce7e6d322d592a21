"""What each part of the books says of one purse, for the person who must find out what is true."""

import uuid
from dataclasses import dataclass

from django.db import connection

from credits.audit.checks import BOOKS, FULL

FIGURES = """
    SELECT p.available, p.held,
           coalesce(b.available, 0) + s.available, coalesce(b.held, 0) + s.held,
           coalesce(l.available_after, b.available, 0), coalesce(l.held_after, b.held, 0),
           (SELECT coalesce(sum(amount), 0) FROM credits_hold h WHERE h.purse_id = p.id AND h.state = 'open'),
           (SELECT coalesce(sum(remaining), 0) FROM credits_lot l WHERE l.purse_id = p.id)
      FROM credits_purse p
      LEFT JOIN baselines b ON b.purse_id = p.id
      CROSS JOIN LATERAL (
          SELECT coalesce(sum(t.to_available), 0) AS available, coalesce(sum(t.to_held), 0) AS held
            FROM transfers t WHERE t.purse_id = p.id
      ) s
      LEFT JOIN LATERAL (
          SELECT t.available_after, t.held_after FROM transfers t WHERE t.purse_id = p.id
           ORDER BY t.purse_version DESC LIMIT 1
      ) l ON true
     WHERE p.id = %s
"""


@dataclass(frozen=True)
class Figures:
    """A purse's credits by its own columns, by the sum of its transfers since its baseline, by the last of them; and
    what its open holds and its lots hold."""

    available: int
    held: int
    summed_available: int
    summed_held: int
    last_available: int
    last_held: int
    open_holds: int
    in_lots: int


def compute_figures(purse_id: uuid.UUID) -> Figures:
    """Return what the books say of one purse."""
    with connection.cursor() as cursor:
        cursor.execute(BOOKS + FULL + FIGURES, [purse_id])
        return Figures(*(int(value) for value in cursor.fetchone()))
