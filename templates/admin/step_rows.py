"""The further steps of a draft as rows of a form, each with settings of its own, without JSON."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from unfold.widgets import UnfoldAdminSelectWidget

from genhub.api.fields import (
    StrictCharField,
    StrictFloatField,
    StrictIntegerField,
    StrictSerializer,
)
from genhub.lib.errors import FieldError
from genhub.lib.limits import LONGEST_TEXT
from templates.admin.offered import Offered
from templates.admin.settings_rows import SettingsForm
from templates.admin.twins import BLANK, Twin
from templates.admin.word_form import WordsForm
from templates.chains import IMAGE, MEDIA_TYPES, MOST_STEPS, are_sources, find_unfit

PREFIX: Final = "step"
# Which steps there may be whose picture another takes.
SOURCES: Final = [(str(number), str(number)) for number in range(1, MOST_STEPS)]
# The words of a step that are no field of their own.
TAKES, SETTINGS = OTHERS = ("takes", "settings")


class StepWords(StrictSerializer):
    """What a step says by itself."""

    prompt = StrictCharField(max_length=LONGEST_TEXT)
    negative_prompt = StrictCharField(
        required=False, max_length=LONGEST_TEXT, help_text=_("Empty: the model's own.")
    )
    media_type = serializers.ChoiceField(MEDIA_TYPES, default=IMAGE)
    strength = StrictFloatField(
        required=False,
        help_text=_("How much of the picture is drawn anew, above 0 to 1. Empty: as is usual."),
    )
    price = StrictIntegerField(
        required=False, help_text=_("Credits for one picture. Empty: the house's price.")
    )


class StepForm(WordsForm):
    """One further step: its words, of which steps it takes the pictures, and its settings."""

    def __init__(
        self, data: Any = None, *, prefix: str, number: int, said: Any = None, offered: Offered
    ) -> None:
        super().__init__(data, prefix=prefix, words=StepWords().fields, said=said)
        self.place = number
        for name, label, nothing in (
            ("image", _("Starts from step"), _("the one before")),
            ("last_image", _("Ends with step"), "–"),
        ):
            self.fields[name] = forms.ChoiceField(
                label=label, required=False, choices=[("", nothing), *SOURCES],
                widget=UnfoldAdminSelectWidget,
            )  # fmt: skip
        self.fields["last_image"].help_text = _("The picture that a clip ends with.")
        own: Mapping[str, Any] = {}
        if not self.is_bound:
            own = self.rest[SETTINGS] if isinstance(self.rest.get(SETTINGS), Mapping) else {}
            takes: Any = self.rest.get(TAKES)
            is_shown = are_sources(takes) and max(takes.values()) < MOST_STEPS
            shown = {*([SETTINGS] if own else []), *([TAKES] if is_shown else [])}
            self.initial.update({n: str(v) for n, v in takes.items()} if is_shown else {})
            self.keep({name: value for name, value in self.rest.items() if name not in shown})
        self.settings = SettingsForm(
            data, prefix=f"{prefix}-s", said=own, offered=offered, without=frozenset({"num_images"})
        )

    @property
    def plain_fields(self) -> list[Any]:
        """The fields of its words, and of what it takes."""
        return [*super().plain_fields, self["image"], self["last_image"]]

    def typed(self) -> dict[str, Any]:
        """Return the words that were typed, what it takes and its settings among them."""
        said = super().typed()
        first, last = (self.cleaned_data.get(name) for name in ("image", "last_image"))
        if first or last:
            said[TAKES] = {"image": int(first or self.place - 1)}
            said[TAKES] |= {"last_image": int(last)} if last else {}
        if self.settings.is_valid() and (own := self.settings.said()):
            said[SETTINGS] = own
        return said

    def judge(self, said: Mapping[str, Any]) -> Iterable[FieldError]:
        """Return what a chain says of the words."""
        for error in find_unfit(self.place, said):
            name = str(error.params["name"])
            field = "image" if name == TAKES else name
            yield FieldError(field, error.code, error.message, error.params)

    def clean(self) -> Any:
        """Say that its settings are wrong, which say their own mistakes."""
        said = super().clean()
        if self.settings.errors:
            self.add_error(None, _("Mend what is marked in its settings."))
        return said


class StepTwin(Twin):
    """All further steps, in their order."""

    name: ClassVar[str] = "step_rows"
    fields: ClassVar[tuple[str, ...]] = ("chain",)
    typed: ClassVar[str] = "chain_typed"
    order: ClassVar[str] = "chain_order"
    most: ClassVar[int] = MOST_STEPS - 1
    many: ClassVar[Any] = _("At most %(most)s further steps.")
    row: ClassVar[str] = "admin/templates/step.html"
    add: ClassVar[Any] = _("Add a step")

    def show(self) -> list[StepForm]:
        """Return a row for each step."""
        chain = self.values["chain"]
        chain = chain if isinstance(chain, list) else []
        return [
            StepForm(prefix=f"{PREFIX}{n}", number=n + 2, said=one, offered=self.offered)
            for n, one in enumerate(chain)
            if isinstance(one, Mapping)
        ]

    def read(self, data: Any) -> list[StepForm]:
        """Return the rows that a page sends."""
        return [
            StepForm(data, prefix=f"{PREFIX}{number}", number=place, offered=self.offered)
            for place, number in enumerate(self.list_numbers(data), 2)
        ]

    def said(self) -> dict[str, Any]:
        """Return the steps."""
        return {"chain": [form.said() for form in self.forms]}

    def take(self, error: FieldError, message: str) -> bool:
        """Show a mistake of a step in its row, of what it takes beside that."""
        place = error.params.get("number")
        form = next((one for one in self.forms if one.place == place), None)
        if form is None:
            return False
        form.add_error("image" if error.code in {"cycle", "a_clip"} else None, message)
        return True

    def blanks(self) -> dict[str, tuple[Any, StepForm]]:
        """Return the row of a step that is to be added."""
        form = StepForm(prefix=f"{PREFIX}{BLANK}", number=MOST_STEPS, offered=self.offered)
        return {"": ("", form)}
