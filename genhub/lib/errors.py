"""The one error that people may see, free of Django so that every floor of the house can raise it."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


def gettext_noop(message: str) -> str:
    """Mark a message for translation without translating it: it is worded when it is read."""
    return message


class Places(dict[str, Any]):
    """Values of a message's places; one that nobody stored reads as a dash, since what is told must never fail."""

    def __missing__(self, name: str) -> str:
        return "–"


def fill_places(message: str, params: Mapping[str, Any]) -> str:
    """Return a message with its %(name)s places filled; those of rows that lack a value too."""
    return message % Places(params)


@dataclasses.dataclass(frozen=True)
class FieldError:
    """What is wrong with one field; `message` is a message id whose %(name)s places are filled from `params`."""

    field: str
    code: str
    message: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class Problem(Exception):
    """A refusal or failure with a stable code, worded in the reader's language when it is answered."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = gettext_noop("Something went wrong on our side")
    detail: ClassVar[str] = gettext_noop(
        "It is not known whether it was done. Send it again with the same Idempotency-Key: nothing is done twice."
    )
    kinds: ClassVar[dict[str, type["Problem"]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Register the kind by a code of its own, so that a stored failure can be worded again; refuse a taken one."""
        super().__init_subclass__(**kwargs)
        if "code" not in vars(cls):
            return
        if cls.code in Problem.kinds:
            message = f"{cls.__name__}: {Problem.kinds[cls.code].__name__} has the code {cls.code}"
            raise TypeError(message)
        Problem.kinds[cls.code] = cls

    def __init__(
        self,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **params: Any,
    ) -> None:
        """Take the field errors, extra HTTP headers, and the values that fill the detail."""
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.params = params
        super().__init__(self.code, params, *self.errors)

    def __str__(self) -> str:
        """Return the English detail: for logs and the command line."""
        return fill_places(self.detail, self.params)


def problem_of(code: str, params: Mapping[str, Any], otherwise: type[Problem]) -> Problem:
    """Return the problem that was stored as code and values; one of an unknown code is of the other kind."""
    problem = Problem.kinds.get(code, otherwise)()
    # Not by keyword: a stored value may be called "errors".
    problem.params |= params
    return problem


class InvalidRequest(Problem):
    """The request was understood and refused: its `errors` say which field and why."""

    code = "invalid_request"
    status = 400
    title = gettext_noop("The request is not valid")
    detail = gettext_noop(
        "Nothing was created or charged. Mend the fields listed and send it again."
    )


def refuse_field(field: str, code: str, message: str, /, **params: Any) -> InvalidRequest:
    """Return the refusal of one field."""
    return InvalidRequest(errors=[FieldError(field, code, message, params)])


class NotFound(Problem):
    """There is no such thing, or it is somebody else's: the two are not told apart."""

    code = "not_found"
    status = 404
    title = gettext_noop("Not found")
    detail = gettext_noop("There is no such %(thing)s among yours.")


class IdempotencyKeyReused(Problem):
    """The same Idempotency-Key came with another body."""

    code = "idempotency_key_reused"
    status = 422
    title = gettext_noop("This Idempotency-Key was used for another request")
    detail = gettext_noop(
        "Use a new key for a new request; what the earlier one made is untouched."
    )


class IdempotencyKeyInUse(Problem):
    """The first request with this key is not done yet."""

    code = "idempotency_key_in_use"
    status = 409
    title = gettext_noop("A request with this Idempotency-Key is under way")
    detail = gettext_noop(
        "The first one is not done yet. Send it again in a moment, with the same key: nothing is done twice."
    )


class SeenChanged(Problem):
    """What a person confirmed is not what there is any more."""

    code = "seen_changed"
    status = 409
    title = gettext_noop("This changed since you looked")
    detail = gettext_noop("Nothing was done. Look at what is shown now, then confirm again.")
