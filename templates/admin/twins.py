"""Rows of a form beside the JSON that they stand for: what was typed into last counts, and the other follows."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from django import forms
from django.forms.widgets import Script
from django.template.loader import render_to_string
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from genhub.admin.forms import write_json
from genhub.admin.pages import word_fields
from genhub.lib.errors import FieldError
from templates.admin.offered import Offered, list_offered
from templates.errors import VersionNotPublishable

# What the hidden field of a table says that was typed into last, and counts: the rows or the JSON.
IN_ROWS: Final = "rows"
IN_JSON: Final = "json"
BLANK: Final = "__n__"


class Twin:
    """The rows that stand for fields of JSON, as a page sends them or as these fields have them."""

    # The field of the form that shows the rows, and the fields of JSON that they stand for.
    name: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]
    # The hidden fields that say what was typed into last, and which parts of the page are rows, in their order.
    typed: ClassVar[str]
    order: ClassVar[str]
    # How many rows there may be; 0: as many as there are, and none is added.
    most: ClassVar[int] = 0
    # What is said of more.
    many: ClassVar[Any] = ""
    row: ClassVar[str]
    add: ClassVar[Any] = ""
    forms: Sequence[Any]

    def __init__(self, data: Any, values: Mapping[str, Any], offered: Offered) -> None:
        """Read the rows that a page sends; without one, show those of the values of the JSON fields."""
        self.values = values
        self.offered = offered
        self.forms = self.show() if data is None else self.read(data)

    def show(self) -> Sequence[Any]:
        """Return the rows of the values."""
        raise NotImplementedError

    def read(self, data: Any) -> Sequence[Any]:
        """Return the rows that a page sends."""
        raise NotImplementedError

    def said(self) -> dict[str, Any]:
        """Return what the rows say, by field of JSON; only of rows without a mistake."""
        raise NotImplementedError

    def find_mistake(self) -> str:
        """Return what is wrong with the rows as a whole; empty: nothing. Each row says its own."""
        # Each is judged, so that all mistakes are seen at once: a generator would stop at the first.
        are_right = not any([form.errors for form in self.forms])  # noqa: C419
        return "" if are_right else gettext("Mend the rows that are marked.")

    @cached_property
    def mistake(self) -> str:
        """What is wrong with the rows as a whole, their number first."""
        if self.most and len(self.forms) > self.most:
            return str(self.many % {"most": self.most})
        return self.find_mistake()

    def take(self, error: FieldError, message: str) -> bool:
        """Show a mistake that was found later beside the field of a row; return whether one is its place."""
        return False

    def blanks(self) -> Mapping[str, tuple[Any, Any]]:
        """Return the rows that can be added, by kind, each with the kind's name."""
        return {}

    def list_numbers(self, data: Any) -> list[int]:
        """Return the numbers of the rows of a page, in their order; one more than there may be shows that it is."""
        words = str(data.get(self.order, "")).split(",")
        numbers = [int(word[:6]) for word in words if word.isascii() and word.isdigit()]
        return list(dict.fromkeys(numbers))[: self.most + 1]

    def draw(self) -> str:
        """Return the rows as HTML."""
        return render_to_string("admin/templates/row_list.html", {"table": self})


class TwinWidget(forms.Widget):
    """The rows on the page, with the field that names them in their order."""

    table: Twin
    said = ""

    class Media:
        js = (Script("genhub/draft.js", defer=True),)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the rows as HTML."""
        words = {"table": self.table, "said": self.said}
        return render_to_string("admin/templates/rows.html", words)


class TwinForm(forms.ModelForm):  # type: ignore[type-arg]
    """The form of a row some of whose fields hold JSON, which staff edit as rows."""

    TWINS: ClassVar[tuple[type[Twin], ...]] = ()

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance") or self._meta.model()
        self.twins: dict[str, Twin] = {}
        self.offered = list_offered()
        for kind in self.TWINS:
            self.twins[kind.name], data = read_twin(kind, data, instance, self.offered)
        super().__init__(data, *args, **kwargs)
        for name in self.twins.keys() & self.fields.keys():
            widget: Any = self.fields[name].widget
            widget.table = self.twins[name]
            widget.said = (data or {}).get(widget.table.typed, "")

    def clean(self) -> Any:
        """Say that a row is wrong: each says its own beside its fields."""
        said = super().clean()
        for twin in self.twins.values():
            if self.is_in_rows(twin) and twin.mistake:
                self.add_error(twin.name, twin.mistake)
        return said

    def is_in_rows(self, twin: Twin) -> bool:
        """Return whether the rows were typed into last, and count."""
        return bool(self.data.get(twin.typed) == IN_ROWS)

    def show_mistake(self, error: FieldError) -> None:
        """Show a mistake beside what somebody typed: the field of its row, else the field of JSON."""
        told = word_fields(VersionNotPublishable(errors=[error]))
        twin = next((one for one in self.twins.values() if error.field in one.fields), None)
        for name, messages in told.items():
            if twin and self.is_in_rows(twin) and twin.take(error, messages[0]):
                self.add_error(twin.name, messages)
            else:
                self.add_error(name if name in self.fields else None, messages)

    def follow(self) -> dict[str, str]:
        """Return what is shown in the way in which nobody typed: the JSON of rows, or the rows of JSON."""
        told: dict[str, str] = {}
        for twin in self.twins.values():
            if self.is_in_rows(twin):
                told |= {} if twin.mistake else {name: self.data[name] for name in twin.fields}
            elif self.data.get(twin.typed) == IN_JSON and not self.errors.keys() & set(twin.fields):
                values = {name: self.cleaned_data[name] for name in twin.fields}
                told[twin.name] = type(twin)(None, values, self.offered).draw()
        return told


def read_twin(kind: type[Twin], data: Any, instance: Any, offered: Offered) -> tuple[Twin, Any]:
    """Return the rows of a page, and its data with the JSON that they stand for where they were typed into last."""
    values = {name: getattr(instance, name) for name in kind.fields}
    if data is None or data.get(kind.typed) != IN_ROWS:
        return kind(None, values, offered), data
    twin = kind(data, values, offered)
    said = values if twin.mistake else twin.said()
    changed = data.copy()
    for name, value in said.items():
        changed[name] = write_json(value)
    return twin, changed
