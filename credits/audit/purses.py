"""Checks of purses and of the transfers that move them."""

from django.utils.translation import gettext_lazy as _

from credits.audit.checks import Check

SUMS = """
    SELECT p.id, p.id FROM purses p
      LEFT JOIN baselines b ON b.purse_id = p.id
      LEFT JOIN (
          SELECT t.purse_id, sum(t.to_available) AS available, sum(t.to_held) AS held, count(*) AS moves
            FROM transfers t GROUP BY t.purse_id
      ) s ON s.purse_id = p.id
     WHERE p.available <> coalesce(b.available, 0) + coalesce(s.available, 0)
        OR p.held <> coalesce(b.held, 0) + coalesce(s.held, 0)
        OR p.version <> coalesce(b.version, 0) + coalesce(s.moves, 0)
"""

# Each transfer follows from the one before, so the last one stands for the sum of all.
LAST = """
    SELECT p.id, p.id FROM purses p
      LEFT JOIN baselines b ON b.purse_id = p.id
      LEFT JOIN LATERAL (
          SELECT t.purse_version, t.available_after, t.held_after FROM credits_transfer t
           WHERE t.purse_id = p.id AND t.purse_version > coalesce(b.version, 0)
           ORDER BY t.purse_version DESC LIMIT 1
      ) l ON true
     WHERE p.available <> coalesce(l.available_after, b.available, 0)
        OR p.held <> coalesce(l.held_after, b.held, 0)
        OR p.version <> coalesce(l.purse_version, b.version, 0)
"""

FOLLOW = """
    SELECT t.id, t.purse_id FROM transfers t
      LEFT JOIN baselines b ON b.purse_id = t.purse_id
      LEFT JOIN credits_transfer o ON o.purse_id = t.purse_id AND o.purse_version = t.purse_version - 1
     WHERE CASE
           WHEN t.purse_version - 1 = b.version
           THEN t.available_after <> b.available + t.to_available OR t.held_after <> b.held + t.to_held
           WHEN t.purse_version = 1
           THEN t.available_after <> t.to_available OR t.held_after <> t.to_held
           ELSE o.id IS NULL OR t.available_after <> o.available_after + t.to_available
                OR t.held_after <> o.held_after + t.to_held
           END
"""

# No row belongs to it: it is about all purses and accounts together.
ALL_ACCOUNTS = """
    SELECT 'all accounts', NULL FROM (
        SELECT (SELECT coalesce(sum(available + held), 0) FROM purses) AS cached,
               (SELECT coalesce(sum(available + held), 0) FROM baselines) AS stated,
               (SELECT coalesce(sum(CASE WHEN source IN ('available', 'held') THEN 0 ELSE amount END
                                  - CASE WHEN target IN ('available', 'held') THEN 0 ELSE amount END), 0)
                  FROM transfers) AS put_in
    ) s WHERE cached <> stated + put_in
"""

KEYS = """
    SELECT 'credits_transfer.key', NULL WHERE NOT EXISTS (
        SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
         WHERE i.indrelid = 'credits_transfer'::regclass AND i.indisunique AND i.indisvalid AND i.indisready
           AND i.indpred IS NULL AND i.indnatts = 1 AND a.attname = 'key'
    )
"""

# tgtype: 2 before, 8 delete, 16 update, 32 truncate.
GUARDS = """
    SELECT n.name, NULL FROM (VALUES (8, 'delete'), (16, 'update'), (32, 'truncate')) AS n (bit, name)
     WHERE NOT EXISTS (
        SELECT FROM pg_trigger t WHERE t.tgrelid = 'credits_transfer'::regclass AND NOT t.tgisinternal
           AND t.tgenabled IN ('O', 'A') AND t.tgtype & 2 <> 0 AND t.tgtype & n.bit <> 0
    )
"""

CHECKS = {
    "accounts_sum_to_zero": Check(
        _("What all purses hold is what was put in, less what was earned and what expired."),
        ALL_ACCOUNTS,
        since=None,
    ),
    "cached_balance_equals_transfers": Check(
        _("A purse's balance is the sum of its transfers."), SUMS, since=LAST
    ),
    "transfers_follow_each_other": Check(
        _("Each transfer begins where the one before it ended; none is missing, changed or added."),
        FOLLOW,
    ),
    "each_transfer_has_a_purse": Check(
        _("Each transfer moves a purse that there is."),
        """
        SELECT t.id, NULL FROM transfers t
         WHERE NOT EXISTS (SELECT FROM credits_purse p WHERE p.id = t.purse_id)
        """,
    ),
    "no_negative_balance": Check(
        _("No purse is below zero."),
        "SELECT id, id FROM purses WHERE available < 0 OR held < 0",
    ),
    "keys_are_unique": Check(
        _("The database itself refuses a second transfer with the same key."), KEYS
    ),
    "transfers_are_guarded": Check(
        _("The database itself refuses to change or delete transfers."), GUARDS
    ),
}
