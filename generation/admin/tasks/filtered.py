"""What staff do to all tasks that a list shows, or to those ticked in it: the list's own address says which."""

import uuid
from copy import copy
from typing import Any, TypeVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation.admin.filters import TICKED
from generation.admin.refunds.conditions import match_exactly
from generation.models import Task
from genhub.admin.base import HubAdmin
from genhub.admin.forms import ReasonForm
from genhub.admin.pages import Question, ask
from genhub.lib.ids import new_id

LONGEST_FILTER = 2000
Frozen = TypeVar("Frozen", bound=Model)


class FrozenForm(ReasonForm):
    """Confirms a preview: what the person saw is what is confirmed, once for each form."""

    field_order = ("reason",)
    once = forms.UUIDField(widget=forms.HiddenInput, initial=new_id)
    # The newest task that was seen: those ordered since are not part of it.
    newest = forms.UUIDField(widget=forms.HiddenInput)

    def renew(self, **now: Any) -> None:
        """Show what is true now, under a fresh key."""
        self.data = {**self.data.dict(), "once": str(new_id()), **now}  # type: ignore[attr-defined]


class FilteredPage(HubAdmin):
    """The part of the list of tasks that knows which tasks a deed is about, and leads to it."""

    actions = ("refund_ticked", "cancel_ticked")  # type: ignore[assignment]  # lists have none as a rule
    # To act on all of a filter is a button of its own, which shows first what it would do.
    list_disable_select_all = True

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Lead from the list to the deeds with the list's own filter."""
        if not all(map(is_id, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            messages.error(request, gettext("Nothing was done: what was ticked is no task."))
            return HttpResponseRedirect(request.get_full_path())
        answer = super().changelist_view(request, extra_context)
        for entry in getattr(answer, "context_data", {}).get("actions_list", ()):
            entry["path"] += f"?{request.GET.urlencode()}"
        return answer

    @admin.action(description=_("Refund the ticked ones"), permissions=["refund"])
    def refund_ticked(self, request: HttpRequest, rows: QuerySet[Task]) -> HttpResponseRedirect:
        """Lead to the preview of a refund of what was ticked."""
        return lead_to("refund_all", request)

    @admin.action(description=_("Cancel the ticked ones"), permissions=["cancel"])
    def cancel_ticked(self, request: HttpRequest, rows: QuerySet[Task]) -> HttpResponseRedirect:
        """Lead to the preview of a cancel of what was ticked."""
        return lead_to("cancel_all", request)

    def find_seen(
        self, request: HttpRequest, title: str
    ) -> tuple[QuerySet[Task], uuid.UUID] | HttpResponse:
        """Return the tasks that a preview shows, and the newest of them; or where to go when nothing is to be shown."""
        try:
            found = self.find_exactly(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:generation_task_changelist"))
        # The address may name filters that the list leaves out, such as that of the only platform.
        if not found.query.where:
            return ask(self, request, ask_for_filter(title, back_to_list(request)))
        newest = read_newest(request, found)
        return found.filter(pk__lte=newest), newest

    def find_exactly(self, request: HttpRequest) -> QuerySet[Task]:
        """Return the tasks of the list's filter; its search, which finds parts of names, takes only the very name."""
        term = request.GET.get(SEARCH_VAR, "")
        if "\0" in term:
            raise IncorrectLookupParameters
        words: QueryDict = request.GET.copy()
        for name in (SEARCH_VAR, PAGE_VAR):
            words.pop(name, None)
        filtered = copy(request)
        filtered.GET = words  # type: ignore[assignment]
        changelist: Any = self.get_changelist_instance(filtered)
        tasks: QuerySet[Task] = changelist.queryset
        return tasks.filter(match_exactly(term)) if term.strip() else tasks


def is_id(text: str) -> bool:
    """Return whether a text is an id as the list's boxes send it: Django would fail over any other."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def lead_to(deed: str, request: HttpRequest) -> HttpResponseRedirect:
    """Return the way to a deed on what was ticked, and on nothing else: of a page, never “all 9,999 of the list”."""
    ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
    where = reverse(f"admin:generation_task_{deed}")
    return HttpResponseRedirect(f"{where}?{urlencode({TICKED: ','.join(ticked)})}")


def freeze(model: type[Frozen], request: HttpRequest, words: dict[str, Any]) -> Frozen:
    """Return the row of what was confirmed, to be written: the form's key is its id, so a second click adds none."""
    return model(
        id=words["once"],
        reason=words["reason"],
        conditions=request.GET.urlencode()[:LONGEST_FILTER],
        requested_by=request.user,
    )


def back_to_list(request: HttpRequest) -> str:
    """Return the address of the list that a deed was begun from."""
    return f"{reverse('admin:generation_task_changelist')}?{request.GET.urlencode()}"


def read_newest(request: HttpRequest, tasks: QuerySet[Task]) -> uuid.UUID:
    """Return the newest task that the preview showed, or that there is when it is shown first."""
    try:
        return uuid.UUID(request.POST.get("newest", ""))
    except ValueError:
        return tasks.order_by("-pk").values_list("pk", flat=True).first() or new_id()


def ask_for_filter(title: str, back: str) -> Question:
    """Return the page for a list without any filter: nobody means all tasks there ever were."""
    return Question(
        title=title,
        intro=gettext("Choose a filter in the list first: now it shows all tasks of the hub."),
        back=back,
    )
