"""Pages of bulk cancels: what they were for, and how far the loops are with them."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from generation.admin.filters import BULK_CANCEL
from generation.admin.refunds.conditions import word_conditions
from generation.admin.words import TASK_COLOURS
from generation.life.bulk_cancels import count_states
from generation.models import BulkCancel
from generation.models.task import STATE_WORDS
from generation.states import TASK_LIVE
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.pages import look_again
from genhub.admin.paging import InfinitePaginator
from genhub.admin.show import badge, moment


@admin.register(BulkCancel)
class BulkCancelAdmin(ReadOnlyAdmin):
    """Bulk cancels, newest first: what they are for, and whether they are done."""

    list_display = ("reason", "state_shown", "number", "requested_by", "created_at")
    list_select_related = ("requested_by",)
    search_fields = ("reason", "requested_by__username")
    search_help_text = _("Search by reason or requester.")
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False
    has_history = True
    change_form_outer_before_template = "admin/generation/bulk_cancel.html"
    fields = ("reason", "conditions_shown", "number", "requested_by", "created_at", "ended")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Allow those who cancel, too."""
        may_cancel = request.user.has_perm("generation.cancel_task")
        return bool(super().has_view_permission(request, obj) or may_cancel)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show how far it is, and look again by itself while the loops work on it."""
        row = self.find_object(request, object_id)
        words = {
            "title": gettext("Bulk cancel: %(reason)s") % {"reason": row.reason},
            "progress": progress_of(row),
            "is_working": row.ended_at is None,
        }
        answer = super().change_view(request, object_id, form_url, words | (extra_context or {}))
        return answer if row.ended_at else look_again(request, answer)

    @display(description=_("state"))
    def state_shown(self, row: BulkCancel) -> SafeString:
        """Show whether it is done as a coloured word."""
        return badge(_("done"), "success") if row.ended_at else badge(_("under way"), "info")

    @display(description=_("tasks"))
    def number(self, row: BulkCancel) -> int:
        """Show how many it is about."""
        return len(row.tasks)

    @display(description=_("filter"))
    def conditions_shown(self, row: BulkCancel) -> SafeString | str:
        """Show what the list was filtered by."""
        return word_conditions(row.conditions)

    @display(description=_("ended at"))
    def ended(self, row: BulkCancel) -> str:
        """Show since when none is left."""
        return moment(row.ended_at)


def progress_of(row: BulkCancel) -> dict[str, Any]:
    """Return how its tasks stand now, each state with the list of those in it; what ended by itself stays as it was."""
    counts = count_states(row)
    listed = f"{reverse('admin:generation_task_changelist')}?{BULK_CANCEL}={row.pk}"
    lines = [
        (badge(word, TASK_COLOURS[state]), counts[state], f"{listed}&state__exact={state}")
        for state, word in STATE_WORDS
        if counts.get(state)
    ]
    left = sum(counts.get(state, 0) for state in TASK_LIVE)
    ended = len(row.tasks) - left
    return {
        "lines": lines,
        "ended": ended,
        "all": len(row.tasks),
        "percent": ended * 100 // len(row.tasks),
    }
