"""Words of an order or of an edit as fields of a form: their kinds, bounds, defaults and notes are those of the fields
that read them in requests, which also judge what was typed.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from genhub.admin.forms import parse_json
from genhub.admin.pages import word_fields
from genhub.lib.errors import FieldError, InvalidRequest
from templates.admin.offered import Offered
from templates.admin.word_names import CHOICES, WORDS

LONGEST_KEPT: Final = 100_000
# From so many characters on, a text has several lines.
LONG_TEXT: Final = 300


class WordsForm(forms.Form):
    """A field for each word; what none of them can show is kept as it is."""

    use_required_attribute = False
    kept = forms.CharField(required=False, max_length=LONGEST_KEPT, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        *,
        prefix: str,
        words: Mapping[str, serializers.Field[Any, Any, Any, Any]],
        said: Mapping[str, Any] | None = None,
        offered: Offered | None = None,
    ) -> None:
        super().__init__(data, prefix=prefix)
        self.words = tuple(words)
        before = said or {}
        for name, own in words.items():
            now = data.get(self.add_prefix(name)) if self.is_bound else before.get(name)
            self.fields[name] = field_of(name, own, (offered or {}).get(name), now)
        self.fields["kept"] = self.fields.pop("kept")
        if self.is_bound:
            self.rest = read_kept(self["kept"].value())
            return
        shown = {name: v for name, v in before.items() if name in words and self.shows(name, v)}
        self.initial = {name: as_typed(value) for name, value in shown.items()}
        self.keep({name: value for name, value in before.items() if name not in shown})

    def keep(self, rest: dict[str, Any]) -> None:
        """Keep what no field can show."""
        self.rest = rest
        self.initial["kept"] = json.dumps(rest, ensure_ascii=False)

    @property
    def number(self) -> str:
        """The number of its row on the page."""
        return str(self.prefix).lstrip("abcdefghijklmnopqrstuvwxyz")

    @property
    def plain_fields(self) -> list[BoundField]:
        """The fields of its words."""
        return [self[name] for name in self.words]

    @property
    def beyond(self) -> str:
        """What it keeps and does not show."""
        return ", ".join(self.rest)

    def shows(self, name: str, value: Any) -> bool:
        """Return whether a word's field gives back a value as it is."""
        if value is None:
            return False
        try:
            found = self.fields[name].clean(as_typed(value))
        except ValidationError:
            return False
        return bool(found == value) and isinstance(value, bool) == isinstance(found, bool)

    def clean(self) -> Any:
        """Judge the words as a request's are."""
        cleaned = super().clean()
        for error in list(self.judge(self.typed())):
            # What is no number, or missing, is told already.
            if error.field not in self.errors:
                self.show(error)
        return cleaned

    def judge(self, said: Mapping[str, Any]) -> Iterable[FieldError]:
        """Return what is wrong with the words, each mistake at its own."""
        return []

    def show(self, error: FieldError) -> None:
        """Show a mistake beside its word; of one that is only kept, above all of them."""
        for messages in word_fields(InvalidRequest(errors=[error])).values():
            name = error.field if error.field in self.fields else None
            for message in messages:
                self.add_error(name, message if name else f"{error.field}: {message}".strip(": "))

    def typed(self) -> dict[str, Any]:
        """Return the words that were typed; an empty field says none."""
        found = {name: self.cleaned_data.get(name) for name in self.words}
        return {name: tidy(v) for name, v in found.items() if v is not None and v != ""}

    def said(self) -> dict[str, Any]:
        """Return the words that were typed, with those that are kept."""
        return {**self.rest, **self.typed()}


def field_of(
    name: str,
    own: serializers.Field[Any, Any, Any, Any],
    offered: Iterable[tuple[str, str]] | None,
    now: Any,
) -> forms.Field:
    """Return the field of a word by what reads it in a request; `now` is what it says: no choice loses it."""
    words: dict[str, Any] = {
        "label": WORDS.get(name, name),
        "required": own.required,
        "help_text": note_of(own),
        "initial": None if own.default is empty else own.default,
    }
    if isinstance(own, serializers.BooleanField):
        pairs = [("true", _("yes")), ("false", _("no"))]
        return forms.TypedChoiceField(
            choices=with_nothing(pairs, own), coerce="true".__eq__, empty_value=None,
            widget=UnfoldAdminSelectWidget, **words,
        )  # fmt: skip
    if isinstance(own, serializers.ChoiceField):
        pairs = [(value, CHOICES.get(value, value)) for value in own.choices]
        return choice_of(with_nothing(pairs, own), words)
    if offered is not None:
        return choice_of(with_nothing(with_gone(offered, now), own), words)
    if isinstance(own, serializers.IntegerField | serializers.FloatField):
        return number_of(own, words)
    long = (getattr(own, "max_length", None) or 0) > LONG_TEXT
    widget = UnfoldAdminTextareaWidget({"rows": 2}) if long else UnfoldAdminTextInputWidget()
    return LinesField(strip=False, widget=widget, **words)


class LinesField(forms.CharField):
    """A text whose lines end as those of requests do: a form ends them with two signs."""

    def to_python(self, value: Any) -> Any:
        """Return the text."""
        return (super().to_python(value) or "").replace("\r\n", "\n")


def choice_of(pairs: list[tuple[str, Any]], words: Mapping[str, Any]) -> forms.Field:
    """Return a choice."""
    return forms.ChoiceField(choices=pairs, widget=UnfoldAdminSelectWidget, **words)


def with_nothing(pairs: Iterable[tuple[str, Any]], own: Any) -> list[tuple[str, Any]]:
    """Return choices with one that says nothing, where nothing need be said."""
    says = own.required or own.default is not empty
    return [*([] if says else [("", "–")]), *pairs]


def with_gone(offered: Iterable[tuple[str, str]], now: Any) -> list[tuple[str, Any]]:
    """Return choices with what is chosen now, though the hub may have it no more."""
    pairs: list[tuple[str, Any]] = list(offered)
    if isinstance(now, str) and now and now not in dict(pairs):
        pairs.append((now, gettext("%(name)s (not offered)") % {"name": now}))
    return pairs


def number_of(own: Any, words: Mapping[str, Any]) -> forms.Field:
    """Return the field of a number; its bounds are a hint to who types, and judged with all other words."""
    is_whole = isinstance(own, serializers.IntegerField)
    bounds = {"min": own.min_value, "max": own.max_value, "step": 1 if is_whole else "any"}
    attrs = {name: value for name, value in bounds.items() if value is not None}
    if is_whole:
        return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget(attrs=attrs), **words)
    return forms.FloatField(widget=UnfoldAdminDecimalFieldWidget(attrs=attrs), **words)


def note_of(own: Any) -> str:
    """Return a word's unit and default as requests have them, and its bounds."""
    bounds = [getattr(own, name, None) for name in ("min_value", "max_value")]
    limits = {"least": bounds[0], "most": bounds[1]}
    range_ = "" if None in bounds else gettext("From %(least)s to %(most)s.") % limits
    return " ".join(filter(None, [str(own.help_text or ""), range_]))


def as_typed(value: Any) -> Any:
    """Return a value as a field of a form has it."""
    return str(value).lower() if isinstance(value, bool) else value


def read_kept(text: Any) -> dict[str, Any]:
    """Return what a page kept for a row; nothing where it is not as the page wrote it."""
    try:
        found = parse_json(str(text or "{}"))
    except ValidationError:
        return {}
    return found if isinstance(found, dict) else {}


def tidy(value: Any) -> Any:
    """Return a whole number as one: 3.0 is 3."""
    return int(value) if isinstance(value, float) and value == int(value) else value
