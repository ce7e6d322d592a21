"""Corrections by staff: a plain one of any purse, and the one that ends a freeze."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from credits import ledger
from credits.admin.asked import read_wish, tell_waiting
from credits.admin.grant import purse_page
from credits.admin.last_move import facts_for, word_rule
from credits.giving import request_move
from credits.last_moves import seen_of
from credits.models import GrantKind, Purse
from genhub.admin.base import HubAdmin
from genhub.admin.forms import MoveForm
from genhub.admin.pages import Question, ask, word
from genhub.lib.errors import Problem

MOST = ledger.LARGEST_AMOUNT


class AdjustForm(MoveForm):
    """By how many credits, up or down, and why."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, most=MOST, **kwargs)
        self.fields["amount"] = forms.IntegerField(
            label=_("Credits"),
            min_value=-MOST,
            max_value=MOST,
            validators=[refuse_zero],
            widget=UnfoldAdminIntegerFieldWidget,
            help_text=_("As -20 to take twenty credits back, as 20 to add them."),
        )


def refuse_zero(amount: int) -> None:
    """Refuse a correction that corrects nothing."""
    if amount == 0:
        raise ValidationError(_("Nothing would change."), code="zero")


class AdjustPage(HubAdmin):
    """The part of the purses' pages that corrects a balance."""

    def has_adjust_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right to adjust and may see purses."""
        return bool(may_adjust(request) and self.has_view_permission(request))

    @action(description=_("Adjust the balance"), permissions=["adjust"], icon="tune")
    def adjust(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask by how many and why, then correct what is available."""
        purse = self.find_object(request, object_id)
        form = AdjustForm(request.POST or None, initial={"seen": seen_of(purse)})
        if form.is_valid():
            try:
                done = self.correct(request, purse, form.cleaned_data)
            except Problem as problem:
                form.add_error(None, word(problem))
                form.renew(seen_of(purse))
            else:
                return HttpResponseRedirect(done)
        intro = gettext(
            "For mistakes, such as a grant to the wrong user. The statement shows it for ever. Credits that are "
            "held cannot be taken."
        )
        question = Question(
            title=gettext("Adjust the balance of %(purse)s") % {"purse": purse},
            intro=f"{intro} {word_rule()}",
            facts=facts_for(request, purse),
            form=form,
            submit=gettext("Adjust"),
            back=purse_page(purse),
        )
        return ask(self, request, question, about=purse)

    def correct(self, request: HttpRequest, purse: Purse, words: dict[str, Any]) -> str:
        """Adjust or let it wait, say which, and return the address of the page that shows it."""
        amount, reason = words["amount"], words["reason"]
        wish = read_wish(request, purse, GrantKind.ADJUST, words, amount=amount)
        row, is_new = request_move(wish, seen=words["seen"])
        if waiting := tell_waiting(self, request, row, is_new=is_new):
            return waiting
        if not is_new:
            text = gettext("This correction was made before; nothing more was moved.")
            messages.info(request, text)
            return purse_page(purse)
        purse.refresh_from_db()
        facts = {
            "amount": f"{amount:+d}",
            "reason": reason,
            "before": purse.available - amount,
            "after": purse.available,
        }
        self.log_change(request, purse, gettext("Adjusted by %(amount)s: %(reason)s") % facts)
        text = gettext("Adjusted by %(amount)s. Available: %(before)s before, %(after)s now.")
        messages.success(request, text % facts)
        return purse_page(purse)


def may_adjust(request: HttpRequest) -> bool:
    """Return whether a member of staff may correct balances and end freezes."""
    return bool(request.user.has_perm("credits.adjust_credits"))
