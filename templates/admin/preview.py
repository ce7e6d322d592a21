"""What a draft would make of an order, shown while it is typed, by the renderer of real orders; nothing is saved."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import path

from genhub.admin.base import HubAdmin
from genhub.admin.pages import word_lines
from genhub.lib.errors import InvalidRequest
from templates.admin.asking import PREFIX, ParametersForm
from templates.admin.forms import DraftForm
from templates.admin.publish import word_mistakes
from templates.chains import find_chain_mistakes, list_steps
from templates.errors import VersionNotPublishable
from templates.kinds import find_bound
from templates.mistakes import find_recipe_mistakes
from templates.rendering import Recipe, Rendered, render, wear
from templates.selectors import as_recipe, find_look
from templates.variables import find_variables

NAME = "templates_templateversion_preview"
# Its inputs belong to this form of the page, so that they are neither saved nor taken for unsaved.
SAMPLE_FORM = "sample"
# Where mistakes keep a draft from being rendered at all.
UNREADABLE = {"parameters", "chain"}


@dataclass(frozen=True)
class Preview:
    """What is shown beside a draft."""

    mistakes: tuple[str, ...] = ()
    rendered: Rendered | None = None
    steps: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    form: ParametersForm | None = None


class PreviewPage(HubAdmin):
    """The part of the versions' pages that answers what a draft as it is typed would make."""

    change_form_after_template = "admin/templates/preview.html"

    def get_urls(self) -> list[Any]:
        """Add the door, before the address of a version of this name."""
        view = self.admin_site.admin_view(self.preview)
        return [path("<uuid:version_id>/preview/", view, name=NAME), *super().get_urls()]

    def preview(self, request: HttpRequest, version_id: Any) -> HttpResponseBase:
        """Answer the parts of the page that follow what is typed."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        version = self.find_object(request, str(version_id))
        if not self.has_change_permission(request, version):
            raise PermissionDenied
        form = DraftForm(request.POST, instance=version)
        seen = preview_of(form, request.POST)
        told: dict[str, Any] = {
            "words": render_to_string("admin/templates/preview_words.html", {"preview": seen}),
            "asked": render_to_string("admin/templates/preview_asked.html", {"preview": seen}),
        }
        return JsonResponse(told | form.follow())


def preview_of(form: DraftForm, typed: Any) -> Preview:
    """Return what stands beside a form as it was typed."""
    if not form.is_valid():
        named = [
            (form.fields[name].label or name, said)
            for name, said in form.errors.items()
            if name in form.fields
        ]
        return Preview(tuple(f"{label}: {message}" for label, said in named for message in said))
    recipe = as_recipe(form.instance)
    mistakes = [*find_recipe_mistakes(recipe), *find_chain_mistakes(recipe)]
    told = tuple(word_mistakes(VersionNotPublishable(errors=mistakes)))
    if any(e.field in UNREADABLE or e.code == "unknown_parameter" for e in mistakes):
        return Preview(told)
    asked, values = ask(recipe, typed)
    try:
        rendered: Rendered | None = render(recipe, values)
        steps = tuple(render(step.recipe, values).prompt for step in list_steps(recipe))
    except InvalidRequest as refusal:
        told += tuple(word_lines(refusal))
        rendered, steps = None, ()
    return Preview(told, wearing(recipe, rendered), steps, find_unused(recipe), asked)


def ask(recipe: Recipe, typed: Any) -> tuple[ParametersForm, dict[str, Any]]:
    """Return the form that users of apps see, with what was typed into it, and the values of an order: those that were
    typed, else samples; defaults are the renderer's matter."""
    form = ParametersForm(
        typed if any(name.startswith(PREFIX) for name in typed) else None, recipe=recipe
    )
    for field in form.fields.values():
        field.widget.attrs["form"] = SAMPLE_FORM
    if not form.is_bound:
        return form, form.samples
    # A field that was not on the page when somebody typed has its first value.
    fresh = {name: str(form.fields[name].initial or "") for name in form.names if name not in typed}
    whole = typed.copy()
    whole.update(fresh)
    form.data = whole
    form.full_clean()
    return form, form.samples | form.parameters()


def wearing(recipe: Recipe, rendered: Rendered | None) -> Rendered | None:
    """Return the words with those of the style that the template fixes."""
    style = recipe.settings.get("style_preset")
    look = find_look(style) if rendered and isinstance(style, str) else None
    if rendered is None or look is None:
        return rendered
    worn = wear(look, rendered)
    negative = ", ".join(filter(None, [worn.negative_prompt, look.negative_prompt]))
    return Rendered(worn.prompt, negative, worn.settings)


def find_unused(recipe: Recipe) -> tuple[str, ...]:
    """Return the parameters that no prompt uses and no word of the order is."""
    prompts = [recipe.prompt, recipe.negative_prompt]
    steps = recipe.chain if isinstance(recipe.chain, list) else []
    prompts += [str(step.get(name, "")) for step in steps for name in ("prompt", "negative_prompt")]
    used = set().union(*map(find_variables, prompts)) | find_bound(recipe.parameters).keys()
    return tuple(name for name in sorted(recipe.parameters) if name not in used)
