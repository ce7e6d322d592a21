"""What orders cost, and what staff may move alone."""

from django.utils.translation import gettext_lazy as _

from genhub.settings.explained.setting import Group, Setting

GROUPS = [
    Group(
        _("Credits"),
        [
            Setting(
                "DEFAULT_IMAGE_CREDIT_COST",
                _("for a picture: a new hub's first price rule; later the admin's list counts"),
                unit=_("credits"),
            ),
            Setting("DEFAULT_VIDEO_CREDIT_COST", _("the same for a clip"), unit=_("credits")),
            Setting(
                "HIGH_QUALITY_MULTIPLIER",
                _("the first price rule for high quality: times the price, rounded up"),
                unit=_("times"),
            ),
            Setting(
                "MISSING_PRICE",
                _(
                    "an order to a provider whose price for it nobody has written: `unknown` makes it, and counts its cost apart; `refuse` answers 409 `cost_unknown`"
                ),
            ),
            Setting(
                "REFUND_GRACE_DAYS",
                _("how long refunded credits live whose own lot has expired"),
                unit=_("days"),
            ),
            Setting(
                "REFUND_APPROVAL_ABOVE",
                _(
                    "refunds beyond it, of one task or of one person in 24 h, need a second person; 0: all"
                ),
                unit=_("credits"),
            ),
            Setting(
                "GRANT_APPROVAL_ABOVE",
                _(
                    "what one of staff may give and take by hand in 24 h, added up; beyond it a second person must approve; 0: all"
                ),
                unit=_("credits"),
            ),
            Setting(
                "AUDIT_HOUR", _("when all books are audited, each night"), unit=_("o'clock, UTC")
            ),
            Setting("AUDIT_MINUTES", _("between audits of what is new; 0: none"), unit=_("min")),
        ],
    ),
]
