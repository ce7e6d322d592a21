"""Pages of transfers."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from credits.admin.words import kind_badge, may_see_purses, word_approval
from credits.entries import word_reason
from credits.models import Transfer
from credits.selectors import find_approved
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.paging import InfinitePaginator
from genhub.admin.show import moment

BALANCES = ("available_after", "held_after")


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    """Every move of credits, newest first."""

    list_display = (
        "time",
        "purse",
        "kind_shown",
        "amount",
        "available_after",
        "held_after",
        "actor",
        "reason_shown",
    )
    list_display_links = ("time",)
    list_filter = ("kind", "created_at", "purse__platform")
    list_select_related = ("purse__platform",)
    search_fields = ("purse__user", "actor", "reason")
    search_ids = ("hold__reference", "purse")
    search_help_text = _("Search by user, actor or reason, or paste the id of a task.")
    ordering = ("-id",)
    paginator = InfinitePaginator
    # By another column all rows would be read.
    sortable_by = ("time",)
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("kind_shown", "amount", "source", "target", "purse", "hold")}),
        (_("Why"), {"fields": ("actor", "reason_shown", "approval", "created_at", "key")}),
        (_("The purse after it"), {"fields": ("available_after", "held_after", "purse_version")}),
    )

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Leave out the balances for those who may not see purses."""
        names = super().get_list_display(request)
        return tuple(n for n in names if n not in BALANCES or may_see_purses(request))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the balances for those who may not see purses."""
        return self.fieldsets if may_see_purses(request) else self.fieldsets[:-1]

    @display(description=_("time"), ordering="id")
    def time(self, transfer: Transfer) -> str:
        """Show when, to the second."""
        return moment(transfer.created_at)

    @display(description=_("kind"), ordering="kind")
    def kind_shown(self, transfer: Transfer) -> SafeString:
        """Show the kind as a coloured word."""
        return kind_badge(transfer)

    @display(description=_("reason"))
    def reason_shown(self, transfer: Transfer) -> str:
        """Show the hub's own reasons in words, and those of staff and apps as they were written."""
        return word_reason(transfer)[1]

    @display(description=_("approval"))
    def approval(self, transfer: Transfer) -> str:
        """Show who of staff approved it and why, where somebody had to."""
        approved = find_approved([transfer.pk]).get(transfer.pk)
        return word_approval(approved) if approved else "–"
