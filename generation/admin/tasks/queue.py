"""Pages of the queues: the workers that serve them, and each user's share."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from generation.models import Share, Worker
from generation.models.task import Priority
from generation.work.presence import GONE_AFTER
from genhub.admin.base import HubAdmin, ReadOnlyAdmin
from genhub.admin.show import badge, moment, pairs


@admin.register(Share)
class ShareAdmin(HubAdmin):
    """How many of a user's attempts wait and run in a queue; staff may cap what runs at a time."""

    list_display = ("user", "platform", "queue", "priority_shown", "waiting", "running", "cap")
    list_filter = ("queue", "platform")
    list_select_related = ("platform",)
    search_fields = ("user",)
    fields = (
        "user",
        "platform",
        "queue",
        "priority_shown",
        "waiting",
        "running",
        "virtual_start",
        "cap",
    )
    readonly_fields = (
        "user",
        "platform",
        "queue",
        "priority_shown",
        "waiting",
        "running",
        "virtual_start",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a share begins with a user's first order."""
        return False

    @display(description=_("priority"), ordering="priority")
    def priority_shown(self, share: Share) -> str:
        """Show the priority in words."""
        return str(Priority(share.priority).label)


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """Worker processes and what their machines say of themselves."""

    list_display = ("name", "state", "queues_named", "beat")
    fields = ("name", "state", "queues_named", "beat", "facts_shown")
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Worker]:
        """Return the workers, each with whether it gave a sign of life lately."""
        return mark_live(super().get_queryset(request), GONE_AFTER)

    @display(description=_("state"))
    def state(self, worker: Any) -> SafeString:
        """Show whether it lives."""
        return badge(_("alive"), "success") if worker.is_live else badge(_("gone"), "danger")

    @display(description=_("queues"))
    def queues_named(self, worker: Worker) -> str:
        """Show the queues that it serves."""
        return ", ".join(worker.queues)

    @display(description=_("last sign of life"), ordering="beat_at")
    def beat(self, worker: Worker) -> str:
        """Show the last sign of life, to the second."""
        return moment(worker.beat_at)

    @display(description=_("facts"))
    def facts_shown(self, worker: Worker) -> SafeString:
        """Show what its machine says of itself."""
        return pairs(worker.facts) if worker.facts else badge("–")


def mark_live(workers: QuerySet[Worker], gone_after: timedelta) -> QuerySet[Worker]:
    """Return workers with `is_live`, judged by the database's clock."""
    is_live = ExpressionWrapper(Q(beat_at__gt=Now() - gone_after), output_field=BooleanField())
    return workers.annotate(is_live=is_live)
