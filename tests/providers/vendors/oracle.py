"""Requests held against the types that vendors publish in their SDKs: words, values, and what must be there."""

import email
import inspect
from collections.abc import Callable
from email.message import Message
from typing import Any, get_type_hints

from openai.types.image_edit_params import ImageEditParamsNonStreaming, ImageEditParamsStreaming
from openai.types.image_generate_params import (
    ImageGenerateParamsNonStreaming,
    ImageGenerateParamsStreaming,
)
from pydantic import BaseModel, ConfigDict, TypeAdapter, create_model, with_config
from volcenginesdkarkruntime.resources.images.images import Images

from tests.providers.vendors.server import Asked, path_of

NO_MORE = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
# What a method of an SDK takes for itself and does not send as a word.
OWN_ARGUMENTS = {"self", "extra_headers", "extra_query", "extra_body", "timeout"}
TRUTHS = {"true": True, "false": False}


@with_config(NO_MORE)
class Generation(ImageGenerateParamsNonStreaming):
    """OpenAI's picture from words."""


@with_config(NO_MORE)
class StreamedGeneration(ImageGenerateParamsStreaming):
    """The same, shown while it is made."""


@with_config(NO_MORE)
class Edit(ImageEditParamsNonStreaming):
    """OpenAI's picture from a picture."""


@with_config(NO_MORE)
class StreamedEdit(ImageEditParamsStreaming):
    """The same, shown while it is made."""


GENERATIONS: TypeAdapter[Any] = TypeAdapter(Generation | StreamedGeneration)
EDITS: TypeAdapter[Any] = TypeAdapter(Edit | StreamedEdit)


def model_of(method: Callable[..., Any]) -> type[BaseModel]:
    """Return the keyword arguments of an SDK's method as a model that takes no others."""
    hints = get_type_hints(method)
    fields: dict[str, Any] = {
        name: (hints[name], ... if one.default is one.empty else one.default)
        for name, one in inspect.signature(method).parameters.items()
        if name not in OWN_ARGUMENTS
    }
    return create_model(method.__name__, __config__=NO_MORE, **fields)


# The SDK's decorator forgets whose arguments it passes on.
ARK = model_of(inspect.getclosurevars(Images.generate).nonlocals["func"])


def check_openai(asked: Asked) -> None:
    """Raise ValidationError for an order of pictures that OpenAI's types do not allow."""
    if asked.method != "POST":
        return
    if path_of(asked).endswith("/images/generations"):
        GENERATIONS.validate_json(asked.body, strict=True)
    else:
        assert path_of(asked).endswith("/images/edits")
        EDITS.validate_python(form_of(asked))


def check_ark(asked: Asked) -> None:
    """Raise ValidationError for an order of pictures that Ark's SDK could not send."""
    if asked.method == "POST":
        assert path_of(asked).endswith("/images/generations")
        ARK.model_validate_json(asked.body, strict=True)


def form_of(asked: Asked) -> dict[str, Any]:
    """Return the fields of a form: words, files as bytes, lists as SDKs write them (`name[]`), and what is true
    or false as SDKs write it."""
    head = f"content-type: {asked.headers['content-type']}\r\n\r\n".encode()
    parts = email.message_from_bytes(head + asked.body).get_payload()
    assert isinstance(parts, list)
    form: dict[str, Any] = {}
    for name, value in (field_of(part) for part in parts if isinstance(part, Message)):
        if name.endswith("[]"):
            form.setdefault(name.removesuffix("[]"), []).append(value)
        else:
            form[name] = value
    return form


def field_of(part: Message) -> tuple[str, str | bytes | bool]:
    """Return the name and the value of one part of a form."""
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    name = str(part.get_param("name", header="content-disposition"))
    if part.get_filename():
        return name, content
    text = content.decode()
    return name, TRUTHS.get(text, text)
