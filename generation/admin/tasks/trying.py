"""Try-outs: a version of a template drawn before it is published, beside the published one, from the same seed."""

import secrets
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from generation.admin.tasks.comparing import compare_page
from generation.orders.house import Wanted, draw_by
from generation.spec import LARGEST_EXACT
from genhub.admin.base import HubAdmin
from genhub.admin.pages import Question, ask, word_whole
from genhub.lib.errors import Problem
from genhub.lib.ids import new_id
from templates.admin.asking import ParametersForm
from templates.rendering import Recipe
from templates.selectors import as_recipe, find_version

NAME = "generation_task_try"


class TryForm(ParametersForm):
    """Asks for the parameters as an app would, and for a seed; carries a key of this very form."""

    seed = forms.IntegerField(
        label=_("Seed"), required=False, min_value=0, max_value=LARGEST_EXACT,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Both versions are drawn from it. Empty it where the model takes no seed."),
    )  # fmt: skip
    once = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seed"].initial = secrets.randbelow(10**6)
        self.fields["once"].initial = new_id
        self.order_fields([*self.names, "seed"])

    def wanted(self, recipe: Recipe) -> Wanted:
        """Return what is asked for of a version: of one that knows fewer parameters, those that it knows."""
        known = {name: v for name, v in self.parameters().items() if name in recipe.parameters}
        return Wanted(known, self.cleaned_data["seed"])


class TryPage(HubAdmin):
    """The part of the tasks' pages that draws a version at the hub's expense."""

    def get_urls(self) -> list[Any]:
        """Add the address of the page, before that of a task of this name."""
        view = self.admin_site.admin_view(self.try_version)
        return [path("try/<uuid:version_id>/", view, name=NAME), *super().get_urls()]

    def try_version(self, request: HttpRequest, version_id: Any) -> HttpResponse:
        """Ask for parameters, then draw the version and the one that is ordered now, and show both."""
        rights = ("generation.order_task", "generation.view_task", "templates.view_templateversion")
        if not all(map(request.user.has_perm, rights)):
            raise PermissionDenied
        version = find_version(version_id)
        if version is None:
            raise Http404
        recipe = as_recipe(version)
        current = version.template.published
        other = as_recipe(current) if current and current.pk != version.pk else None
        form = TryForm(request.POST or None, recipe=recipe)
        if form.is_valid():
            try:
                drawn = self.draw(request, form, recipe)
            except Problem as problem:
                form.take(problem)
            else:
                beside = self.draw_beside(request, form, other) if other else []
                return HttpResponseRedirect(compare_page([drawn, *beside]))
        question = Question(
            title=gettext("Try %(version)s out") % {"version": version},
            intro=gettext(
                "It is drawn as an order of it would be, at the hub's expense: nobody pays, and no app hears of it."
            )
            + (
                " "
                + gettext("%(version)s, which apps order now, is drawn beside it.")
                % {"version": current}
                if other
                else ""
            ),
            form=form,
            submit=gettext("Draw"),
            back=reverse("admin:templates_templateversion_change", args=[version.pk]),
        )
        return ask(self, request, question)

    def draw(self, request: HttpRequest, form: TryForm, recipe: Recipe) -> Any:
        """Order by a recipe for this member of staff, and return the id of the task."""
        once, person = form.cleaned_data["once"].hex, request.user.get_username()
        return draw_by(recipe, form.wanted(recipe), person=person, once=once)

    def draw_beside(self, request: HttpRequest, form: TryForm, recipe: Recipe) -> list[Any]:
        """Draw what is published with the same parameters, and say why where that cannot be."""
        try:
            return [self.draw(request, form, recipe)]
        except Problem as problem:
            text = gettext("%(version)s was not drawn beside it. %(problem)s")
            told = {"version": f"{recipe.code} v{recipe.number}", "problem": word_whole(problem)}
            messages.warning(request, text % told)
            return []
