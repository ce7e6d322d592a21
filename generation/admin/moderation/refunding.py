"""The moderation desk's third answer: what was delivered and paid is withheld, and paid back with it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from generation.models import Finding, RefundState
from generation.moderation import review
from generation.refunds.withheld import find_paid, withhold_and_refund
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.forms import READ_BY_USERS, ReasonForm
from genhub.admin.pages import Question, ask, without_action, word
from genhub.lib.errors import Problem
from genhub.lib.ids import new_id


class WithholdForm(ReasonForm):
    """Asks why, and carries a key of this very form, so that a double click pays back once."""

    field_order = ("reason",)
    once = forms.UUIDField(widget=forms.HiddenInput, initial=new_id)

    def look_again(self, seen: str) -> None:
        """Show what is true now, under a fresh key."""
        super().look_again(seen)
        self.data = {**self.data, "once": str(new_id())}


class RefundingPage(ReadOnlyAdmin):
    """The part of the desk that withholds a picture and pays it back."""

    def has_repay_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who may do both: decide, and refund."""
        rights = ("generation.decide_findings", "credits.refund_credits")
        return all(map(request.user.has_perm, rights))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer it while something was delivered, is paid and not withheld."""
        found = list(super().get_actions_detail(request, object_id))
        row = self.get_object(request, object_id)
        if row is None or row.state == Finding.State.KEPT or not find_paid(row).amount:
            return without_action(found, "repay")
        return found

    @action(
        description=_("Withhold and refund"), permissions=["repay"], icon="undo",
        variant=ActionVariant.DANGER,
    )  # fmt: skip
    def repay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then withhold it and pay back what it cost."""
        page: Any = self
        row = page.find_object(request, object_id)
        form = WithholdForm(request.POST or None, initial={"seen": review.mark_of(row)})
        form.fields["reason"].help_text = READ_BY_USERS
        if form.is_valid():
            said, person = form.cleaned_data, request.user
            words = {"reason": said["reason"], "seen": said["seen"], "request_id": said["once"]}
            try:
                refund = withhold_and_refund(row.pk, person=person, **words)  # type: ignore[arg-type]
            except Problem as problem:
                form.add_error(None, word(problem))
                form.look_again(review.mark_of(page.find_object(request, str(row.pk))))
            else:
                about = {"amount": refund.amount, "reason": said["reason"]}
                text = gettext("Withheld, and refunded %(amount)s credits: %(reason)s")
                self.log_change(request, row, text % about)
                waits = refund.state == RefundState.PENDING
                messages.success(request, (WAITS if waits else DONE) % about)
                return HttpResponseRedirect(page.page_of(row))
        amount = find_paid(row).amount
        question = Question(
            title=gettext("Withhold and refund"),
            intro=gettext(
                "What was delivered is taken from its owner and from all others who have the same file, and what its owner "
                "paid for it goes back. A refund cannot be taken back; above the limit a second person must approve it."
            ),
            facts=page.list_facts(row) | {gettext("Credits that go back"): amount},
            form=form if amount or form.is_bound else None,
            submit=gettext("Withhold and refund %(amount)s credits") % {"amount": amount} if amount else "",
            back=page.page_of(row),
            is_dangerous=True,
        )  # fmt: skip
        return ask(self, request, question, about=row)


DONE = _("It is withheld. %(amount)s credits were refunded.")
WAITS = _("It is withheld. %(amount)s credits wait for a second person's approval.")
