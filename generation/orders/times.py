"""How long an order may wait and be worked on: judged before anything is written."""

from django.conf import settings

from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop

TOO_LONG = gettext_noop("At most %(most)s seconds: after that the hub ends any task.")


def check_times(timeout: int | None, expires_in: int | None) -> None:
    """Raise InvalidRequest naming each time that is longer than the hub keeps a task."""
    most = settings.TASK_DEADLINE_SECONDS
    said = {"timeout": timeout, "expires_in": expires_in}
    if wrong := [name for name, seconds in said.items() if (seconds or 0) > most]:
        raise InvalidRequest(
            errors=[FieldError(name, "too_large", TOO_LONG, {"most": most}) for name in wrong]
        )
