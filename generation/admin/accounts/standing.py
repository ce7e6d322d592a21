"""How accounts and their keys stand, as pages show it: in use, resting until when and why, or switched off."""

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation.accounts.standing import MOST_FAILURES, at_work
from generation.models import Account, Rest
from generation.models.account import NOT_BY_ITSELF, usable
from generation.providers.registry import find_class
from genhub.admin.show import badge, code, moment
from genhub.lib.clock import NOW

LONGEST_SHOWN = 120


def with_standing(accounts: QuerySet[Account]) -> QuerySet[Account]:
    """Return accounts with what pages show of them: `now`, how many orders are at work, and how many keys are there
    and can be used."""
    working = at_work().filter(account=OuterRef("pk")).order_by().values("account")
    counted = working.annotate(count=Count("pk")).values("count")
    return accounts.annotate(
        now=NOW,
        working=Subquery(counted, output_field=IntegerField()),
        key_count=Count("keys"),
        usable_keys=Count("keys", filter=usable(NOW, "keys__")),
    )


def account_badge(account: Any) -> SafeString:
    """Return how an account `with_standing` stands, as a coloured word."""
    if not account.is_enabled:
        return badge(_("off"))
    needs_key = account.key_count or find_class(account.adapter).capabilities.needs_key
    if needs_key and not account.usable_keys and not account.is_resting(account.now):
        return badge(_("no key that can be used"), "danger")
    return standing_badge(account, account.now)


def standing_badge(row: Any, now: Any) -> SafeString:
    """Return how an account or a key stands, as a coloured word."""
    if not row.is_enabled:
        return badge(_("off"))
    if row.resting_why == Rest.PAUSED:
        return badge(row.get_resting_why_display(), "warning")
    if row.is_resting(now):
        words = {"until": moment(row.resting_until), "why": row.get_resting_why_display()}
        kind = "danger" if row.resting_why in NOT_BY_ITSELF else "warning"
        return noted(badge(_("rests"), kind), gettext("until %(until)s: %(why)s") % words)
    if row.failures >= MOST_FAILURES:
        return badge(_("one order at a time, after failures"), "warning")
    return badge(_("in use"), "success")


def noted(shown: SafeString, *notes: Any) -> SafeString:
    """Return something with notes below it, in small, those that say anything."""
    lines = format_html_join(
        "", '<div class="hub-note">{}</div>', [(note,) for note in notes if note]
    )
    return format_html('<div class="hub-state">{}{}</div>', shown, lines)


def working_words(account: Any) -> str:
    """Return how many orders are at work, of how many there may be."""
    most = account.concurrency
    return f"{account.working or 0}" if most is None else f"{account.working or 0} / {most}"


def key_words(account: Any) -> str:
    """Return how many keys can be used, of how many there are."""
    return f"{account.usable_keys} / {account.key_count}" if account.key_count else "–"


def error_words(text: str) -> SafeString | str:
    """Return a vendor's words of a failure, shortened; nothing where there are none."""
    return code(Truncator(text).chars(LONGEST_SHOWN)) if text else ""


def last_error_words(account: Account) -> SafeString | str:
    """Return the last failure and when it was."""
    if not account.last_error:
        return "–"
    return format_html("{} · {}", moment(account.last_error_at), code(account.last_error))
