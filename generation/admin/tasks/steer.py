"""Pausing, draining and resuming a queue from its page: asked, with a reason."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget

from generation.admin.tasks.deeds import HistoryForm
from generation.life import moving, steering
from genhub.admin.base import HubAdmin
from genhub.admin.pages import Question, ask, word
from genhub.lib.errors import Problem
from genhub.lib.ids import read_id

RIGHT = "generation.steer_queue"
TITLES = {
    "pause": _("Pause the queue %(queue)s?"),
    "drain": _("Drain the queue %(queue)s?"),
    "resume": _("Resume the queue %(queue)s?"),
}
INTROS = {
    "pause": _(
        "Nothing new is begun. What is at work goes on, orders are still taken, and those that wait say why. They still end at their deadlines."
    ),
    "drain": _(
        "As a pause; and this page says when the last order at work has ended, so that a worker may be stopped."
    ),
    "resume": _("What waits is begun again, in the order of its turn."),
}
SUBMITS = {"pause": _("Pause it"), "drain": _("Drain it"), "resume": _("Resume it")}
DONE = {
    "pause": _("The queue is paused: no order of it is begun from now on."),
    "drain": _("The queue drains: no order of it is begun from now on."),
    "resume": _("The queue goes on."),
}


# As many as a page shows.
MOST_MOVED = 50
TO = {
    moving.FIRST: _("before the user's other orders"),
    moving.LAST: _("behind the user's other orders"),
    "high": _("to high priority"),
    "normal": _("to normal priority"),
    "low": _("to low priority"),
}


class MoveForm(HistoryForm):
    """Asks where to, and why."""

    field_order = ("to", "reason")
    to = forms.ChoiceField(
        label=_("Where to"), choices=list(TO.items()), widget=UnfoldAdminRadioSelectWidget
    )


def may_steer(request: HttpRequest) -> bool:
    """Return whether somebody may hold up queues and let them go on."""
    return bool(request.user.has_perm(RIGHT))


class Steer(HubAdmin):
    """The part of the queues' page that does something."""

    def get_urls(self) -> list[Any]:
        """Add the address of the deeds."""
        view = self.admin_site.admin_view(self.steer)
        own = path("<str:queue>/steer/<str:deed>/", view, name="generation_queue_steer")
        move = path("move/", self.admin_site.admin_view(self.move), name="generation_queue_move")
        return [own, move, *super().get_urls()]

    def move(self, request: HttpRequest) -> HttpResponse:
        """Ask where the chosen orders shall wait and why, then move each that still waits."""
        if not (may_steer(request) and self.has_view_permission(request)):
            raise PermissionDenied
        chosen = [
            found for text in request.GET.getlist("task")[:MOST_MOVED] if (found := read_id(text))
        ]
        back = reverse("admin:generation_queue_changelist")
        if not chosen:
            messages.warning(request, gettext("Choose at least one order."))
            return HttpResponseRedirect(back)
        form = MoveForm(request.POST or None)
        if form.is_valid():
            self.move_each(request, chosen, form.cleaned_data["to"], form.cleaned_data["reason"])
            return HttpResponseRedirect(back)
        question = Question(
            title=ngettext("Move %(count)s order?", "Move %(count)s orders?", len(chosen))
            % {"count": len(chosen)},
            intro=gettext(
                "Other users keep their turns: an order is put before or behind the others of its own user, or goes with "
                "those of another priority, as its platform's plan allows. Its price stays. What is at work by then is left."
            ),
            form=form,
            submit=gettext("Move"),
            back=back,
        )
        return ask(self, request, question)

    def move_each(
        self, request: HttpRequest, chosen: list[uuid.UUID], to: str, reason: str
    ) -> None:
        """Move each, and say how many were and why others were not."""
        moved, refused = 0, set[str]()
        # Each goes before the one that went before it: the first chosen ends up first.
        for task_id in reversed(chosen) if to == moving.FIRST else chosen:
            try:
                moving.move(task_id, to, by=request.user.get_username(), reason=reason)
                moved += 1
            except Problem as problem:
                refused.add(word(problem))
        if moved:
            text = ngettext("%(count)s order was moved.", "%(count)s orders were moved.", moved)
            messages.success(request, text % {"count": moved})
        for text in sorted(refused):
            messages.warning(request, text)

    def steer(self, request: HttpRequest, queue: str, deed: str) -> HttpResponse:
        """Ask why, then pause, drain or resume a queue."""
        if not (may_steer(request) and self.has_view_permission(request)):
            raise PermissionDenied
        if deed not in TITLES or queue not in steering.list_queues():
            raise Http404
        back = reverse("admin:generation_queue_changelist")
        form = HistoryForm(request.POST or None)
        if form.is_valid():
            act = {"pause": steering.pause, "drain": steering.drain, "resume": steering.resume}
            try:
                act[deed](queue, by=request.user.get_username(), reason=form.cleaned_data["reason"])
            except Problem as problem:
                form.add_error(None, word(problem))
            else:
                messages.success(request, str(DONE[deed]))
                return HttpResponseRedirect(back)
        question = Question(
            title=str(TITLES[deed]) % {"queue": queue},
            intro=str(INTROS[deed]),
            form=form,
            submit=str(SUBMITS[deed]),
            back=back,
            is_dangerous=deed != "resume",
        )
        return ask(self, request, question)
