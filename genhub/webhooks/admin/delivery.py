"""The log of deliveries: what was sent where, and each answer; sent again by those who may."""

import json
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.forms import write_json
from genhub.admin.pages import Question, ask, word
from genhub.admin.paging import InfinitePaginator
from genhub.admin.show import badge, code, link, moment, table
from genhub.lib.errors import Problem
from genhub.lib.ids import to_wire
from genhub.webhooks import replays
from genhub.webhooks.models import MESSAGE, Delivery, Endpoint
from genhub.webhooks.selectors import list_deliveries

COLOURS = {
    Delivery.State.WAITING: "info",
    Delivery.State.DELIVERED: "success",
    Delivery.State.FAILED: "danger",
    Delivery.State.HELD: "warning",
}
NEWEST = 20


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Deliveries of all platforms, newest first."""

    list_display = ("message_id_shown", "event", "address", "state_shown", "tries", "due", "created_at")  # fmt: skip
    list_filter = ("state", "message__type", "endpoint__platform")
    list_select_related = ("message", "endpoint")
    search_fields = ("url",)
    search_ids = ("message_id", "message__about")
    search_help_text = _("Search by the id of a message, a delivery or a task.")
    ordering = ("-id",)
    paginator = InfinitePaginator
    # By another column all rows would be read.
    sortable_by = ()
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("message_id_shown", "event", "platform", "endpoint_shown", "address")}),
        (_("State"), {"fields": ("state_shown", "tries", "due", "delivered_at", "created_at")}),
        (_("What is sent"), {"fields": ("payload_shown",)}),
    )
    readonly_fields = (
        "message_id_shown", "event", "platform", "endpoint_shown", "address", "state_shown", "due", "payload_shown"
    )  # fmt: skip
    actions_detail = ("replay",)

    def has_replay_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow whoever may send webhooks again."""
        return bool(request.user.has_perm("webhooks.replay_delivery"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a delivery with each answer."""
        row = self.find_object(request, object_id)
        words = {"sections": [(_("Answers"), answers_table(row))]} | (extra_context or {})
        return super().change_view(request, object_id, form_url, words)

    @action(
        description=_("Send again"), permissions=["replay"], icon="replay", variant=ActionVariant.PRIMARY
    )  # fmt: skip
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then send it again."""
        row = self.find_object(request, object_id)
        back = reverse("admin:webhooks_delivery_change", args=[quote(row.pk)])
        if request.method == "POST":
            try:
                replays.replay(row.endpoint, [row.pk])
            except Problem as problem:
                messages.error(request, word(problem))
            else:
                self.log_change(request, row, gettext("Sent again."))
                messages.success(request, gettext("It is on its way."))
            return HttpResponseRedirect(back)
        question = Question(
            title=gettext("Send this webhook again?"),
            intro=gettext("It goes under the same id: a receiver that had it knows it."),
            facts={
                gettext("Address"): self.address(row),
                gettext("Event"): code(row.message.type),
                gettext("State"): state_badge(row),
            },
            submit=gettext("Send it again"),
            back=back,
        )
        return ask(self, request, question, about=row)

    @display(description=_("message"), ordering="message_id")
    def message_id_shown(self, row: Delivery) -> SafeString:
        """Show what the header webhook-id says."""
        return code(to_wire(MESSAGE, row.message_id))

    @display(description=_("event"), ordering="message__type")
    def event(self, row: Delivery) -> SafeString:
        """Show what happened."""
        return code(row.message.type)

    @display(description=_("platform"))
    def platform(self, row: Delivery) -> str:
        """Show whose it is."""
        return str(row.endpoint.platform)

    @display(description=_("endpoint"))
    def endpoint_shown(self, row: Delivery) -> SafeString:
        """Show in whose name it is signed."""
        return link("webhooks_endpoint", row.endpoint_id, row.endpoint)

    @display(description=_("address"))
    def address(self, row: Delivery) -> str:
        """Show where it goes."""
        return row.url or row.endpoint.url

    @display(description=_("state"), ordering="state")
    def state_shown(self, row: Delivery) -> SafeString:
        """Show how it stands."""
        return state_badge(row)

    @display(description=_("next try"), ordering="due_at")
    def due(self, row: Delivery) -> str:
        """Show when it is tried again."""
        return moment(row.due_at if row.state == Delivery.State.WAITING else None)

    @display(description=_("payload"))
    def payload_shown(self, row: Delivery) -> SafeString:
        """Show the body, indented."""
        text = write_json(json.loads(row.message.payload))
        return format_html('<pre class="hub-code">{}</pre>', text)


def state_badge(row: Delivery) -> SafeString:
    """Return how a delivery stands, as a coloured word."""
    return badge(row.get_state_display(), COLOURS[Delivery.State(row.state)])


def answers_table(row: Delivery) -> SafeString:
    """Return each answer, newest first."""
    headers = [_("time"), _("seconds"), _("status"), _("answer")]
    rows = [
        [answer["at"], answer["seconds"], answer["status"] or "–", code(answer["error"] or answer["body"])]
        for answer in reversed(row.answers)
    ]  # fmt: skip
    return table(headers, rows)


def deliveries_table(endpoint: Endpoint) -> SafeString:
    """Return the newest deliveries of an endpoint."""
    headers = [_("message"), _("event"), _("state"), _("tries"), _("created at")]
    rows: QuerySet[Delivery] = list_deliveries(endpoint)[:NEWEST]
    return table(
        headers,
        [
            [
                link("webhooks_delivery", row.pk, code(to_wire(MESSAGE, row.message_id))),
                code(row.message.type),
                state_badge(row),
                row.tries,
                moment(row.created_at),
            ]
            for row in rows
        ],
    )
