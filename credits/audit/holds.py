"""Checks of holds."""

from django.utils.translation import gettext_lazy as _

from credits.audit.checks import Check

OPEN = """
    SELECT p.id, p.id FROM purses p
      LEFT JOIN credits_hold h ON h.purse_id = p.id AND h.state = 'open'
     GROUP BY p.id, p.held HAVING p.held <> coalesce(sum(h.amount), 0)
"""

PARTS = """
    SELECT h.id, h.purse_id FROM holds h LEFT JOIN credits_transfer t ON t.hold_id = h.id
     GROUP BY h.id, h.purse_id, h.amount, h.captured, h.released, h.refunded, h.overrun
    HAVING h.amount <> coalesce(sum(t.amount) FILTER (WHERE t.kind = 'hold'), 0)
        OR h.captured <> coalesce(sum(t.amount) FILTER (WHERE t.kind = 'capture'), 0)
        OR h.released <> coalesce(sum(t.amount) FILTER (WHERE t.kind = 'release'), 0)
        OR h.refunded <> coalesce(sum(t.amount) FILTER (WHERE t.kind = 'refund'), 0)
        OR h.overrun <> coalesce(sum(t.amount) FILTER (WHERE t.kind = 'overrun'), 0)
"""

# Capture or release owns the key of the settlement; a rest may follow the capture.
SETTLED = """
    SELECT h.id, h.purse_id FROM holds h
      LEFT JOIN credits_transfer t ON t.hold_id = h.id AND t.kind IN ('capture', 'release')
     GROUP BY h.id, h.purse_id, h.state
    HAVING count(*) FILTER (WHERE t.key = 'settle:' || h.id) <> CASE h.state WHEN 'settled' THEN 1 ELSE 0 END
        OR count(*) FILTER (WHERE t.key <> 'settle:' || h.id AND t.key <> 'settle:' || h.id || ':rest') > 0
"""

OWN = """
    SELECT t.id, t.purse_id FROM transfers t LEFT JOIN credits_hold h ON h.id = t.hold_id
     WHERE t.purse_id <> h.purse_id OR (t.kind IN ('grant', 'adjust', 'expire')) <> (h.id IS NULL)
"""

CHECKS = {
    "held_equals_open_holds": Check(
        _("What a purse holds in reserve is the sum of its open holds."), OPEN, since=None
    ),
    "hold_parts_equal_transfers": Check(
        _("What a hold says was captured, released and refunded is what its transfers moved."),
        PARTS,
    ),
    "hold_is_settled_once": Check(
        _("Each settled hold was settled by exactly one transfer, each open one by none."), SETTLED
    ),
    "transfers_move_the_purse_of_their_hold": Check(
        _("A hold's transfers move the purse that the hold is of."), OWN
    ),
    "refund_within_capture": Check(
        _("Nothing was refunded that was not captured."),
        "SELECT id, purse_id FROM holds WHERE refunded > captured",
    ),
}
