"""Pausing, draining and resuming a queue from its page: asked, with a reason."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation.admin.tasks.deeds import HistoryForm
from generation.life import steering
from genhub.admin.base import HubAdmin
from genhub.admin.pages import Question, ask, word
from genhub.lib.errors import Problem

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


def may_steer(request: HttpRequest) -> bool:
    """Return whether somebody may hold up queues and let them go on."""
    return bool(request.user.has_perm(RIGHT))


class Steer(HubAdmin):
    """The part of the queues' page that does something."""

    def get_urls(self) -> list[Any]:
        """Add the address of the deeds."""
        view = self.admin_site.admin_view(self.steer)
        own = path("<str:queue>/steer/<str:deed>/", view, name="generation_queue_steer")
        return [own, *super().get_urls()]

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
            title=gettext(TITLES[deed]) % {"queue": queue},
            intro=str(INTROS[deed]),
            form=form,
            submit=str(SUBMITS[deed]),
            back=back,
            is_dangerous=deed != "resume",
        )
        return ask(self, request, question)
