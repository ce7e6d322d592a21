"""What staff do with an account besides writing its row: try it, and wake it from a rest."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import quote
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from generation.accounts import trial
from generation.accounts.standing import wake
from generation.accounts.trial import Tried, can_try, try_account
from generation.admin.accounts.standing import standing_badge
from generation.models import Account, Offer
from generation.providers.sorting import Meaning
from genhub.admin.base import HubAdmin
from genhub.admin.pages import Question, ask, without_action
from genhub.admin.show import badge, code, pairs, table

# What an adapter's check calls the models that their vendor switches off soon, each with the day.
SHUTDOWN_SOON = "shutdown_soon"
# What checks say, in words; a name that is not here is shown as it is.
NAMES = {"models": _("models"), "credits": _("credits there"), SHUTDOWN_SOON: _("switched off soon")}  # fmt: skip
WHY = {
    trial.NO_KEY: _("it has no key that is switched on"),
    trial.SEALED: _("none of the hub's ENCRYPTION_KEYS opens this key: write it anew"),
    trial.LATE: _("not tried: the others took too long"),
    trial.BROKE: _("the adapter broke: an option that it cannot read, or a mistake of its own; the log says more"),
    Meaning.REFUSED: _("the vendor refuses what it was asked"),
    Meaning.WRONG: _("the vendor takes no such call: is the address the right one?"),
    Meaning.BUSY: _("too many requests"),
    Meaning.QUOTA: _("nothing left to pay with"),
    Meaning.KEY: _("the vendor refuses the key"),
    Meaning.BROKEN: _("the vendor's server failed"),
    Meaning.LOST: _("the answer was lost, or came from a gateway before the vendor"),
}  # fmt: skip
NO_ANSWER = _("no answer that could be read")


class AccountDeeds(HubAdmin):
    """The part of the accounts' pages that does something at once."""

    actions_detail: tuple[str, ...] = ("try_it", "wake_it")

    def has_deed_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who may change accounts."""
        return bool(self.has_change_permission(request))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer what there is something to do for."""
        found = list(super().get_actions_detail(request, object_id))
        account = self.get_object(request, object_id)
        if account is None or not can_try(account):
            found = without_action(found, "try_it")
        if account is None or not list_resting(account):
            found = without_action(found, "wake_it")
        return found

    @action(
        description=_("Test"),
        permissions=["deed"],
        icon="network_check",
        variant=ActionVariant.PRIMARY,
    )
    def try_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then try each key and show what came back."""
        account = self.find_object(request, object_id)
        question = Question(
            title=gettext("Test %(provider)s") % {"provider": account.alias},
            intro=gettext(
                "Each key that is switched on makes the cheapest call of its vendor that proves it. No order is made, and "
                "nothing is charged. A key that works is woken from its rest; a failure changes nothing."
            ),
            submit=gettext("Test now"),
            back=account_page(account),
        )
        if request.method == "POST" and can_try(account):
            # No transaction is open here: vendors take their time.
            tried = try_account(account)
            self.log_change(
                request, account, gettext("Tested: %(what)s") % {"what": summary(tried)}
            )
            offers = account.offers.filter(is_enabled=True)
            question = replace(
                question,
                sections=((gettext("What came back"), tried_table(tried)),),
                warnings=tuple(shutdown_warnings(tried, offers)),
            )
        return ask(self, request, question, about=account)

    @action(
        description=_("Wake"), permissions=["deed"], icon="alarm_on", variant=ActionVariant.WARNING
    )
    def wake_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then end the rests of an account and its keys."""
        account = self.find_object(request, object_id)
        if request.method == "POST":
            wake(account.pk)
            self.log_change(request, account, gettext("Woken."))
            messages.success(request, gettext("It takes orders again, with all keys that are on."))
            return HttpResponseRedirect(account_page(account))
        resting = list_resting(account)
        question = Question(
            title=gettext("Wake %(provider)s?") % {"provider": account.alias},
            intro=gettext(
                "The rests end now, and orders go there again. What made it rest will do so once more if it is still true."
            )
            if resting
            else gettext("Nothing rests here."),
            facts=resting,
            submit=gettext("Wake it") if resting else "",
            back=account_page(account),
        )
        return ask(self, request, question, about=account)


def account_page(account: Account) -> str:
    """Return the address of an account's page."""
    return reverse("admin:generation_account_change", args=[quote(account.pk)])


def list_resting(account: Any) -> dict[str, SafeString]:
    """Return what rests of an account `with_standing`: itself and keys, each with until when and why."""
    rows = {str(key): key for key in account.keys.all()}
    return {
        name: standing_badge(row, account.now)
        for name, row in {account.alias: account, **rows}.items()
        if row.is_enabled and row.is_resting(account.now)
    }


def tried_table(tried: Iterable[Tried]) -> SafeString:
    """Return what came of each key."""
    rows = [
        [
            str(one.key) if one.key else "–",
            badge(_("works"), "success") if one.is_well else badge(_("does not work"), "danger"),
            said_words(one.said) if one.is_well else why_words(one),
            code(one.error) if one.error else "–",
        ]
        for one in tried
    ]
    return table([_("Key"), _("state"), _("what it means"), _("the vendor's own words")], rows)


def said_words(said: Mapping[str, Any]) -> SafeString | str:
    """Return what an adapter's check said, under names in the reader's language."""
    filled = {
        NAMES.get(name, name): ", ".join(f"{key}: {item}" for key, item in value.items())
        if isinstance(value, Mapping)
        else value
        for name, value in said.items()
        if value not in ("", {})
    }
    return pairs(filled) if filled else gettext("the vendor answered as it should")


def why_words(tried: Tried) -> Any:
    """Return why a key does not work."""
    return WHY.get(tried.why or "", NO_ANSWER)


def summary(tried: Iterable[Tried]) -> str:
    """Return what came of each key, for the history of the account."""
    words = ((one, gettext("works") if one.is_well else why_words(one)) for one in tried)
    return "; ".join(f"{one.key or gettext('no key')}: {word}" for one, word in words)


def shutdown_warnings(tried: Iterable[Tried], offers: Iterable[Offer]) -> list[str]:
    """Return a warning for each model that is offered here and that its vendor switches off soon."""
    ends: dict[str, str] = {}
    for one in tried:
        soon = one.said.get(SHUTDOWN_SOON)
        ends |= soon if isinstance(soon, dict) else {}
    text = gettext(
        "%(vendor_model)s is switched off by its vendor on %(day)s: give %(alias)s another model."
    )
    return [
        text % {"vendor_model": name, "day": ends[name], "alias": offer.alias}
        for offer in offers
        if (name := offer.vendor_model or offer.alias) in ends
    ]
