"""The parameters of a recipe as a form: a field for each, by its rules, and beside it what an order is refused for."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from unfold.widgets import (
    UnfoldAdminColorInputWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from genhub.admin.forms import JsonField
from genhub.admin.pages import word, word_fields
from genhub.lib.errors import Problem
from templates.kinds import COLOUR, LONG, PICTURE, in_order, kind_of
from templates.rendering import Recipe
from templates.samples import find_samples

# From so many characters on, a text has several lines.
LONG_TEXT = 100
PREFIX = "p:"
# A refusal names the field of the order that is wrong.
FIELD_PREFIX = "parameters."


class ParametersForm(forms.Form):
    """A field for each parameter of a recipe; how they are judged is the order's own matter."""

    def __init__(self, *args: Any, recipe: Recipe, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.samples, _impossible, _is_sure = find_samples(recipe)
        self.names = {f"{PREFIX}{name}": name for name in recipe.parameters}
        for name in in_order(recipe.parameters, recipe.required):
            rules = recipe.parameters[name]
            field = field_of(rules)
            field.label = rules.get("title") or name
            field.help_text = rules.get("description", "")
            field.required = name in recipe.required and "default" not in rules
            field.initial = rules.get("default", self.samples.get(name))
            self.fields[f"{PREFIX}{name}"] = field

    def parameters(self) -> dict[str, Any]:
        """Return what was said: a field that was left empty is not."""
        said = {name: self.cleaned_data.get(field) for field, name in self.names.items()}
        return {name: value for name, value in said.items() if value not in (None, "")}

    def take(self, problem: Problem) -> None:
        """Show a refusal beside the fields that it is about."""
        mistakes = word_fields(problem)
        if not mistakes:
            self.add_error(None, word(problem))
        for field, messages in mistakes.items():
            own = field.removeprefix(FIELD_PREFIX).partition(".")[0]
            name = next((n for n in (f"{PREFIX}{own}", own) if n in self.fields), None)
            for message in messages:
                self.add_error(name, message if name else f"{field}: {message}")


def field_of(rules: Mapping[str, Any]) -> forms.Field:
    """Return a field for a parameter of these rules; of a kind that has no field of its own, one of JSON."""
    if "enum" in rules:
        return choice_of(rules["enum"])
    kind = kind_of(rules)
    if kind in {COLOUR, PICTURE}:
        return colour_of(rules) if kind == COLOUR else picture_of(rules)
    make = FIELDS.get(str(rules.get("type", "")), json_of)
    return make(rules)


def choice_of(values: list[Any]) -> forms.Field:
    """Return a choice; what was chosen is the value itself, whatever its type."""
    by_text = {str(value): value for value in values}
    return forms.TypedChoiceField(
        choices=[("", gettext("not said")), *((text, text) for text in by_text)],
        coerce=by_text.__getitem__,
        empty_value=None,
        widget=UnfoldAdminSelectWidget,
    )


def text_of(rules: Mapping[str, Any]) -> forms.Field:
    """Return a field of a text, of several lines where it may be long."""
    is_long = rules.get("maxLength", LONG_TEXT) > LONG_TEXT or kind_of(rules) == LONG
    widget = UnfoldAdminTextareaWidget({"rows": 3}) if is_long else UnfoldAdminTextInputWidget()
    return forms.CharField(max_length=rules.get("maxLength"), strip=False, widget=widget)


def colour_of(rules: Mapping[str, Any]) -> forms.Field:
    """Return a field of a colour, as apps write it: #rrggbb."""
    return forms.CharField(max_length=7, widget=UnfoldAdminColorInputWidget)


def picture_of(rules: Mapping[str, Any]) -> forms.Field:
    """Return a field of a picture by its id or address; nothing is uploaded here."""
    placeholder = {"placeholder": "art_… · https://…"}
    return forms.CharField(widget=UnfoldAdminTextInputWidget(placeholder))


def whole_number_of(rules: Mapping[str, Any]) -> forms.Field:
    """Return a field of a whole number."""
    return forms.IntegerField(
        min_value=rules.get("minimum"),
        max_value=rules.get("maximum"),
        widget=UnfoldAdminIntegerFieldWidget,
    )


def number_of(rules: Mapping[str, Any]) -> forms.Field:
    """Return a field of a number."""
    return forms.FloatField(
        min_value=rules.get("minimum"),
        max_value=rules.get("maximum"),
        widget=UnfoldAdminDecimalFieldWidget,
    )


def truth_of(rules: Mapping[str, Any]) -> forms.Field:
    """Return a field of yes or no."""
    return forms.BooleanField(widget=UnfoldBooleanWidget)


def json_of(rules: Mapping[str, Any]) -> forms.Field:
    """Return a field of a list, an object, or anything else."""
    shape: Any = list if rules.get("type") == "array" else dict
    return JsonField(shape=shape)


FIELDS: dict[str, Callable[[Mapping[str, Any]], forms.Field]] = {
    "string": text_of,
    "integer": whole_number_of,
    "number": number_of,
    "boolean": truth_of,
}
