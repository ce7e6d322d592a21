"""A delivered picture becomes the example of its template, which panels show beside its name."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from generation.admin.refunds.ask import task_page
from generation.models import Task
from genhub.admin.base import HubAdmin
from genhub.admin.pages import Question, ask, on_this_site, without_action
from storage.selectors import read_thumbnail, sign_link
from templates.pictures import set_picture


class ExamplePage(HubAdmin):
    """The part of the tasks' pages that lets a picture show what its template makes."""

    def has_show_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who publish templates and may see tasks."""
        may_publish = request.user.has_perm("templates.publish_template")
        return bool(may_publish and self.has_view_permission(request))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer it only for a task of a template that delivered a picture."""
        found = list(super().get_actions_detail(request, object_id))
        task = self.get_object(request, object_id)
        if task and task.template_version_id and find_picture(task):
            return found
        return without_action(found, "show_by_picture")

    @action(description=_("Use as the template's example"), permissions=["show"], icon="wallpaper")
    def show_by_picture(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the picture once more, then keep a small copy of it with the version."""
        task = self.find_object(request, object_id)
        picture = find_picture(task)
        if task.template_version is None or picture is None:
            return HttpResponseRedirect(task_page(task))
        if request.method == "POST":
            set_picture(task.template_version_id, read_thumbnail(picture))
            self.log_change(request, task, f"example of {task.template_version}")
            messages.success(request, gettext("The template is shown by this picture now."))
            return HttpResponseRedirect(task_page(task))
        question = Question(
            title=gettext("Show %(version)s by this picture?") % {"version": task.template_version},
            intro=gettext(
                "Every app and every user sees a small copy of it beside the template's name, whatever becomes of the picture."
            ),
            pictures=(on_this_site(sign_link(picture, thumbnail=True)),),
            facts={gettext("User"): f"{task.user} @ {task.platform}"},
            submit=gettext("Use it"),
            back=task_page(task),
        )
        return ask(self, request, question, about=task)


def find_picture(task: Task) -> Any:
    """Return the first picture that a task delivered and its owner still has, None where there is none."""
    outputs = task.outputs.select_related("artifact").order_by("position")
    shown = (output.shown for output in outputs)
    return next((one for one in shown if one and not one.is_clip), None)
