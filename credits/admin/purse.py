"""Pages of purses: the statement, and the doors to grant credits and to open a purse."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from credits import ledger
from credits.admin.transfer import statement_table
from credits.models import Purse
from credits.selectors import statement
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.forms import MoveForm
from genhub.admin.pages import Question, ask, word
from genhub.admin.show import moment
from genhub.lib.errors import Problem
from genhub.platforms.models import Platform

MOVES_PER_PAGE = 25


class OpenForm(forms.Form):
    """Whose purse to open."""

    platform = forms.ModelChoiceField(
        Platform.objects.filter(is_active=True), label=_("Platform"), widget=UnfoldAdminSelectWidget
    )
    user = forms.CharField(
        label=_("User"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The name that the platform gives this user, letter for letter."),
    )


@admin.register(Purse)
class PurseAdmin(ReadOnlyAdmin):
    """The credits of each user of a platform."""

    list_display = ("user", "platform", "available", "held", "opened")
    list_filter = ("platform",)
    list_select_related = ("platform",)
    search_fields = ("user", "platform__code", "platform__name")
    search_help_text = _("Search by user or platform.")
    ordering = ("-id",)
    fields = ("user", "platform", "opened")
    actions_list = ("open_purse",)
    actions_detail = ("grant",)
    has_history = True
    change_form_outer_before_template = "admin/credits/balance.html"
    change_form_outer_after_template = "admin/credits/statement.html"

    def has_grant_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right to grant and may see purses."""
        may_grant = request.user.has_perm("credits.grant_credits")
        return bool(may_grant and self.has_view_permission(request))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a purse with its statement."""
        purse = self.find_object(request, object_id)
        page = Paginator(statement(purse.pk), MOVES_PER_PAGE).get_page(request.GET.get("page"))
        words = {"purse": purse, "page": page, "moves": statement_table(page.object_list)}
        return super().change_view(request, object_id, form_url, words | (extra_context or {}))

    @display(description=_("opened"), ordering="id")
    def opened(self, purse: Purse) -> str:
        """Show when it was opened."""
        return moment(purse.created_at)

    @action(
        description=_("Open a purse"),
        permissions=["grant"],
        icon="add",
        variant=ActionVariant.PRIMARY,
    )
    def open_purse(self, request: HttpRequest) -> HttpResponse:
        """Open the purse of a user that the hub has not seen yet, or go to the one there is."""
        form = OpenForm(request.POST or None)
        if form.is_valid():
            purse = ledger.open_purse(form.cleaned_data["platform"].pk, form.cleaned_data["user"])
            messages.success(request, gettext("This is the purse of %(purse)s.") % {"purse": purse})
            return HttpResponseRedirect(purse_page(purse))
        question = Question(
            title=gettext("Open a purse"),
            intro=gettext(
                "A user's purse opens by itself with the first order. Open it here to grant credits before."
            ),
            form=form,
            submit=gettext("Open"),
            back=reverse("admin:credits_purse_changelist"),
        )
        return ask(self, request, question)

    @action(
        description=_("Grant credits"),
        permissions=["grant"],
        icon="add_card",
        variant=ActionVariant.PRIMARY,
    )
    def grant(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how many and why, then put the credits in."""
        purse = self.find_object(request, object_id)
        form = MoveForm(request.POST or None, most=ledger.LARGEST_AMOUNT)
        if form.is_valid():
            try:
                self.put_in(request, purse, form.cleaned_data)
            except Problem as problem:
                form.add_error(None, word(problem))
                form.renew()
            else:
                return HttpResponseRedirect(purse_page(purse))
        question = Question(
            title=gettext("Grant credits to %(purse)s") % {"purse": purse},
            intro=gettext("The credits are there at once. A grant cannot be taken back."),
            facts={gettext("Available now"): purse.available, gettext("Held now"): purse.held},
            form=form,
            submit=gettext("Grant"),
            back=purse_page(purse),
        )
        return ask(self, request, question, about=purse)

    def put_in(self, request: HttpRequest, purse: Purse, words: dict[str, Any]) -> None:
        """Grant, and say what became of the purse."""
        amount = words["amount"]
        why = ledger.Why(request.user.get_username(), words["reason"])
        if not ledger.grant(purse.pk, amount, key=f"staff:{words['once']}", why=why):
            messages.info(request, gettext("This grant was made before; nothing more was moved."))
            return
        purse.refresh_from_db()
        self.log_change(request, purse, gettext("Granted %(amount)s credits: %(reason)s") % words)
        messages.success(
            request,
            gettext("%(amount)s credits granted. Available: %(before)s before, %(after)s now.")
            % {"amount": amount, "before": purse.available - amount, "after": purse.available},
        )


def purse_page(purse: Purse) -> str:
    """Return the address of a purse's page."""
    return reverse("admin:credits_purse_change", args=[purse.pk])
