"""Pages of alerts: what is wrong now first, and whether staff were told."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.paging import InfinitePaginator
from genhub.admin.show import badge, moment, table
from genhub.alerts.channels import list_set
from genhub.alerts.models import Alert, Notice
from genhub.alerts.words import text_of, title_of
from genhub.lib.clock import NOW

COLOURS = {
    Notice.State.WAITING: "info",
    Notice.State.TOLD: "success",
    Notice.State.GIVEN_UP: "danger",
}


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """What has begun: open ones first, then the newest."""

    list_display = ("title", "state", "began_at", "lasted")
    list_filter = ("kind",)
    search_fields = ("about",)
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = ("title", "text", "state", "since", "began_at", "ended_at", "lasted", "told")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        """Return what staff were told of, with the database's time."""
        found: QuerySet[Alert] = super().get_queryset(request)
        return found.filter(began_at__isnull=False).annotate(now=NOW)

    @display(description=_("what"))
    def title(self, alert: Alert) -> str:
        """Show what is wrong."""
        return title_of(alert)

    @display(description=_("What it means"))
    def text(self, alert: Alert) -> str:
        """Show what to do."""
        return text_of(alert)

    @display(description=_("state"), ordering="ended_at")
    def state(self, alert: Alert) -> SafeString:
        """Show whether it is still so."""
        return badge(_("resolved"), "success") if alert.ended_at else badge(_("open now"), "danger")

    @display(description=_("lasted"))
    def lasted(self, alert: Any) -> str:
        """Show for how long it was, or is, so."""
        return timesince(alert.began_at, alert.ended_at or alert.now)

    @display(description=_("Who was told"))
    def told(self, alert: Alert) -> SafeString | str:
        """Show each telling."""
        rows = [
            [
                notice.get_what_display(),
                notice.get_channel_display(),
                badge(notice.get_state_display(), COLOURS[Notice.State(notice.state)]),
                moment(notice.told_at),
                notice.tries,
                notice.last_error or "–",
            ]
            for notice in alert.notices.order_by("created_at", "channel")
        ]
        heads = [_("What"), _("Channel"), _("State"), _("Told"), _("Tries"), _("Last error")]
        if rows:
            return table(heads, rows)
        if list_set():
            return gettext("Nobody: no channel was set when it began.")
        return gettext("Nobody: no channel is set. See the handbook, Alerts.")
