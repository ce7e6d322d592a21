"""What a vendor's model promises of its adapter: words that it can send, and options with which orders can be made."""

from collections.abc import Collection, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from generation.models import Account
from generation.providers.errors import BadOptions
from generation.providers.further import TREATMENTS, treatment_by
from generation.providers.registry import find_class
from generation.spec import ModelCard

OPTION_WORDS = {
    "negative_prompt": _("negative prompt"),
    "steps": _("steps"),
    "cfg_scale": _("guidance"),
    "seed": _("seed"),
    "image": _("input picture"),
    "mask": _("mask"),
    "strength": _("strength"),
    "last_image": _("last picture of a clip"),
    "audio": _("sound"),
}
# Of a form's values, what decides whether options fit.
OF_CARD = ("options", "sizes", "durations", "frame_rates", "media_types")
MISTAKES = {
    "workflow_missing": _(
        'Say the workflow and where our words go: {"workflow": {…}, "inputs": {"prompt": "6.text"}}. In ComfyUI it is '
        "saved by Workflow → Export (API)."
    ),
    "workflow_of_editor": _(
        "“workflow” is what the editor saves for itself. Take what Workflow → Export (API) saves in ComfyUI."
    ),
    "node_unreadable": _(
        "Node “%(node)s” of the workflow has no “class_type” or no “inputs”. Take what Workflow → Export (API) saves in "
        "ComfyUI."
    ),
    "prompt_not_placed": _('“inputs” must say where the prompt goes, such as {"prompt": "6.text"}.'),
    "word_unknown": _("“inputs” has no word “%(name)s”. It may have these: %(words)s."),
    "place_unreadable": _(
        "“%(place)s” of “%(name)s” is no place in the workflow. Write a node's id and the name of its input, such as "
        "6.text; several of them as a list."
    ),
    "node_missing": _("The workflow has no node “%(node)s”, which “%(name)s” names."),
    "field_missing": _(
        "Node “%(node)s” (%(kind)s) has no input “%(field)s”, where “%(name)s” is to go. It has these: %(fields)s."
    ),
    "field_linked": _(
        "Input “%(field)s” of node “%(node)s” (%(kind)s) comes from another node, so “%(name)s” cannot go there. Name an "
        "input that holds a value."
    ),
    "size_not_placed": _(
        "Orders may say a size, and “inputs” has no place for it: name places for “width” and “height”, or allow one size "
        "alone."
    ),
    "length_not_placed": _(
        "Orders may say a length, and “inputs” has no place for it: name one for “seconds” or “frames”, or allow one "
        "length alone."
    ),
    "rate_not_placed": _(
        "Orders may say frames a second, and “inputs” has no place for them: name one for “fps”, or allow one rate alone."
    ),
}  # fmt: skip


def takes_of(account: Account, values: Mapping[str, Any]) -> frozenset[str]:
    """Return those of OPTIONS that a model of these values can be sent; raise ValidationError for options with which no
    order could be made."""
    known = {name: values[name] for name in OF_CARD if name in values}
    card, adapter = ModelCard.from_json("", known), find_class(account.adapter)
    check_treatment(card, adapter.capabilities.treats)
    try:
        return adapter.takes_of(card)
    except BadOptions as mistake:
        raise ValidationError(MISTAKES[mistake.code], params=mistake.params) from mistake


def check_treatment(card: ModelCard, treats: Collection[str]) -> None:
    """Raise ValidationError for what the adapter does to no picture, and for a model that makes clips, too."""
    if not (said := treatment_by(card)):
        return
    if said not in treats:
        choices = ", ".join(name for name in TREATMENTS if name in treats)
        message = (
            _("“treatment” with this adapter is one of these: %(choices)s.")
            if choices
            else _("The adapter does nothing to finished pictures: leave “treatment” out.")
        )
        raise ValidationError(message, params={"choices": choices})
    if card.media_types != ("image",):
        raise ValidationError(_("A model with a “treatment” makes pictures, and nothing else."))
