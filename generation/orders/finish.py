"""How an order's pictures become files: the format that it names, and what its platform lets them tell."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from generation.order import Order
from generation.orders.resolved import Resolved
from generation.spec import GenerationSpec
from genhub.api.order_words import LOSSY, NO_FORMAT
from genhub.lib.errors import FieldError, InvalidRequest

COMPRESSION: Final = "output_compression"


@dataclass(frozen=True)
class LabelPolicy:
    """What a platform's pictures tell: who made them, where and in which language people see that they were generated
    (empty: nowhere), and whether they tell what they were made of where their order does not say."""

    producer: str = ""
    corner: str = ""
    language: str = ""
    embeds_parameters: bool = False


AS_USUAL: Final = LabelPolicy()


class NamesForm(Protocol):
    """A request that may name the form of what it makes."""

    @property
    def output_format(self) -> str | None:
        """One of FORMATS."""

    @property
    def output_compression(self) -> int | None:
        """How good, 0 to 100."""

    @property
    def embed_parameters(self) -> bool | None:
        """Whether the files tell what they were made of."""


def finish(resolved: Resolved, order: Order, policy: LabelPolicy) -> Resolved:
    """Return an order with the form of its files; raise InvalidRequest for a compression of what is not compressed."""
    order = fill_form(order, resolved.form)
    check_form(order)
    tells = order.embed_parameters
    spec = replace(
        resolved.spec,
        output_format=order.output_format or "",
        output_compression=order.output_compression,
        producer=policy.producer,
        corner=policy.corner,
        language=policy.language if policy.corner else "",
        embeds_parameters=policy.embeds_parameters if tells is None else tells,
    )
    # Of a chain, which form its file has, an order says of the first step alone.
    plain = Order(embed_parameters=tells)
    further = [finish(step, plain, policy) for step in resolved.chain[1:]]
    return replace(resolved, spec=spec, chain=(*resolved.chain[:1], *further))


def fill_form(order: Order, fixed: Mapping[str, Any]) -> Order:
    """Return an order with the form that its template or style fixes where it names none of its own.

    Another format does not keep the compression of the one that was fixed.
    """
    said, compression = order.output_format, order.output_compression
    if compression is None and said in {None, fixed.get("output_format")}:
        compression = fixed.get("output_compression")
    return replace(
        order,
        output_format=said or fixed.get("output_format"),
        output_compression=compression,
    )


def check_form(order: NamesForm) -> None:
    """Raise InvalidRequest for a compression that no format takes."""
    if order.output_compression is not None and order.output_format not in LOSSY:
        raise InvalidRequest(errors=[FieldError(COMPRESSION, "no_format", NO_FORMAT)])


def form_of(wanted: NamesForm, before: GenerationSpec) -> dict[str, Any]:
    """Return the form of what is made of an earlier picture, in an order's words: as it says, else as before.

    Another format does not keep the compression of the one before.
    """
    said, tells = wanted.output_format, wanted.embed_parameters
    compression = wanted.output_compression
    if compression is None and said in {None, before.output_format}:
        compression = before.output_compression
    return {
        "output_format": said or before.output_format or None,
        "output_compression": compression,
        "embed_parameters": before.embeds_parameters if tells is None else tells,
    }
