"""Tasks side by side, followed to their end: a try-out beside what is published, an order beside its repetition."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation.admin.words import list_pictures, task_badge, view_progress, word_failure
from generation.models import Task
from generation.selectors.tasks import describe_template, when_ended
from generation.states import TASK_LIVE
from genhub.admin.base import HubAdmin
from genhub.admin.pages import show
from genhub.lib.ids import read_id

MOST = 4
NAME = "generation_task_compare"


def compare_page(task_ids: Sequence[uuid.UUID]) -> str:
    """Return the address of a page that shows these tasks side by side."""
    names = ",".join(f"task_{task_id.hex}" for task_id in task_ids)
    return f"{reverse(f'admin:{NAME}')}?tasks={names}"


class ComparePage(HubAdmin):
    """The part of the tasks' pages that shows some of them side by side."""

    def get_urls(self) -> list[Any]:
        """Add the address of the page, before that of a task of this name."""
        view = self.admin_site.admin_view(self.compare)
        return [path("compare/", view, name=NAME), *super().get_urls()]

    def compare(self, request: HttpRequest) -> HttpResponse:
        """Show the tasks of an address, in its order."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        tasks = self.read_tasks(request)
        words = {
            "title": gettext("Side by side"),
            "columns": [column_of(task) for task in tasks],
            "rows": mark_differences([facts_of(task) for task in tasks]),
            "lasts": any(task.state in TASK_LIVE for task in tasks),
        }
        return show(self, request, "admin/generation/compare.html", **words)

    def read_tasks(self, request: HttpRequest) -> list[Task]:
        """Return the tasks of an address, in its order; raise Http404 when one is missing or they are too many."""
        ids = [read_id(word) for word in request.GET.get("tasks", "").split(",")]
        if not 1 <= len(ids) <= MOST or None in ids:
            raise Http404
        found = self.get_queryset(request).in_bulk(ids)
        if len(found) < len(set(ids)):
            raise Http404
        return [found[task_id] for task_id in ids]


def column_of(task: Task) -> dict[str, Any]:
    """Return what stands above the facts of a task: its name, state and pictures, or how far they are."""
    recipe = describe_template(task)
    return {
        "name": f"{recipe['code']} v{recipe['version']}" if recipe else str(task),
        "id": str(task),
        "prompt": task.spec.get("prompt", ""),
        "link": reverse("admin:generation_task_change", args=[task.pk]),
        "state": task_badge(task),
        "failure": word_failure(task.error_code, task.error_params) if task.error_code else "",
        "pictures": list_pictures(task.outputs.all()),
        "under_way": view_progress(task),
    }


def facts_of(task: Task) -> dict[Any, Any]:
    """Return what decided a task's pictures, in words."""
    spec = task.spec
    took = when_ended(task)
    seconds = f"{(took - task.started_at).total_seconds():.1f}" if took and task.started_at else "–"
    return {
        _("prompt"): spec.get("prompt", ""),
        _("negative prompt"): spec.get("negative_prompt") or "–",
        _("model"): task.model,
        _("style"): task.style or "–",
        _("size"): f"{spec['width']} × {spec['height']}",
        _("steps"): spec.get("steps") or "–",
        _("guidance"): spec.get("cfg_scale") or "–",
        _("quality"): " ".join(filter(None, [task.quality, task.mode])),
        _("seeds"): ", ".join(map(str, spec.get("seeds") or ())) or "–",
        _("seconds of work"): seconds,
        _("price"): task.price,
    }


def mark_differences(columns: Sequence[dict[Any, Any]]) -> list[list[SafeString | str]]:
    """Return rows of a name and its values; values that are not all the same are marked."""
    rows: list[list[SafeString | str]] = []
    for name in columns[0]:
        values = [column[name] for column in columns]
        differ = len(set(map(str, values))) > 1
        shown = [format_html("<mark>{}</mark>", one) if differ else str(one) for one in values]
        rows.append([str(name), *shown])
    return rows
