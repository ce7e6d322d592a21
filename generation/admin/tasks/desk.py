"""The desk: orders of which nobody knows what became of them, oldest first, and after them what came too late."""

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.views import ChangeList

from generation.admin.refunds.ask import task_page
from generation.admin.words import attempt_badge
from generation.models import DeskEntry, Task
from generation.selectors.desk import ON_DESK, list_late_outputs
from generation.states import AttemptState
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.pages import on_this_site
from genhub.admin.show import badge, moment, table
from storage.selectors import sign_link


class DeskList(ChangeList):
    """What lies on the desk now."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        """Leave out what nobody has to look after."""
        return super().get_queryset(request, exclude_parameters).filter(ON_DESK)


@admin.register(DeskEntry)
class DeskAdmin(ReadOnlyAdmin):
    """What somebody has to look after; each row leads to where that is done. Neither user nor prompt stands here."""

    list_display = ("order", "state_shown", "account", "age", "sent", "deadline", "exposure")
    list_display_links = None
    list_before_template = "admin/hub/desk_keys.html"
    list_filter = ("account",)
    # Of all attempts, which nobody asked for.
    show_full_result_count = False
    ordering = (F("late_at").asc(nulls_first=True), "sending_at")

    fields = ("order", "state_shown", "account", "sent", "deadline", "exposure", "error_code")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DeskList]:
        """Return the list that leaves out what nobody has to look after."""
        return DeskList

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeskEntry]:
        """Return the attempts with their tasks."""
        rows: QuerySet[DeskEntry] = super().get_queryset(request)
        return rows.select_related("task", "account")

    @display(description=_("task"))
    def order(self, entry: DeskEntry) -> SafeString:
        """Link to the decision, or to the task when there is none to take."""
        if entry.state != AttemptState.UNKNOWN:
            return format_html('<a href="{}" class="text-link">{}</a>', task_page(entry.task), entry.task)  # fmt: skip
        address = reverse("admin:generation_task_decide", args=[entry.task_id])
        return format_html('<a href="{}" class="text-link">{}</a>', address, entry.task)

    @display(description=_("state"))
    def state_shown(self, entry: DeskEntry) -> SafeString:
        """Show whether it is in doubt, or came too late."""
        return badge(_("came too late"), "danger") if entry.late_at else attempt_badge(entry)

    @display(description=_("age"))
    def age(self, entry: DeskEntry) -> str:
        """Show for how long it has been there."""
        return timesince(entry.sending_at or entry.created_at, depth=1)

    @display(description=_("sent at"), ordering="sending_at")
    def sent(self, entry: DeskEntry) -> str:
        """Show when it left."""
        return moment(entry.sending_at)

    @display(description=_("ends by itself at"))
    def deadline(self, entry: DeskEntry) -> str:
        """Show when it is given up."""
        return moment(entry.task.deadline_at) if entry.state == AttemptState.UNKNOWN else "–"

    @display(description=_("exposure"))
    def exposure(self, entry: DeskEntry) -> str:
        """Show the most that it may have cost."""
        cost = entry.dearest_usd
        return gettext("not known") if cost is None else f"{cost} USD"


def late_table(task: Task) -> SafeString | str:
    """Return the pictures of a task that came too late, for staff alone; nothing when there are none."""
    rows = [
        [
            late.position + 1,
            format_html(
                '<a href="{}" class="text-link"><img src="{}" alt="{}" width="96"></a>',
                on_this_site(sign_link(late.artifact)),
                on_this_site(sign_link(late.artifact, thumbnail=True)),
                late,
            ),
            moment(late.attempt.late_at),
        ]
        for late in list_late_outputs(task)
    ]
    return table([_("picture"), _("what came"), _("time")], rows) if rows else ""
