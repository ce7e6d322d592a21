"""Preview sheets: the standard prompts drawn in a style at the hub's expense, shown on the style's page."""

import uuid
from typing import Any, Final

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from generation.admin.words import list_pictures, task_badge, view_progress, word_failure
from generation.models import Task
from generation.orders.house import PROMPT, draw_sheet
from generation.selectors.tasks import read_whole
from genhub.admin.base import HubAdmin
from genhub.admin.pages import Question, ask, word_whole
from genhub.lib import remembered
from genhub.lib.errors import Problem
from genhub.lib.ids import new_id
from templates.selectors import as_look, find_style
from templates.services import keep_sheet, mark_of_look
from templates.sheets import PROMPTS

NAME: Final = "generation_style_sheet"
RIGHTS: Final = ("generation.order_task", "generation.view_task", "templates.view_style")


class SheetForm(forms.Form):
    """Carries a key of this very form, so that a double click draws one sheet."""

    once = forms.UUIDField(widget=forms.HiddenInput, initial=new_id)


class SheetPage(HubAdmin):
    """The part of the tasks' pages that draws a style's sheet."""

    def get_urls(self) -> list[Any]:
        """Add the address of the page, before that of a task of this name."""
        view = self.admin_site.admin_view(self.draw_sheet)
        return [path("sheet/<int:style_id>/", view, name=NAME), *super().get_urls()]

    def draw_sheet(self, request: HttpRequest, style_id: int) -> HttpResponse:
        """Ask, then draw the standard prompts in a style, and go back to its page, which shows them."""
        if not all(map(request.user.has_perm, RIGHTS)):
            raise PermissionDenied
        style = find_style(style_id)
        if style is None:
            raise Http404
        back = reverse("admin:templates_style_change", args=[style.pk])
        form = SheetForm(request.POST or None)
        if form.is_valid():
            once, person = form.cleaned_data["once"].hex, request.user.get_username()
            try:
                keep_sheet(style, draw_sheet(as_look(style), person=person, once=once))
            except Problem as problem:
                form.add_error(None, word_whole(problem))
            else:
                return HttpResponseRedirect(f"{back}#sheet")
        question = Question(
            title=gettext("Draw the preview sheet of %(style)s?") % {"style": style},
            intro=gettext(
                "%(number)s standard prompts are drawn as the style is saved now, at the hub's expense: nobody pays, "
                "and no app hears of it. The sheet takes the place of the one before."
            )
            % {"number": len(PROMPTS)},
            form=form,
            submit=gettext("Draw"),
            back=back,
        )
        return ask(self, request, question)


def show_sheet(request: HttpRequest, style: Any) -> SafeString | str:
    """Return a style's sheet as its page shows it, followed to its end; empty where there is none, or for those who may
    not see tasks."""
    if not style.sheet or not request.user.has_perm("generation.view_task"):
        return ""
    ids = list(map(uuid.UUID, style.sheet["tasks"]))
    house = Task.objects.filter(platform__is_house=True)
    found = read_whole(house, with_previews=True).in_bulk(ids)
    with remembered.together():
        cells = [cell_of(found[task_id]) for task_id in ids if task_id in found]
    words = {
        "cells": cells,
        "lasts": any(cell["under_way"] for cell in cells),
        "is_of_before": style.sheet["of"] != mark_of_look(style),
    }
    return render_to_string("admin/generation/sheet.html", words)


def cell_of(task: Task) -> dict[str, Any]:
    """Return what stands on a sheet for one prompt: its picture, or how far it is, or why there is none."""
    return {
        "prompt": task.metadata.get(PROMPT, ""),
        "whole": task.spec.get("prompt", ""),
        "link": reverse("admin:generation_task_change", args=[task.pk]),
        "state": task_badge(task),
        "failure": word_failure(task.error_code, task.error_params) if task.error_code else "",
        "pictures": list_pictures(task.outputs.all()),
        "under_way": view_progress(task),
    }
