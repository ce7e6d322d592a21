"""Pages of refunds: the queue of those that wait for a second person, and what became of the others."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from generation.admin.refunds.ask import left_of, word_done
from generation.admin.refunds.decisions import RefundDecisionPage, refund_badge
from generation.admin.refunds.facts import facts_of_task, others_of
from generation.admin.words import list_pictures
from generation.models import Output, RefundRequest, RefundState
from generation.refunds.one import Left, approve_refund, find_left, reject_refund
from genhub.admin.customers import customer_link
from genhub.admin.decisions import DecisionList
from genhub.admin.filters import ALL, StandingFilter
from genhub.admin.pages import Question
from genhub.admin.show import link, moment
from genhub.lib.errors import Problem

STATE = StandingFilter.parameter_name
LONGEST_EXCERPT = 80


class StateFilter(StandingFilter):
    """Refunds of one state. Those of a bulk stand behind its own page."""

    states, first = RefundState, RefundState.PENDING

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the refunds of the chosen state."""
        if "batch__exact" not in request.GET:
            queryset = queryset.filter(batch=None)
        return super().queryset(request, queryset)


class RefundList(DecisionList):
    """A page of refunds with what is left of their tasks, read in one go."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, then what is left."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        left = find_left([row.task_id for row in self.result_list])
        for row in self.result_list:
            row.left = left[row.task_id]

    def word_shown(self, request: HttpRequest) -> tuple[str, str]:
        """Return which refunds the page shows, and what to say when there is none."""
        state = request.GET.get(STATE) or RefundState.PENDING
        if state == RefundState.PENDING:
            none = gettext("No refund waits for a second person.")
            return gettext("Refunds that wait for a second person."), none
        none = gettext("There is no such refund.")
        if state == ALL:
            return gettext("Refunds of every state."), none
        word = str(dict(RefundState.choices).get(state, state))
        return gettext("Refunds of the state “%(state)s”.") % {"state": word}, none

    def list_ways(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Return links to the refunds that this page leaves out."""
        every = (gettext("All refunds of single tasks"), self.get_query_string({STATE: ALL}))
        bulk = reverse("admin:generation_refundbatch_changelist")
        ways = [] if request.GET.get(STATE) == ALL else [every]
        return [*ways, (gettext("Bulk refunds"), bulk)]


