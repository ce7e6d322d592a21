"""Pages of bulk refunds: those that wait for a second person, and how far the loops are with the others."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from generation.admin.refunds.ask_bulk import PICTURES, word_users
from generation.admin.refunds.conditions import word_conditions
from generation.admin.refunds.decisions import RefundDecisionPage, refund_badge
from generation.admin.words import picture_of
from generation.models import RefundBatch, RefundRequest, RefundState
from generation.refunds.bulk import MOST_USERS, UserPart, approve_refunds, reject_refunds
from generation.selectors.refunds import count_refunds, list_users_of, mark_batches
from generation.selectors.tasks import list_outputs_of
from genhub.admin.pages import Question, look_again
from genhub.admin.show import moment

LONGEST_EXCERPT = 120
# What has ended first.
STATES = (
    RefundState.DONE,
    RefundState.FAILED,
    RefundState.REJECTED,
    RefundState.APPROVED,
    RefundState.PENDING,
)


@admin.register(RefundBatch)
class RefundBatchAdmin(RefundDecisionPage):
    """Bulk refunds, newest first: what they are for, and how far they are."""

    list_display = ("reason", "state_shown", "count", "total", "requested_by", "age")
    search_fields = ("reason", "requested_by__username")
    search_help_text = _("Search by reason or requester.")
    ordering = ("-created_at", "-id")
    change_form_outer_before_template = "admin/generation/bulk_refund.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the bulk refunds with the state of the whole."""
        return mark_batches(super().get_queryset(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return what there is to show: nothing of a decision that there was not."""
        names = [
            "state_shown",
            "reason",
            "conditions_shown",
            "users_shown",
            "count",
            "total",
            "requested_by",
            "asked",
        ]
        names.append("prompts")
        if self.first_of(obj).decided_by_id:
            names += ["decided_by", "decided", "decision"]
        return tuple(names)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show how far it is, and look again by itself while the loops work on it."""
        row = self.find_object(request, object_id)
        words = {
            "title": gettext("Bulk refund: %(reason)s") % {"reason": row.reason},
            "obstacle": self.find_obstacle(request, row) if self.is_pending(row) else "",
            "pictures": pictures_of(row),
            "progress": progress_of(row),
            "is_working": row.state == RefundState.APPROVED,
        }
        answer = super().change_view(request, object_id, form_url, words | (extra_context or {}))
        return look_again(request, answer) if row.state == RefundState.APPROVED else answer

    def is_pending(self, row: Any) -> bool:
        """Return whether the whole waits for a second person."""
        return bool(row.state == RefundState.PENDING)

    def approve_row(self, request: HttpRequest, row: Any, words: dict[str, Any]) -> str:
        """Let the loops refund all of it, and say so."""
        person: Any = request.user
        count = approve_refunds(row.pk, person=person, reason=words["reason"])
        return gettext("%(count)s refunds are approved and under way.") % {"count": count}

    def reject_row(self, request: HttpRequest, row: Any, words: dict[str, Any]) -> str:
        """Reject all of it, and say so."""
        person: Any = request.user
        reject_refunds(row.pk, person=person, reason=words["reason"])
        return gettext("The bulk refund was rejected. Nothing was moved.")

    def describe(self, request: HttpRequest, row: Any) -> Question:
        """Return what the bulk is for, and how much."""
        return Question(
            title=gettext("Bulk refund of %(total)s credits") % {"total": row.total},
            intro=gettext(
                "Once approved, the credits of %(count)s tasks go back to their users, one task after the other, for good."
            )
            % {"count": row.count},
            facts={
                gettext("Tasks"): row.count,
                gettext("Credits"): row.total,
                gettext("Filter"): word_conditions(row.conditions),
                gettext("Users"): users_of(row),
                gettext("Reason"): row.reason,
                gettext("Requested by"): row.requested_by,
                gettext("Asked at"): f"{moment(row.created_at)} · {self.age(row)}",
                gettext("Some of the prompts"): prompts_of(row),
            },
            pictures=pictures_of(row),
            back=self.page_of(row),
        )

    @display(description=_("state"))
    def state_shown(self, row: Any) -> SafeString:
        """Show the state of the whole as a coloured word."""
        return refund_badge(row.state)

    @display(description=_("filter"))
    def conditions_shown(self, row: RefundBatch) -> SafeString | str:
        """Show what the list was filtered by."""
        return word_conditions(row.conditions)

    @display(description=_("users"))
    def users_shown(self, row: RefundBatch) -> SafeString | str:
        """Show whose tasks they are."""
        return users_of(row)

    @display(description=_("some of the prompts"))
    def prompts(self, row: RefundBatch) -> SafeString:
        """Show what a few of the tasks asked for."""
        return prompts_of(row)

    @display(description=_("asked at"), ordering="created_at")
    def asked(self, row: RefundBatch) -> str:
        """Show when it was confirmed."""
        return moment(row.created_at)

    @display(description=_("decided by"))
    def decided_by(self, row: RefundBatch) -> str:
        """Show who decided, the same for all of it."""
        return str(self.first_of(row).decided_by)

    @display(description=_("decided at"))
    def decided(self, row: RefundBatch) -> str:
        """Show when it was decided."""
        return moment(self.first_of(row).decided_at)

    @display(description=_("decision"))
    def decision(self, row: RefundBatch) -> str:
        """Show the reason of the decision."""
        return self.first_of(row).decision

    def first_of(self, row: RefundBatch) -> RefundRequest:
        """Return one of a bulk's requests: they are never without any, and all decided alike."""
        return row.requests.select_related("decided_by").order_by()[:1].get()


def pictures_of(row: RefundBatch) -> tuple[str, ...]:
    """Return thumbnails of a few of the tasks."""
    outputs = list_outputs_of(row.requests.order_by().values("task_id"), PICTURES)
    return tuple(picture_of(output).thumbnail for output in outputs)


def users_of(row: RefundBatch) -> SafeString | str:
    """Return who gets how much of a bulk."""
    users, all_users = list_users_of(row, MOST_USERS)
    names = ("user", "platform", "count", "total")
    return word_users([UserPart(*(user[name] for name in names)) for user in users], all_users)


def prompts_of(row: RefundBatch) -> SafeString:
    """Return the prompts of a few of the tasks, one a line."""
    specs = row.requests.order_by("task_id").values_list("task__spec", flat=True)[:PICTURES]
    lines = [(Truncator(spec.get("prompt", "")).chars(LONGEST_EXCERPT),) for spec in specs]
    return format_html_join(mark_safe("<br>"), "{}", lines)


def progress_of(row: RefundBatch) -> dict[str, Any]:
    """Return how many refunds are done, not possible and left, their credits, and links to their lists."""
    counts = count_refunds(row)
    listed = reverse("admin:generation_refundrequest_changelist")
    lines = [
        {
            "badge": refund_badge(state),
            "count": count,
            "credits": credits_moved,
            "link": f"{listed}?batch__exact={row.pk}&state={state}",
        }
        for state in STATES
        for count, credits_moved in [counts[state]]
        if count
    ]
    ended = sum(counts[state][0] for state in (RefundState.DONE, RefundState.FAILED))
    return {
        "lines": lines,
        "ended": ended,
        "all": row.count,
        "percent": ended * 100 // row.count if row.count else 0,
    }
