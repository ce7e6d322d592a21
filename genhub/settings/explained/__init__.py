"""Every setting in words: the handbook's table is made of them, and a test holds them to what is read."""

from genhub.settings.explained import alerts, credits, engine, places, single_sign_on, vendors, work

GROUPS = [
    *places.GROUPS, *engine.GROUPS, *vendors.GROUPS, *credits.GROUPS, *work.GROUPS, *single_sign_on.GROUPS,
    *alerts.GROUPS,
]  # fmt: skip
