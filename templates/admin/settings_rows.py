"""The settings of a draft or a style as fields of a form, without JSON."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldBooleanWidget,
)

from genhub.api.order_words import CLIP_WORDS
from genhub.lib.errors import FieldError
from genhub.lib.limits import MOST_LORAS
from templates.admin.offered import Offered
from templates.admin.twins import Twin
from templates.admin.word_form import WordsForm, number_of, tidy, with_gone
from templates.fixed_words import FixedWords, find_wrong_words

LORAS: Final = "loras"


class SettingsForm(WordsForm):
    """The words that a template or a style fixes; LoRAs, of which there are several, have a pair of fields each."""

    of_clips = CLIP_WORDS

    def __init__(
        self, data: Any = None, *, prefix: str, said: Any = None, offered: Offered, **limits: Any
    ) -> None:
        own = FixedWords().fields
        without: frozenset[str] = limits.get("without", frozenset())
        words = {name: f for name, f in own.items() if name not in {LORAS, *without}}
        super().__init__(data, prefix=prefix, words=words, said=said, offered=offered)
        self.add_loras(own[LORAS], list(offered.get(LORAS, ())))
        if self.is_bound or LORAS not in self.rest or not are_loras(self.rest[LORAS]):
            return
        worn = self.rest[LORAS]
        self.keep({name: value for name, value in self.rest.items() if name != LORAS})
        self.initial["no_loras"] = not worn
        for place, lora in enumerate(worn):
            worn_now = {f"lora{place}": lora["name"], f"scale{place}": lora.get("scale")}
            self.initial.update(worn_now)

    def add_loras(self, own: Any, offered: list[tuple[str, str]]) -> None:
        """Add a pair of fields for each LoRA that an order may wear; none where the hub has none."""
        worn = self.rest[LORAS] if are_loras(self.rest.get(LORAS)) else []
        if not offered and not worn and self.add_prefix("lora0") not in self.data:
            return
        scale: serializers.Field[Any, Any, Any, Any] = own.child.fields["scale"]
        for place in range(MOST_LORAS):
            now = self.data.get(self.add_prefix(f"lora{place}"))
            if not self.is_bound and place < len(worn):
                now = worn[place]["name"]
            self.fields[f"lora{place}"] = forms.ChoiceField(
                label=gettext("LoRA %(number)s") % {"number": place + 1},
                required=False,
                choices=[("", "–"), *with_gone(offered, now)],
                widget=UnfoldAdminSelectWidget,
            )
            strong = {
                "label": gettext("How strong LoRA %(number)s is") % {"number": place + 1},
                "required": False,
            }
            self.fields[f"scale{place}"] = number_of(scale, strong)
        self.fields["no_loras"] = forms.BooleanField(
            label=_("Wear no LoRA, not even the model's usual ones"),
            required=False,
            widget=UnfoldBooleanWidget,
        )

    @property
    def loras(self) -> list[BoundField]:
        """The fields of LoRAs."""
        names = [f"{word}{place}" for place in range(MOST_LORAS) for word in ("lora", "scale")]
        return [self[name] for name in (*names, "no_loras") if name in self.fields]

    def pairs(self) -> list[tuple[int, str, Any]]:
        """Return the LoRAs that were chosen, each with its place in the form and how strong it is."""
        chosen = [
            (place, self.cleaned_data.get(f"lora{place}"), self.cleaned_data.get(f"scale{place}"))
            for place in range(MOST_LORAS)
        ]
        return [(place, name, scale) for place, name, scale in chosen if name]

    def clean(self) -> Any:
        """Judge LoRAs beside the other words."""
        for place in range(MOST_LORAS):
            name, scale = (self.cleaned_data.get(f"{word}{place}") for word in ("lora", "scale"))
            if scale is not None and not name:
                self.add_error(f"lora{place}", _("Choose which LoRA, or empty how strong it is."))
        if self.cleaned_data.get("no_loras") and self.pairs():
            self.add_error("no_loras", _("Choose LoRAs or none, not both."))
        names = [name for _place, name, _scale in self.pairs()]
        for place, name, _scale in self.pairs():
            if names.count(name) > 1:
                self.add_error(f"lora{place}", _("Name each LoRA once."))
        return super().clean()

    def judge(self, said: Mapping[str, Any]) -> Iterable[FieldError]:
        """Return what an order's own fields say of the words."""
        return [self.at_its_field(error) for error in find_wrong_words(said)]

    def at_its_field(self, error: FieldError) -> FieldError:
        """Return a mistake of a LoRA at its field of this form."""
        word, *inside = error.field.split(".")
        if word != LORAS or not inside:
            return error
        slot = self.pairs()[int(inside[0])][0]
        field = f"{'scale' if inside[-1] == 'scale' else 'lora'}{slot}"
        return FieldError(field, error.code, error.message, error.params)

    def typed(self) -> dict[str, Any]:
        """Return the words that were typed, LoRAs among them."""
        said = super().typed()
        worn = [
            {"name": name} | ({} if scale is None else {"scale": tidy(scale)})
            for _place, name, scale in self.pairs()
        ]
        if worn or self.cleaned_data.get("no_loras"):
            said[LORAS] = worn
        return said


def are_loras(worn: Any) -> bool:
    """Return whether LoRAs can stand in the pairs of fields."""
    return (
        isinstance(worn, list)
        and len(worn) <= MOST_LORAS
        and all(
            isinstance(one, Mapping) and {"name"} <= one.keys() <= {"name", "scale"} for one in worn
        )
        and all(isinstance(one["name"], str) and one["name"].strip() for one in worn)
        and all(type(one.get("scale", 0)) in {int, float} for one in worn)
    )


class SettingsTwin(Twin):
    """All settings as one row, which is always there."""

    name: ClassVar[str] = "settings_rows"
    fields: ClassVar[tuple[str, ...]] = ("settings",)
    typed: ClassVar[str] = "settings_typed"
    order: ClassVar[str] = "settings_order"
    row: ClassVar[str] = "admin/templates/settings.html"
    without: ClassVar[frozenset[str]] = frozenset()

    def show(self) -> list[SettingsForm]:
        """Return the fields of the settings."""
        said = self.values["settings"]
        said = said if isinstance(said, Mapping) else {}
        return [self.make(said=said)]

    def read(self, data: Any) -> list[SettingsForm]:
        """Return the fields as a page sends them."""
        return [self.make(data)]

    def make(self, data: Any = None, **words: Any) -> SettingsForm:
        """Return the one row."""
        return SettingsForm(
            data, prefix="settings0", offered=self.offered, without=self.without, **words
        )

    def said(self) -> dict[str, Any]:
        """Return the settings."""
        return {"settings": self.forms[0].said()}

    def take(self, error: FieldError, message: str) -> bool:
        """Show what a sample order says of a word beside it."""
        form = self.forms[0]
        name, told = str(error.params.get("name")), error.params.get("mistake", message)
        if name not in form.fields:
            return False
        form.add_error(name, str(told))
        return True
