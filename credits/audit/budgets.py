"""Checks of the counts that budgets are held against."""

from django.utils.translation import gettext_lazy as _

from credits.audit.checks import Check

# A count is no credit: a wrong one is told, and freezes nobody.
COUNTED = """
    SELECT c.id, NULL FROM credits_count c
      -- Counts of grant rules have neither budget nor uses; those of allowances have uses alone.
      LEFT JOIN credits_budget b ON b.id = c.limit_id
      LEFT JOIN credits_budgetuse u ON u.count_id = c.id
      LEFT JOIN credits_hold h ON h.id = u.hold_id
     WHERE b.id IS NOT NULL OR u.id IS NOT NULL
     GROUP BY c.id, c.used
    HAVING c.used <> coalesce(sum(
        CASE WHEN h.state = 'open' THEN u.amount
             WHEN b.period = 'concurrent' THEN 0
             ELSE u.amount - least(u.amount, h.released) END), 0)
         + (SELECT count(*) FROM credits_freeuse f WHERE f.count_id = c.id)
"""

CHECKS = {
    "budget_counts_its_holds": Check(
        _(
            "What a budget has counted is what its holds reserved, less what they released, and the free tasks under way."
        ),
        COUNTED,
        since=None,
    ),
}
