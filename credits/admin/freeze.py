"""Pages of freezes: what was found wrong with a purse, and the door to end its freeze."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from credits.admin.adjust import MOST, may_adjust
from credits.admin.asked import read_wish, tell_waiting
from credits.admin.audit import word_check
from credits.admin.last_move import word_rule, word_waiting
from credits.admin.words import may_see_purses
from credits.audit.figures import Figures, compute_figures
from credits.giving import request_move
from credits.models import Freeze, GrantKind, GrantRequest
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.forms import MoveForm
from genhub.admin.pages import Question, ask, word
from genhub.admin.show import badge, link, moment, table
from genhub.lib.errors import Problem


class TruthForm(MoveForm):
    """What is truly available, and how that is known."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, most=MOST, **kwargs)
        # The books that the person saw: credits may move in a frozen purse, and must not vanish in the balance stated.
        self.fields["seen"] = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
        self.fields["amount"] = forms.IntegerField(
            label=_("Truly available credits"),
            min_value=0,
            max_value=MOST,
            widget=UnfoldAdminIntegerFieldWidget,
            help_text=_("The balance itself, not a difference."),
        )


@admin.register(Freeze)
class FreezeAdmin(ReadOnlyAdmin):
    """Purses that the audit found wrong, and how each freeze ended."""

    list_display = ("frozen", "purse_shown", "state", "checks_shown", "lifted", "lifted_by")
    list_display_links = ("frozen",)
    list_filter = (("lifted_at", admin.EmptyFieldListFilter), "purse__platform")
    list_select_related = ("purse__platform",)
    search_fields = ("purse__user", "reason")
    search_ids = ("purse",)
    search_help_text = _("Search by user or reason.")
    actions_detail = ("unfreeze",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow those who may end freezes, too."""
        return may_adjust(request) or super().has_view_permission(request, obj)

    def has_unfreeze_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right to adjust."""
        return may_adjust(request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what was found, and how it ended once it has."""
        found = (None, {"fields": ("state", "purse_shown", "frozen", "checks_shown")})
        ended: tuple[str, ...] = ("lifted", "lifted_by", "reason")
        if may_see_books(request):
            ended += ("available", "held")
        if obj is None or obj.lifted_at is None:
            return (found,)
        return (found, (_("How it ended"), {"fields": ended}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show what the purse's books say today, as long as it is frozen."""
        row = self.find_object(request, object_id)
        words = extra_context or {}
        if row.lifted_at is None and may_see_books(request):
            figures = compute_figures(row.purse_id)
            words = words | {"sections": [(gettext("The books now"), figures_table(figures))]}
        return super().change_view(request, object_id, form_url, words)

    @display(description=_("frozen at"), ordering="id")
    def frozen(self, row: Freeze) -> str:
        """Show when, to the second."""
        return moment(row.frozen_at)

    @display(description=_("lifted at"), ordering="lifted_at")
    def lifted(self, row: Freeze) -> str:
        """Show when it ended."""
        return moment(row.lifted_at)

    @display(description=_("purse"))
    def purse_shown(self, row: Freeze) -> SafeString:
        """Show the purse, as a link to its statement."""
        return link("credits_purse", row.purse_id, row.purse)

    @display(description=_("state"))
    def state(self, row: Freeze) -> SafeString:
        """Show whether the purse still pays nothing."""
        return badge(_("lifted"), "success") if row.lifted_at else badge(_("frozen"), "danger")

    @display(description=_("what is not true"))
    def checks_shown(self, row: Freeze) -> str:
        """Show in words what was found wrong."""
        return " ".join(word_check(check) for check in row.checks)

    @action(
        description=_("End the freeze"),
        permissions=["unfreeze"],
        icon="lock_open",
        variant=ActionVariant.PRIMARY,
    )
    def unfreeze(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the true balance and a reason, then let the purse pay again."""
        row = self.find_object(request, object_id)
        back = reverse("admin:credits_freeze_change", args=[row.pk])
        version = row.purse.version
        form = TruthForm(request.POST or None, initial={"seen": version})
        if row.lifted_at:
            text = gettext("This freeze has ended.")
            return ask(self, request, Question(title=text, intro="", back=back), about=row)
        if form.is_valid():
            try:
                waiting = self.state_balance(request, row, form.cleaned_data)
            except Problem as problem:
                form.add_error(None, word(problem))
                form.renew(str(version))
            else:
                return HttpResponseRedirect(waiting or back)
        figures = compute_figures(row.purse_id)
        intro = gettext(
            "Nothing is mended by itself: look at the statement, find out what is true, and say it here. The audit "
            "proves the purse anew from this balance on."
        )
        question = Question(
            title=gettext("End the freeze of %(purse)s") % {"purse": row.purse},
            intro=f"{intro} {word_rule()}",
            mistakes=tuple(
                gettext("Not true: %(sentence)s") % {"sentence": word_check(check)}
                for check in row.checks
            ),
            facts=word_figures(figures) | {gettext("Waits for approval"): word_waiting(row.purse)},
            form=form,
            submit=gettext("State this balance and end the freeze"),
            back=back,
            is_dangerous=True,
        )
        return ask(self, request, question, about=row)

    def state_balance(self, request: HttpRequest, row: Freeze, words: dict[str, Any]) -> str | None:
        """End the freeze with the balance that a person states, or let that wait; return where it waits, if so."""
        purse, stated = row.purse, words["amount"]
        more = {"stated": stated, "purse_version": words["seen"]}
        wish, is_new = request_move(read_wish(request, purse, GrantKind.UNFREEZE, words, **more))
        if waiting := tell_waiting(self, request, wish, is_new=is_new):
            return waiting
        messages.success(request, word_lifted(wish))
        return None


def may_see_books(request: HttpRequest) -> bool:
    """Return whether a member of staff may see balances here: whoever states the true one must."""
    return may_adjust(request) or may_see_purses(request)


def word_lifted(wish: GrantRequest) -> str:
    """Return what stating a balance did."""
    facts = {"purse": wish.purse, "amount": wish.stated}
    return gettext("%(purse)s may pay again, with %(amount)s credits available.") % facts


def word_figures(figures: Figures) -> dict[str, Any]:
    """Return what each part of the books says of a purse."""
    both = gettext("%(available)s available, %(held)s held")
    return {
        gettext("The purse says"): both % {"available": figures.available, "held": figures.held},
        gettext("The sum of its transfers"): both
        % {"available": figures.summed_available, "held": figures.summed_held},
        gettext("After its last transfer"): both
        % {"available": figures.last_available, "held": figures.last_held},
        gettext("Its open holds"): gettext("%(held)s held") % {"held": figures.open_holds},
        gettext("Its expiring credits"): str(figures.in_lots),
    }


def figures_table(figures: Figures) -> SafeString:
    """Return what each part of the books says of a purse, as a table."""
    return table([_("source"), _("credits")], [list(row) for row in word_figures(figures).items()])
