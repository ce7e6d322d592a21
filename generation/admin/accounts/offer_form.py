"""The form of a model: what would make its orders fail is said next to the field."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import fields_for_model
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from generation.admin.accounts.lines import (
    LinesField,
    read_lora,
    read_path,
    read_price,
    read_size,
    read_whole,
    write_lora,
    write_price,
    write_size,
)
from generation.admin.accounts.vendor_models import OPTION_WORDS, takes_of
from generation.models import Account, LocalWeights
from generation.models.offer import MODES, picture_only, usual_rates
from generation.models.weights import PLACE
from generation.providers.registry import LOCAL, find_class
from generation.spec import OPTIONS, ModelCard
from genhub.admin.forms import JsonField
from genhub.lib.limits import (
    MOST_FRAMES_PER_SECOND,
    MOST_LORAS,
    MOST_SECONDS,
    SIDE_MULTIPLE_PIXELS,
)
from genhub.lib.places import is_hub_id, is_revision, is_whole_path

# Columns of the weights' own row, which only models of the local engine have, and what only a vendor's model has.
AT_VENDOR = ("vendor_model", "unsupported", "most_references", "options")
TEXTS = fields_for_model(
    LocalWeights,
    fields=("folder", "revision"),
    widgets=dict.fromkeys(("folder", "revision"), UnfoldAdminTextInputWidget),
)
# As generation.accounts.seed has it.
SEEDED = {"folder", "revision", "weights"}
SET_ANEW = _(
    "What a setting such as Z_IMAGE_FOLDER, or the release, names here is set anew whenever the hub is prepared."
)


class ModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """A model whose values fit together; its page says which columns it shows."""

    media_types = forms.MultipleChoiceField(
        label=_("Makes"),
        choices=[("image", _("images")), ("video", _("videos"))],
        initial=picture_only,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    unsupported = forms.MultipleChoiceField(
        label=_("Does not take"),
        required=False,
        choices=list(OPTION_WORDS.items()),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_(
            "An order that says one of these is refused, and the vendor decides it for all others. What the adapter never "
            "sends is added to a new model by itself."
        ),
    )
    options = JsonField(
        shape=dict,
        label=_("Options"),
        initial=dict,
        help_text=_("The adapter's own words for this model, as JSON; the handbook lists them."),
    )
    folder = TEXTS["folder"]
    revision = TEXTS["revision"]
    weights = LinesField(
        label=_("Weights"),
        read=read_path,
        help_text=_(
            "One safetensors file a line, by its whole path on the workers; later ones win. They replace those of the "
            "folder's transformer; manage.py check_weights says how well they fit. Empty: the folder's own."
        ),
    )
    loras = LinesField(
        label=_("LoRAs"),
        read=read_lora,
        write=write_lora,
        help_text=_(
            "One a line: sketch = /models/sketch.safetensors @ 0.8 (usual). Without “@” the scale is 1; a usual one is "
            "worn by orders that name none."
        ),
    )
    sizes = LinesField(
        label=_("Only these sizes"),
        read=read_size,
        write=write_size,
        widget=UnfoldAdminTextareaWidget({"rows": 5, "class": "hub-code"}),
        help_text=_("One a line, in pixels: 512x768. Empty: any size within the sides."),
    )

    durations = LinesField(
        label=_("Lengths of clips"),
        read=partial(read_whole, most=MOST_SECONDS),
        write=str,
        help_text=_("One a line, in seconds. Empty: the usual one alone."),
    )
    frame_rates = LinesField(
        label=_("Frames a second"),
        read=partial(read_whole, most=MOST_FRAMES_PER_SECOND),
        write=str,
        initial=usual_rates,
        help_text=_("Of clips, one a line, the usual ones first. Empty: the vendor decides."),
    )
    prices = LinesField(
        label=_("Prices by size, quality or tokens"),
        read=read_price,
        write=write_price,
        widget=UnfoldAdminTextareaWidget({"rows": 5, "class": "hub-code"}),
        help_text=_(
            "One a line, as JSON, in US dollars; the first that fits counts, before the cost per picture: "
            '{"quality": "low", "width": 1024, "height": 1024, "usd": 0.006}. The handbook names all words.'
        ),
    )

    class Meta:
        widgets = {"default_negative_prompt": UnfoldAdminTextareaWidget({"rows": 2})}

    def __init__(self, *args: Any, **words: Any) -> None:
        """Have the fields of the account's kind, and say at those that the seed may set what becomes of a change."""
        offer = words.get("instance")
        local = getattr(offer, "local", None)
        words["initial"] = (local.place() if local else {}) | (words.get("initial") or {})
        super().__init__(*args, **words)
        if offer:
            for name in AT_VENDOR if is_local(offer.account) else PLACE:
                self.fields.pop(name, None)
        for name in {"default_seconds", "most_references"} & set(self.fields):
            self.fields[name].required = False
        for name in SEEDED & set(self.fields):
            field = self.fields[name]
            field.help_text = format_lazy("{} {}", field.help_text, SET_ANEW)

    def clean_default_seconds(self) -> int:
        """Return the usual length of clips; what nobody writes is as it is everywhere."""
        return int(self.cleaned_data["default_seconds"] or ModelCard.default_seconds)

    def clean(self) -> dict[str, Any]:
        """Return the values, or say at each field what does not fit the others."""
        values = super().clean() or {}
        values["most_references"] = values.get("most_references") or 0
        account = values.get("account") or getattr(self.instance, "account", None)
        if account and is_local(account):
            self.check_place(values)
            self.check_loras(values.get("loras", []))
            self.check_empty(AT_VENDOR, values, _("The local engine has no use for this."))
        elif account:
            message = _("Only a model of the local engine has this.")
            self.check_empty(PLACE, values, message)
            self.check_honoured(account, values)
            self.check_options(values)
        self.check_limits(values)
        self.check_sizes(values)
        self.check_length(values)
        return values

    def check_empty(self, names: Iterable[str], values: dict[str, Any], message: Any) -> None:
        """Refuse what belongs to models of another kind."""
        for name in names:
            if values.get(name):
                self.add_error(name, message)

    def check_honoured(self, account: Account, values: dict[str, Any]) -> None:
        """Add to a new model what its adapter never sends; refuse to promise that of one that there is."""
        able = find_class(account.adapter).capabilities
        if not {*values.get("media_types", ())} <= able.makes:
            self.add_error("media_types", _("The adapter makes no such thing."))
        if values["most_references"] > able.most_references:
            told = gettext("At most %(most)s with this adapter.") % {"most": able.most_references}
            self.add_error("most_references", told)
        if not {"unsupported", "options", "sizes", "durations", "frame_rates"} <= values.keys():
            return
        try:
            takes = takes_of(account, values)
        except ValidationError as error:
            self.add_error("options", error)
            return
        never = [name for name in OPTIONS if name not in {*takes, *values["unsupported"]}]
        if self.instance.pk is None:
            values["unsupported"] = [*values["unsupported"], *never]
        elif never:
            words = ", ".join(str(OPTION_WORDS[name]) for name in never)
            message = gettext("The adapter cannot send these, so the model takes none: %(names)s.")
            self.add_error("unsupported", message % {"names": words})

    def check_options(self, values: dict[str, Any]) -> None:
        """Refuse a usual negative prompt that no order could be made with."""
        no_negative = "negative_prompt" in values.get("unsupported", ())
        if no_negative and values.get("default_negative_prompt"):
            message = _("The model does not take one: leave this empty.")
            self.add_error("default_negative_prompt", message)

    def check_loras(self, loras: list[dict[str, Any]]) -> None:
        """Refuse a name that stands for two files, and more usual ones than an order may wear."""
        names = [lora["name"] for lora in loras]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            message = gettext("Each name stands here once; more than once: %(names)s.")
            self.add_error("loras", message % {"names": ", ".join(twice)})
        if sum(lora["is_usual"] for lora in loras) > MOST_LORAS:
            message = gettext("At most %(most)s can be usual.") % {"most": MOST_LORAS}
            self.add_error("loras", message)

    def check_place(self, values: dict[str, Any]) -> None:
        """Refuse a place that no worker could find, or that may hold something else tomorrow."""
        if {"folder", "revision"} & set(self.errors):
            return
        folder, revision = values["folder"], values["revision"]
        if is_hub_id(folder):
            if not revision:
                message = _("A hub id needs its revision: what the hub holds may change.")
                self.add_error("revision", message)
            elif not is_revision(revision):
                self.add_error("revision", _("40 digits from 0 to f, in small letters."))
        elif folder and not is_whole_path(folder):
            message = _("Write the whole path of a folder, or a hub id such as Tongyi-MAI/Z-Image.")
            self.add_error("folder", message)
        elif revision:
            self.add_error("revision", _("Only a hub id has a revision: leave this empty."))
        elif not folder and values["is_enabled"]:
            self.add_error("folder", _("Say where the model lies, or switch it off."))

    def check_limits(self, values: dict[str, Any]) -> None:
        """Refuse steps and guidance above the model's most, and sides that no size can have."""
        has_limits = not {"smallest_side", "largest_side"} & set(self.errors)
        if has_limits and values["smallest_side"] > values["largest_side"]:
            self.add_error("smallest_side", _("The smallest side is above the largest."))
        for name in ("steps", "cfg_scale"):
            most = values.get(f"largest_{name}")
            for part in ("default", *MODES):
                value = values.get(f"{part}_{name}")
                if most is not None and value is not None and value > most:
                    message = gettext("At most %(limit)s with this model.") % {"limit": most}
                    self.add_error(f"{part}_{name}", message)

    def check_sizes(self, values: dict[str, Any]) -> None:
        """Refuse sizes that an order could not have."""
        if {"smallest_side", "largest_side"} & set(self.errors):
            return
        self.check_blocks(values)
        least, most = values["smallest_side"], values["largest_side"]
        message = gettext("From %(least)s to %(most)s pixels with this model.")
        outside = message % {"least": least, "most": most}
        if any(not least <= side <= most for size in values.get("sizes", []) for side in size):
            self.add_error("sizes", outside)
        for part in ("default", *MODES):
            sides = {name: values.get(name) for name in (f"{part}_width", f"{part}_height")}
            if set(sides) & set(self.errors):
                continue
            for name, side in sides.items():
                if side is None and any(sides.values()):
                    self.add_error(name, _("Say both sides, or none."))
                elif side is not None and not least <= side <= most:
                    self.add_error(name, outside)
            self.check_listed(sides, values.get("sizes"))

    def check_length(self, values: dict[str, Any]) -> None:
        """Refuse a usual length that a clip cannot have."""
        lengths = values.get("durations", [])
        if lengths and values.get("default_seconds") not in (None, *lengths):
            message = _("It is not among the lengths that you allow.")
            self.add_error("default_seconds", message)

    def check_blocks(self, values: dict[str, Any]) -> None:
        """Refuse sizes of pictures that are no multiples; those of clips are the vendor's own."""
        sides = [side for size in values.get("sizes", []) for side in size]
        if "video" not in values.get("media_types", ()) and any(
            side % SIDE_MULTIPLE_PIXELS for side in sides
        ):
            self.add_error("sizes", _("Both sides are multiples of 16 pixels."))

    def check_listed(self, sides: dict[str, Any], sizes: list[list[int]] | None) -> None:
        """Refuse a size that is not among the only ones of the model."""
        if sizes and all(sides.values()) and list(sides.values()) not in sizes:
            message = _("This size is not among the only ones that you allow.")
            self.add_error(next(iter(sides)), message)


def is_local(account: Account) -> bool:
    """Return whether an account is the local engine, which reads weights by itself; a vendor has its own."""
    return account.adapter == LOCAL
