"""The parameters of a draft as rows of a form: added, taken away and moved without JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from templates import kinds
from templates.admin.twins import BLANK, Twin
from templates.admin.word_form import LONGEST_KEPT, read_kept, tidy
from templates.kinds import Row
from templates.variables import VARIABLE

KINDS: Final = {
    kinds.TEXT: _("text"),
    kinds.LONG: _("long text"),
    kinds.CHOICE: _("choice"),
    kinds.NUMBER: _("number"),
    kinds.WHOLE: _("whole number"),
    kinds.COLOUR: _("colour"),
    kinds.PICTURE: _("picture"),
    kinds.TRUTH: _("yes or no"),
    kinds.SEED: _("seed"),
    kinds.OTHER: _("described in JSON"),
}
TRUTHS: Final = {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False}
# Of which kinds each field is asked for; the page hides it for others.
ASKED: Final[Mapping[str, tuple[str, ...]]] = {
    "default": tuple(kind for kind in KINDS if kind not in {kinds.PICTURE, kinds.OTHER}),
    "least": tuple(kinds.LIMITS),
    "most": tuple(kinds.LIMITS),
    "choices": (kinds.CHOICE,),
    "label": tuple(kind for kind in KINDS if kind != kinds.OTHER),
    "help": tuple(kind for kind in KINDS if kind != kinds.OTHER),
}


class RowForm(forms.Form):
    """One parameter."""

    use_required_attribute = False
    name = forms.CharField(label=_("Name"), max_length=60, widget=UnfoldAdminTextInputWidget)
    label = forms.CharField(
        label=_("Label"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget
    )
    kind = forms.ChoiceField(
        label=_("Kind"), choices=list(KINDS.items()), widget=UnfoldAdminSelectWidget
    )
    is_required = forms.BooleanField(
        label=_("Required"), required=False, widget=UnfoldBooleanWidget
    )
    default = forms.CharField(
        label=_("Default"), required=False, strip=False, widget=UnfoldAdminTextInputWidget
    )
    least = forms.FloatField(
        label=_("At least"), required=False, widget=UnfoldAdminDecimalFieldWidget
    )
    most = forms.FloatField(
        label=_("At most"), required=False, widget=UnfoldAdminDecimalFieldWidget
    )
    choices = forms.CharField(
        label=_("Choices, one a line"),
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
    )
    help = forms.CharField(
        label=_("Help"), max_length=1000, required=False, widget=UnfoldAdminTextInputWidget
    )
    kept = forms.CharField(required=False, max_length=LONGEST_KEPT, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, prefix: str, row: Row | None = None) -> None:
        super().__init__(data, prefix=prefix, initial=initial_of(row) if row else None)
        self.was: Mapping[str, Any] = row.kept if row else {}
        if self.is_bound:
            self.was = read_kept(self["kept"].value())
        is_other = bool(self.was) and kinds.kind_of(self.was) == kinds.OTHER
        if not is_other:
            self.fields["kind"].choices = [pair for pair in KINDS.items() if pair[0] != kinds.OTHER]  # type: ignore[attr-defined]
        for name, of_kinds in ASKED.items():
            self.fields[name].widget.attrs["data-kinds"] = " ".join(of_kinds)

    @property
    def number(self) -> str:
        """The number of its row on the page."""
        return str(self.prefix).removeprefix("row")

    @property
    def beyond(self) -> str:
        """What its rules hold beyond the words of this form, as JSON names it."""
        if self.was and kinds.kind_of(self.was) == kinds.OTHER:
            return ", ".join(self.was)
        return ", ".join(kinds.row_of("", self.was, False).beyond) if self.was else ""  # noqa: FBT003

    def clean_name(self) -> str:
        """Return the name, or raise when no prompt could hold it in braces."""
        name: str = self.cleaned_data["name"]
        if not VARIABLE.fullmatch(f"{{{name}}}"):
            raise ValidationError(
                _("Letters, digits and “_” alone, and no digit first: subject, colour_2.")
            )
        return name

    def clean(self) -> Any:
        """Judge what depends on the kind."""
        said = super().clean() or {}
        kind = said.get("kind", "")
        lines = [line.strip() for line in said.get("choices", "").splitlines() if line.strip()]
        if kind == kinds.CHOICE and not lines:
            self.add_error("choices", _("Name at least one choice."))
        if kind == kinds.CHOICE and len(set(lines)) < len(lines):
            self.add_error("choices", _("A choice stands here twice."))
        if kind in {kinds.TEXT, kinds.LONG}:
            for name in ("least", "most"):
                if said.get(name) is not None and (said[name] < 0 or said[name] % 1):
                    self.add_error(name, _("Characters are counted in whole numbers."))
        limits = said.get("least"), said.get("most")
        if kind in kinds.LIMITS and None not in limits and limits[0] > limits[1]:  # type: ignore[operator]
            self.add_error("most", _("This is less than the least."))
        if kind:
            said["default"] = self.read_default(kind, said.get("default", ""), lines)
        return said | {"choices": tuple(lines)}

    def read_default(self, kind: str, text: str, lines: Sequence[str]) -> Any:
        """Return the default as a value of its kind, None for none; add what is wrong with it."""
        if kind in {kinds.PICTURE, kinds.OTHER}:
            return None
        if kind in {kinds.TEXT, kinds.LONG}:
            # Of a new one that may be left out, nothing stands in its place.
            is_empty = (
                self.was.get("default") == "" if self.was else not self.cleaned_data["is_required"]
            )
            return text or ("" if is_empty else None)
        text = text.strip()
        if not text:
            return None
        try:
            value = read_value(kind, text)
        except (ValueError, KeyError, OverflowError):
            self.add_error("default", _("This is no value of this kind."))
            return None
        if kind == kinds.CHOICE and text not in lines:
            self.add_error("default", _("This is none of the choices."))
        return value

    def row(self) -> Row:
        """Return what was typed."""
        said = self.cleaned_data
        is_limited = said["kind"] in kinds.LIMITS
        least, most = (tidy(said[name]) if is_limited else None for name in ("least", "most"))
        return Row(
            said["name"], said["kind"], said["is_required"], label=said["label"], help=said["help"],
            default=said["default"], least=least, most=most, choices=said["choices"] if said["kind"] == kinds.CHOICE else (),
            kept=self.was,
        )  # fmt: skip


class Rows(Twin):
    """The forms of all parameters."""

    name: ClassVar[str] = "rows"
    fields: ClassVar[tuple[str, ...]] = ("parameters", "required")
    typed: ClassVar[str] = "typed"
    order: ClassVar[str] = "rows"
    most: ClassVar[int] = 50
    many: ClassVar[Any] = _("At most %(most)s parameters.")
    row: ClassVar[str] = "admin/templates/row.html"
    add: ClassVar[Any] = _("Add a parameter")

    def show(self) -> list[RowForm]:
        """Return a row for each parameter."""
        parameters = self.values["parameters"]
        found = (
            kinds.list_rows(parameters, self.values["required"]) if are_rules(parameters) else []
        )
        return [RowForm(prefix=f"row{n}", row=row) for n, row in enumerate(found)]

    def read(self, data: Any) -> list[RowForm]:
        """Return the rows that a page sends."""
        return [RowForm(data, prefix=f"row{number}") for number in self.list_numbers(data)]

    def find_mistake(self) -> str:
        """Return what is wrong with the rows as a whole."""
        told = super().find_mistake()
        names = [form.cleaned_data.get("name") for form in self.forms]
        for form, name in zip(self.forms, names, strict=True):
            if name and names.count(name) > 1:
                form.add_error("name", _("Another parameter has this name."))
                told = gettext("Mend the rows that are marked.")
        return told

    def said(self) -> dict[str, Any]:
        """Return the parameters and the required names."""
        rows = [form.row() for form in self.forms]
        return dict(
            zip(self.fields, kinds.schema_of_rows(rows, self.values["required"]), strict=True)
        )

    def blanks(self) -> dict[str, tuple[Any, RowForm]]:
        """Return the row of a parameter that is to be added."""
        row = Row("", kinds.TEXT, is_required=False)
        return {"": ("", RowForm(prefix=f"row{BLANK}", row=row))}


def are_rules(parameters: Any) -> bool:
    """Return whether parameters are an object of objects: else only JSON shows them."""
    return isinstance(parameters, Mapping) and all(
        isinstance(one, Mapping) for one in parameters.values()
    )


def initial_of(row: Row) -> dict[str, Any]:
    """Return what stands in a row's fields."""
    default = row.default
    if isinstance(default, bool):
        default = gettext("yes") if default else gettext("no")
    return {
        "name": row.name, "label": row.label, "kind": row.kind, "is_required": row.is_required,
        "default": default, "least": row.least, "most": row.most, "choices": "\n".join(row.choices), "help": row.help,
        "kept": json.dumps(row.kept, ensure_ascii=False),
    }  # fmt: skip


def read_value(kind: str, text: str) -> Any:
    """Return a default by its text, or raise ValueError or KeyError."""
    if kind == kinds.TRUTH:
        return TRUTHS[text.lower()]
    if kind in {kinds.WHOLE, kinds.SEED}:
        return int(text)
    if kind == kinds.NUMBER:
        number = float(text)
        if number in {float("inf"), float("-inf")} or number != number:  # noqa: PLR0124 (only NaN differs from itself)
            raise ValueError
        return tidy(number)
    return text


def word_kind(kind: str) -> str:
    """Return a kind's name."""
    return capfirst(str(KINDS[kind]))
