"""Form fields of the admin: amounts with a reason, a key that makes a submit count once, JSON with clear messages."""

import json
from typing import Any, NoReturn

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextareaWidget

from genhub.lib.ids import new_id
from genhub.lib.reasons import LONGEST_REASON, SHORTEST_REASON

# The statement tells the user the reason, and nobody's name.
READ_BY_USERS = _(
    "At least 10 characters. It stays in the ledger for ever, with your name; the user may read it, without the name."
)


class ReasonForm(forms.Form):
    """Asks why."""

    reason = forms.CharField(
        label=_("Reason"),
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text=_("At least 10 characters. It stays in the ledger for ever, with your name."),
    )
    # The mark of what the page shows: what is done is what was seen.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def look_again(self, seen: str) -> None:
        """Show what is true now: the next confirmation is of that."""
        given = {name: self.data[name] for name in self.fields if name in self.data}
        self.data = given | {"seen": seen}


class MoveForm(ReasonForm):
    """Moves credits: how many, why, and a key of this very form, so that a double click moves them once."""

    field_order = ("amount", "reason", "once")
    amount = forms.IntegerField(label=_("Credits"), min_value=1)
    once = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = forms.IntegerField(
            label=_("Credits"), min_value=1, max_value=most, widget=UnfoldAdminIntegerFieldWidget
        )
        self.fields["once"].initial = new_id
        self.fields["reason"].help_text = READ_BY_USERS

    def renew(self, seen: str = "") -> None:
        """Give the form a fresh key after a refusal, since nothing was moved with the old one, or something else was;
        and the mark of what is shown now."""
        self.look_again(seen)
        self.data = {**self.data, "once": str(new_id())}


class JsonField(forms.JSONField):
    """JSON of one shape (an object or a list), shown indented; says where it is wrong, and takes nothing that
    PostgreSQL would refuse."""

    def __init__(self, *, shape: type[dict[str, Any]] | type[list[Any]], **kwargs: Any) -> None:
        self.shape = shape
        kwargs.setdefault("widget", UnfoldAdminTextareaWidget({"rows": 8, "class": "hub-code"}))
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Any) -> Any:
        """Return the parsed value, an empty one for no text, or raise ValidationError saying where it is wrong."""
        text = (value or "").strip()
        if not text:
            return self.shape()
        parsed = parse_json(text)
        if not isinstance(parsed, self.shape):
            raise ValidationError(
                _("This must be a JSON object, such as {}.")
                if self.shape is dict
                else _("This must be a JSON list, such as [].")
            )
        return parsed

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what was typed: a refused text stands on the page as it was, not parsed and written anew."""
        return data

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the text area."""
        if isinstance(value, str):
            return value
        return write_json(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the value differs, whatever its spaces."""
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


def write_json(value: Any) -> str:
    """Return JSON as people read and edit it."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def parse_json(text: str) -> Any:
    """Return the value of a JSON text, or raise ValidationError saying what is wrong and where."""
    try:
        parsed = json.loads(text, parse_constant=refuse_constant)
        stored = json.dumps(parsed, ensure_ascii=False, allow_nan=False)
        # Half of a surrogate pair and NUL are JSON, but no text that PostgreSQL can hold.
        if "\\u0000" in stored:
            raise ValidationError(_("The character \\u0000 cannot be stored."))
        stored.encode()
    except json.JSONDecodeError as error:
        raise ValidationError(
            _("This is not valid JSON: line %(line)s, column %(column)s: %(reason)s."),
            params={"line": error.lineno, "column": error.colno, "reason": error.msg},
        ) from error
    except RecursionError as error:
        raise ValidationError(_("This JSON is nested too deeply.")) from error
    except ValueError as error:
        raise ValidationError(
            _("This JSON holds a number or character that cannot be stored.")
        ) from error
    return parsed


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads and RFC 8259 forbids."""
    raise ValueError(name)
