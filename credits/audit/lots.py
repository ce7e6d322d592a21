"""Checks of lots, which follow their purse."""

from django.utils.translation import gettext_lazy as _

from credits.audit.checks import Check

WHOLE = """
    SELECT l.id, l.purse_id FROM lots l
      LEFT JOIN credits_lotuse u ON u.lot_id = l.id
      LEFT JOIN credits_hold h ON h.id = u.hold_id
     GROUP BY l.id, l.purse_id, l.amount, l.remaining, l.expired
    HAVING l.amount <> l.remaining + l.expired
                     + coalesce(sum(CASE h.state WHEN 'open' THEN u.amount ELSE u.captured - u.returned END), 0)
"""

WITHIN = """
    SELECT p.id, p.id FROM purses p JOIN credits_lot l ON l.purse_id = p.id AND l.remaining > 0
     GROUP BY p.id, p.available HAVING sum(l.remaining) > p.available
"""

NEXT = """
    SELECT p.id, p.id FROM purses p LEFT JOIN credits_lot l ON l.purse_id = p.id AND l.remaining > 0
     GROUP BY p.id, p.expires_next_at HAVING p.expires_next_at IS DISTINCT FROM min(l.expires_at)
"""

# The key of such a transfer is expire:<lot>:<what of the lot had expired before>.
EXPIRED = """
    SELECT coalesce(l.id::text, t.lot), coalesce(l.purse_id, t.purse_id) FROM lots l
      FULL JOIN (
          SELECT purse_id, split_part(key, ':', 2) AS lot, sum(amount) AS amount
            FROM transfers WHERE kind = 'expire' GROUP BY 1, 2
      ) t ON t.lot = l.id::text AND t.purse_id = l.purse_id
     WHERE CASE WHEN l.id IS NULL
                THEN NOT EXISTS (SELECT FROM credits_lot o WHERE o.id::text = t.lot AND o.purse_id = t.purse_id)
                ELSE l.expired <> coalesce(t.amount, 0) END
"""

USES = """
    SELECT h.id, h.purse_id FROM holds h
      JOIN credits_lotuse u ON u.hold_id = h.id
      JOIN credits_lot l ON l.id = u.lot_id
     GROUP BY h.id, h.purse_id, h.amount, h.captured, h.refunded
    HAVING sum(u.amount) > h.amount OR sum(u.captured) > h.captured
        OR sum(u.returned + u.moved) > h.refunded OR bool_or(l.purse_id <> h.purse_id)
"""

CHECKS = {
    "lot_adds_up": Check(
        _("What a lot was given is what remains, what expired and what was used of it."),
        WHOLE,
        since=None,
    ),
    "lots_within_available": Check(
        _("A purse's lots hold no more than it has available."), WITHIN
    ),
    "purse_knows_its_next_expiry": Check(
        _("A purse knows when the first of its lots expires."), NEXT
    ),
    "expired_lots_equal_transfers": Check(
        _("What of a lot has expired is what its transfers say."), EXPIRED, since=None
    ),
    "lot_uses_within_hold": Check(
        _("A hold took no more from lots than it holds, of its own purse, and gave back no more than was refunded."),
        USES,
    ),
}  # fmt: skip
