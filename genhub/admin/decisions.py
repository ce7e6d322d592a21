"""Desks where a second person decides about what another one of staff asked for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.db.models import DurationField, ExpressionWrapper, F, Model, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.views import ChangeList

from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.forms import ReasonForm
from genhub.admin.pages import Question, ask, word
from genhub.lib.errors import Problem


class DecisionList(ChangeList):
    """A page of rows, those that wait unless others are chosen; it says which, and where others are."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and word it."""
        super().get_results(request)
        # “16 in all” would lead to those that wait again.
        self.full_result_count = self.result_count
        self.shown_words, self.none_words = self.word_shown(request)
        self.ways_out = self.list_ways(request)

    def word_shown(self, request: HttpRequest) -> tuple[str, str]:
        """Return which rows the page shows, and what to say when there is none."""
        raise NotImplementedError

    def list_ways(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Return words and addresses of lists of the rows that this page leaves out."""
        raise NotImplementedError


class DecisionPage(ReadOnlyAdmin):
    """Rows that wait for a second person: anybody but who asked for them approves or rejects, with a reason.

    They have `requested_by` and `created_at`. A subclass says what stands here without a value.
    """

    actions_detail = ("approve", "reject")
    change_form_outer_before_template = "admin/hub/obstacle.html"
    has_history = True
    # Rights that open the pages besides that to view: who asks sees what becomes of it, who decides sees what waits.
    readers: tuple[str, ...]
    # The right to decide.
    decider: str
    # Why somebody cannot decide: for want of the right, or since they asked themselves; and what was decided before.
    no_right: Any
    own: Any
    decided_before: type[Problem]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Allow those who may see such rows, ask for them or decide."""
        may_see = any(request.user.has_perm(permission) for permission in self.readers)
        return may_see or bool(super().has_view_permission(request, obj))

    def has_decide_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who may approve what other people ask for."""
        return bool(request.user.has_perm(self.decider))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows with their age by the database's clock."""
        rows: QuerySet[Any] = super().get_queryset(request)
        age = ExpressionWrapper(Now() - F("created_at"), output_field=DurationField())
        aged: QuerySet[Any] = rows.annotate(age=age).select_related("requested_by")
        return aged

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer a decision to those who may take it, while there is one to take."""
        row = self.get_object(request, object_id)
        if row is None or self.find_obstacle(request, row):
            return []
        return list(super().get_actions_detail(request, object_id))

    @action(
        description=_("Approve"),
        permissions=["decide"],
        icon="check",
        variant=ActionVariant.PRIMARY,
    )
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then approve."""
        row = self.find_object(request, object_id)
        return self.decide(request, row, gettext("Approve"), self.approve_row)

    @action(
        description=_("Reject"), permissions=["decide"], icon="close", variant=ActionVariant.DANGER
    )
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then reject."""
        row = self.find_object(request, object_id)
        return self.decide(request, row, gettext("Reject"), self.reject_row)

    def decide(
        self,
        request: HttpRequest,
        row: Any,
        verb: str,
        act: Callable[[HttpRequest, Any, dict[str, Any]], str],
    ) -> HttpResponse:
        """Ask for the reason and act on it; what the service refuses stands above the form."""
        form = ReasonForm(request.POST or None, initial={"seen": self.mark_row(row)})
        if form.is_valid():
            try:
                done = act(request, row, form.cleaned_data)
            except Problem as problem:
                form.add_error(None, word(problem))
                form.look_again(self.mark_row(row))
            else:
                self.log_change(request, row, f"{verb}: {form.cleaned_data['reason']}")
                messages.success(request, done)
                return HttpResponseRedirect(self.page_of(row))
        obstacle = self.find_obstacle(request, row)
        about = self.describe(request, row)
        is_rejected = act == self.reject_row
        question = replace(
            about,
            title=f"{verb}: {about.title}",
            intro=gettext("Nothing will move. The requester reads your reason.")
            if is_rejected
            else about.intro,
            # A refused form stays, with what refused it.
            form=None if obstacle and not form.is_bound else form,
            mistakes=(obstacle,) if obstacle and not form.is_bound else (),
            submit="" if obstacle else verb,
            is_dangerous=is_rejected,
        )
        return ask(self, request, question, about=row)

    def find_obstacle(self, request: HttpRequest, row: Any) -> str:
        """Return why this person cannot decide on this row, or an empty text."""
        if not self.is_pending(row):
            return word(self.decided_before())
        if row.requested_by_id == request.user.pk:
            return str(self.own)
        if not self.has_decide_permission(request):
            return str(self.no_right)
        return ""

    def is_pending(self, row: Any) -> bool:
        """Return whether a row waits for a decision."""
        raise NotImplementedError

    def mark_row(self, row: Any) -> str:
        """Return the mark of what the page shows and others may change; of what never changes, none is needed."""
        return ""

    def approve_row(self, request: HttpRequest, row: Any, words: dict[str, Any]) -> str:
        """Approve a row with the words of its form, and return what was done, in words."""
        raise NotImplementedError

    def reject_row(self, request: HttpRequest, row: Any, words: dict[str, Any]) -> str:
        """Reject a row and return what was done, in words."""
        raise NotImplementedError

    def describe(self, request: HttpRequest, row: Any) -> Question:
        """Return what a person must know to decide."""
        raise NotImplementedError

    def page_of(self, row: Model) -> str:
        """Return the address of a row's page."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])

    @display(description=_("age"), ordering="created_at")
    def age(self, row: Any) -> str:
        """Show how old it is, by the database's clock."""
        return timesince(row.created_at, row.created_at + row.age)
