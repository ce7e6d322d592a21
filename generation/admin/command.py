"""What the admin's command search (Ctrl+K) finds besides pages: customers, orders and templates."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext
from unfold.dataclasses import SearchResult

from generation.admin.customers.search import find_by_name
from generation.models import Task
from generation.selectors.tasks import search_tasks
from templates.selectors import search_templates

MOST = 5
LONGEST_PROMPT = 60
# Shorter words in Latin letters stand in most texts, and no index holds them.
SHORTEST_WORD = 3


def find(request: HttpRequest, _term: str) -> list[SearchResult]:
    """Return what those who look may open, as they typed it: what the theme hands over is in small letters."""
    text = request.GET.get("s", "").strip()
    if "\0" in text or not text:
        return []
    return [
        *find_by_name(request, text),
        *find_orders(request, text),
        *find_templates(request, text),
    ]


def find_orders(request: HttpRequest, text: str) -> Iterator[SearchResult]:
    """Yield the newest orders with these words, or of this id."""
    if not request.user.has_perm("generation.view_task"):
        return
    if text.isascii() and len(text) < SHORTEST_WORD:
        return
    for task in search_tasks(Task.objects.select_related("platform"), text).order_by("-id")[:MOST]:
        name = Truncator(task.spec.get("prompt") or str(task)).chars(LONGEST_PROMPT)
        told = f"{gettext('Order')} · {task.get_state_display()} · {task.user} @ {task.platform}"
        yield SearchResult(
            name, told, reverse("admin:generation_task_change", args=[task.pk]), "image"
        )


def find_templates(request: HttpRequest, text: str) -> Iterator[SearchResult]:
    """Yield the templates with this text in their code, or in the name of a version."""
    if not request.user.has_perm("templates.view_template"):
        return
    for row in search_templates(text)[:MOST]:
        page = reverse("admin:templates_template_change", args=[row.pk])
        yield SearchResult(row.code, gettext("template"), page, "description")