@admin.register(RefundRequest)
class RefundRequestAdmin(RefundDecisionPage):
    """Refunds of single tasks; the oldest that waits stands first."""

    list_display = (
        "summary",
        "state_shown",
        "user_shown",
        "captured",
        "left",
        "requested_by",
        "age",
        "task_door",
    )
    list_display_links = ("summary",)
    list_filter = (StateFilter,)
    search_fields = ("task__user", "reason", "requested_by__username")
    search_ids = ("task",)
    search_help_text = _("Search by user, reason or requester, or paste the id of a task.")
    ordering = ("created_at", "id")
    list_before_template = "admin/hub/shown.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RefundList]:
        """Return the list that knows what is left."""
        return RefundList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the refunds with their tasks and pictures."""
        outputs = Output.objects.select_related("artifact").order_by("position")
        rows = super().get_queryset(request).select_related("task__platform", "decided_by", "batch")
        return rows.prefetch_related(Prefetch("task__outputs", outputs))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return what there is to show: nothing of a decision or failure that there was not."""
        names = [
            "state_shown",
            "amount_shown",
            "reason",
            "requested_by",
            "asked",
            "task_link",
            "owner",
        ]
        names += ["prompt", "captured", "left", "others"]
        if obj.batch_id:
            names.append("batch_link")
        if obj.decided_by_id:
            names += ["decided_by", "decided", "decision"]
        if obj.error_code:
            names.append("failure")
        return tuple(names)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a refund with the task's pictures, and why this person cannot decide, if so."""
        row = self.find_object(request, object_id)
        waits = self.is_pending(row)
        words = {
            "title": gettext("Refund of %(amount)s credits") % {"amount": row.amount},
            "pictures": pictures_of(row),
            "obstacle": self.find_obstacle(request, row) if waits else "",
            "show_save": False,
        }
        return super().change_view(request, object_id, form_url, words | (extra_context or {}))

    def is_pending(self, row: RefundRequest) -> bool:
        """Return whether it waits by itself: a bulk is decided as a whole."""
        return row.state == RefundState.PENDING and row.batch_id is None

    def mark_row(self, row: Any) -> str:
        """Return the mark of what is left of the task: other refunds may take of it."""
        return left_of(row.task).seen

    def approve_row(self, request: HttpRequest, row: Any, words: dict[str, Any]) -> str:
        """Refund, and say what became of the user's credits."""
        person: Any = request.user
        approve_refund(row.pk, person=person, reason=words["reason"], seen=words["seen"])
        return word_done(request, row.task, row.amount)

    def reject_row(self, request: HttpRequest, row: Any, words: dict[str, Any]) -> str:
        """Reject, and say so."""
        person: Any = request.user
        reject_refund(row.pk, person=person, reason=words["reason"])
        return gettext("The refund was rejected. Nothing was moved.")

    def describe(self, request: HttpRequest, row: Any) -> Question:
        """Return what the request asks for, why, and what is left."""
        left = left_of(row.task)
        return Question(
            title=gettext("Refund of %(amount)s credits") % {"amount": row.amount},
            intro=gettext("Once approved, the credits go back to %(user)s at once and for good.")
            % {"user": row.task.user},
            facts={
                gettext("Amount"): word_amount(row),
                gettext("Reason"): row.reason,
                gettext("Requested by"): row.requested_by,
                gettext("Asked at"): f"{moment(row.created_at)} · {self.age(row)}",
                **facts_of_task(row.task),
                gettext("Task"): self.task_link(row),
                gettext("Captured"): left.captured,
                gettext("Refunded before"): left.refunded,
                gettext("Waiting"): left.waiting,
                gettext("Left once approved"): left.captured - left.refunded - row.amount,
                gettext("Other refunds of the task"): others_of(row.task, row),
            },
            pictures=pictures_of(row),
            back=self.page_of(row),
        )

    @display(description=_("refund"), header=True, ordering="amount")
    def summary(self, row: Any) -> list[Any]:
        """Show a thumbnail, the amount and the reason."""
        pictures = pictures_of(row)
        reason = row.reason
        if len(reason) > LONGEST_EXCERPT:
            reason = f"{reason[: LONGEST_EXCERPT - 1]}…"
        amount = gettext("%(amount)s credits") % {"amount": row.amount}
        return [amount, reason, "", image_of(pictures)]

    @display(description=_("state"), ordering="state")
    def state_shown(self, row: RefundRequest) -> SafeString:
        """Show the state as a coloured word."""
        return refund_badge(row.state)

    @display(description=_("amount"))
    def amount_shown(self, row: RefundRequest) -> str:
        """Show how much it is about, and which pictures."""
        return word_amount(row)

    @display(description=_("user"), header=True)
    def user_shown(self, row: RefundRequest) -> list[Any]:
        """Show the user and the platform."""
        return [row.task.user, str(row.task.platform)]

    @display(description=_("user"))
    def owner(self, row: RefundRequest) -> SafeString:
        """Show the user and the platform, as a link to their page."""
        return customer_link(row.task)

    @display(description=_("task"))
    def task_link(self, row: RefundRequest) -> SafeString:
        """Show the task, which is one click away."""
        return link("generation_task", row.task_id, row.task)

    @display(description=_("task"))
    def task_door(self, row: RefundRequest) -> SafeString:
        """Show the way to the task; its whole id would take the width from the reason."""
        return link("generation_task", row.task_id, gettext("Open the task"))

    @display(description=_("prompt"))
    def prompt(self, row: RefundRequest) -> str:
        """Show what was asked for."""
        return row.task.spec.get("prompt") or "–"

    @display(description=_("other refunds of the task"))
    def others(self, row: RefundRequest) -> SafeString | str:
        """Show what else was asked for."""
        return others_of(row.task, row)

    @display(description=_("captured"))
    def captured(self, row: Any) -> int:
        """Show what the task cost."""
        return find_left_once(row).captured

    @display(description=_("left"))
    def left(self, row: Any) -> int:
        """Show what was captured and not given back, whoever asked for it."""
        found = find_left_once(row)
        return found.captured - found.refunded

    @display(description=_("asked at"), ordering="created_at")
    def asked(self, row: RefundRequest) -> str:
        """Show when it was asked for."""
        return moment(row.created_at)

    @display(description=_("bulk refund"))
    def batch_link(self, row: RefundRequest) -> SafeString:
        """Show the bulk that it is part of."""
        return link("generation_refundbatch", row.batch_id, row.batch)

    @display(description=_("decided at"))
    def decided(self, row: RefundRequest) -> str:
        """Show when it was decided."""
        return moment(row.decided_at)

    @display(description=_("why it was not possible"))
    def failure(self, row: RefundRequest) -> str:
        """Show why approved credits could not be moved."""
        kind = Problem.kinds.get(row.error_code, Problem)
        return gettext(kind.title)


def word_amount(row: Any) -> str:
    """Return how much a refund is about, and which pictures, counted from 1."""
    if not row.positions:
        return str(row.amount)
    numbers = ", ".join(str(position + 1) for position in row.positions)
    told = {"amount": row.amount, "pictures": numbers}
    return gettext("%(amount)s, for picture %(pictures)s") % told


def find_left_once(row: Any) -> Left:
    """Return what is left of a row's task, as the list read it or read now."""
    found: Left = getattr(row, "left", None) or left_of(row.task)
    return found


def pictures_of(row: RefundRequest) -> tuple[str, ...]:
    """Return the thumbnails of a refund's task."""
    return tuple(p.thumbnail for p in list_pictures(row.task.outputs.all()) if p.thumbnail)


def image_of(pictures: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the first of some pictures as a list shows it."""
    if not pictures:
        return None
    return {"path": pictures[0], "squared": True, "width": 48, "height": 48}
