"""What is left of what orders brought in, and what is not known that it needs."""

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from generation.admin.words import show_usd
from generation.selectors.costs import CostSum, add_up
from genhub.admin.show import link

if TYPE_CHECKING:
    from generation.admin.tasks.figures import Period


def margin_card(period: "Period", sums: list[list[CostSum]]) -> list[tuple[str, str, str, str]]:
    """Return the margin as a large figure, which leads to what it is the difference of; nothing where nothing ended."""
    now, before = (show_usd(add_up(one).margin_usd) if one else "–" for one in sums)
    costs = f"{reverse('admin:generation_costs_changelist')}?days={period.days}"
    return [(gettext("Margin in USD"), now, before, costs)]


def word_lacking(sums: list[CostSum]) -> list[SafeString | str]:
    """Return what must be known to tell the margin: what a platform pays for a credit, and what attempts cost."""
    said: list[SafeString | str] = []
    for row in sums:
        if row.revenue_usd is None:
            text = gettext("To tell the margin, say what this platform pays for a credit:")
            platform = link("platforms_platform", row.key, row.name)
            said.append(format_html("{} {}", text, platform))
    if unknown := sum(row.unknown for row in sums):
        text = ngettext(
            "%(count)s attempt is of unknown cost: the margin is not known while any is.",
            "%(count)s attempts are of unknown cost: the margin is not known while any is.",
            unknown,
        )
        said.append(text % {"count": unknown})
    return said
