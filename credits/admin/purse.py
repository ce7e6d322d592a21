"""Pages of purses: the statement, what expires, the budgets, and the doors to grant credits and to open a purse."""

from itertools import chain
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.validators import RegexValidator
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from credits import export, ledger
from credits.admin.adjust import AdjustPage
from credits.admin.asked import list_waiting
from credits.admin.audit import word_check
from credits.admin.budget import budgets_table, new_budget_page
from credits.admin.chart import balance_chart
from credits.admin.grant import GrantPage, purse_page
from credits.admin.lot import lots_table
from credits.admin.statement import StatementForm, show_statement
from credits.giving import find_waiting_of
from credits.models import Purse
from credits.selectors import find_purse
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.customers import customer_link
from genhub.admin.pages import Question, ask
from genhub.admin.paging import InfinitePaginator
from genhub.admin.show import badge, moment
from genhub.platforms.models import Platform


class OpenForm(forms.Form):
    """Whose purse to open."""

    platform = forms.ModelChoiceField(
        Platform.objects.filter(is_active=True), label=_("Platform"), widget=UnfoldAdminSelectWidget
    )
    user = forms.CharField(
        label=_("User"),
        max_length=200,
        strip=False,
        validators=[RegexValidator(r"\S", _("A name is not blank."))],
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The name that the platform gives this user, letter for letter."),
    )


@admin.register(Purse)
class PurseAdmin(GrantPage, AdjustPage, ReadOnlyAdmin):
    """The credits of each user of a platform."""

    list_display = ("user", "platform", "available", "held", "state", "opened")
    list_filter = ("platform", ("frozen_at", admin.EmptyFieldListFilter))
    list_select_related = ("platform",)
    search_fields = ("user", "platform__code", "platform__name")
    search_help_text = _("Search by user or platform.")
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = ("owner", "opened")
    actions_list = ("open_purse",)
    actions_detail = ("grant", "adjust")
    has_history = True
    change_form_outer_before_template = "admin/credits/balance.html"
    change_form_outer_after_template = "admin/credits/statement.html"

    def get_urls(self) -> list[Any]:
        """Add the address of a statement's CSV."""
        view = self.admin_site.admin_view(self.download)
        return [
            path("<path:object_id>/entries.csv", view, name="credits_purse_download"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a purse with its statement."""
        purse = self.find_object(request, object_id)
        freeze = purse.freezes.filter(lifted_at=None).first() if purse.frozen_at else None
        words = {
            "purse": purse,
            "freeze": freeze,
            "waiting": list_waiting(request, find_waiting_of(purse)),
            "broken": [word_check(check) for check in freeze.checks] if freeze else [],
            "chart": balance_chart(purse),
            "lots": lots_table(request, purse),
            "budgets": budgets_table(request, purse),
            "new_budget": new_budget_page(request, purse),
            **show_statement(request, purse),
        }
        return super().change_view(request, object_id, form_url, words | (extra_context or {}))

    def download(
        self, request: HttpRequest, object_id: str
    ) -> StreamingHttpResponse | HttpResponseBadRequest:
        """Answer the statement, filtered as the page is, as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        purse = self.find_object(request, object_id)
        form = StatementForm(request.GET)
        if not form.is_valid():
            return HttpResponseBadRequest()
        name = export.file_name(purse.user)
        return StreamingHttpResponse(
            # Spreadsheet programs take a file without the mark for one in an old encoding, and garble Chinese.
            chain(["\ufeff"], export.stream_entries(purse.pk, form.filters())),
            content_type=export.CONTENT_TYPE,
            headers={
                "Content-Disposition": content_disposition_header(
                    as_attachment=True, filename=name
                ),
                "Cache-Control": "no-store",
            },
        )

    @display(description=_("state"))
    def state(self, purse: Purse) -> SafeString | str:
        """Show whether the purse is frozen."""
        return badge(_("frozen"), "danger") if purse.frozen_at else "–"

    @display(description=_("user"))
    def owner(self, purse: Purse) -> SafeString:
        """Lead to all else that is known of its user."""
        return customer_link(purse)

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
            owner = form.cleaned_data["platform"].pk, form.cleaned_data["user"]
            is_new = find_purse(*owner) is None
            purse = ledger.open_purse(*owner)
            if is_new:
                self.log_addition(request, purse, gettext("Opened the purse."))
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
