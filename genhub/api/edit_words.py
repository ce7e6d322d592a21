"""The words of an edit: a list of operations, and how the result is encoded."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from genhub.api.fields import StrictIntegerField, StrictSerializer
from genhub.api.operation_words import KINDS
from genhub.api.problems import flatten
from genhub.lib.errors import FieldError, InvalidRequest

MOST_OPERATIONS: Final = 20
FORMATS: Final = ("png", "webp", "jpeg")


@extend_schema_field(
    PolymorphicProxySerializer(
        "Operation", serializers=dict(KINDS), resource_type_field_name="action"
    )
)
class OperationField(serializers.Field[Any, Any, Any, Any]):
    """One operation, by its action."""

    default_error_messages = {
        "not_an_object": _("An operation is an object with “action” and its words."),
        "unknown": _("There is no such action; there are: {actions}."),
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the operation with its defaults, or fail naming each word that is wrong."""
        if not isinstance(data, dict):
            self.fail("not_an_object")
        kind = KINDS.get(data["action"]) if isinstance(data.get("action"), str) else None
        if kind is None:
            message = str(self.error_messages["unknown"]).format(actions=", ".join(KINDS))
            raise ValidationError({"action": [ErrorDetail(message, "invalid_choice")]})
        said: dict[str, Any] = dict(kind().run_validation(data))
        return said

    def to_representation(self, value: Any) -> Any:
        """Return the operation as it was said."""
        return value


class OperationsField(serializers.ListField):
    """Operations in their order; what is wrong is named as `operations[2].size`."""

    child = OperationField()

    def run_child_validation(self, data: Any) -> list[Any]:
        """Return the operations, or fail naming each that is wrong."""
        found = list(self.validate_each(data))
        if any(mistakes for _value, mistakes in found):
            raise ValidationError([mistakes for _value, mistakes in found])
        return [value for value, _mistakes in found]

    def validate_each(self, data: Any) -> Iterator[tuple[Any, Any]]:
        """Yield each operation and what is wrong with it."""
        for item in data:
            try:
                yield self.child.run_validation(item), {}
            except ValidationError as error:
                is_named = isinstance(error.detail, Mapping)
                yield None, error.detail if is_named else {"": error.detail}


def read_operations(said: Any) -> list[dict[str, Any]]:
    """Return operations with their defaults; raise InvalidRequest naming each word that is wrong, as
    `operations[2].size`."""
    field = OperationsField(max_length=MOST_OPERATIONS)
    try:
        found: list[dict[str, Any]] = field.run_validation(said)
    except ValidationError as error:
        raise InvalidRequest(errors=list(flatten(error.detail, "operations"))) from error
    return found


def find_operation_mistakes(said: Mapping[str, Any]) -> list[FieldError]:
    """Return what is wrong with one operation, each mistake at its word."""
    try:
        OperationField().run_validation(dict(said))
    except ValidationError as error:
        return list(flatten(error.detail))
    return []


class EditWords(StrictSerializer):
    """What to do with a picture, in this order, and how the result is encoded."""

    default_error_messages = {
        "empty": _("Name an operation, or another format."),
        "lossless": _("PNG is without loss; leave it out, or name webp or jpeg."),
    }

    operations = OperationsField(
        min_length=0,
        max_length=MOST_OPERATIONS,
        help_text=_("What is done, in this order. Empty: only another format."),
    )
    output_format = serializers.ChoiceField(
        FORMATS, required=False,
        help_text=_("Default: JPEG of a JPEG, else as the hub stores its own pictures, without loss."),
    )  # fmt: skip
    output_compression = StrictIntegerField(
        required=False, min_value=1, max_value=100,
        help_text=_("Quality of WebP and JPEG: 100 is the best. Default: WebP without loss, JPEG 85."),
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse an edit that does nothing, and a loss that PNG has not."""
        if not attrs["operations"] and "output_format" not in attrs:
            raise ValidationError(
                {"operations": [ErrorDetail(str(self.error_messages["empty"]), "empty")]}
            )
        if attrs.get("output_format") == "png" and "output_compression" in attrs:
            message = str(self.error_messages["lossless"])
            raise ValidationError({"output_compression": [ErrorDetail(message, "lossless")]})
        return attrs
