"""How a task itself may fail. Stored failures are code + parameters, worded when read."""

from typing import Any, Final

from generation.failures.outputs import OutputRefused
from generation.failures.root import TaskFailure
from genhub.lib.errors import gettext_noop

__all__ = ["OutputRefused", "TaskFailure"]

TOKENS_OF_Z_IMAGE: Final = 512


class OutOfMemory(TaskFailure):
    """The card has too little memory for this order."""

    code = "out_of_memory"
    title = gettext_noop("The picture is too large for this card")
    detail = gettext_noop("Order a smaller size or fewer pictures. What was held was given back.")


class PromptTooLong(TaskFailure):
    """A prompt has more tokens than the model reads; how many is known where its tokenizer is."""

    code = "prompt_too_long"
    title = gettext_noop("The prompt is too long for this model")
    detail = gettext_noop(
        "It reads %(limit)s tokens of a prompt, and nothing is cut. Shorten the prompt or the negative prompt. "
        "What was held was given back."
    )

    def __init__(self, *, limit: int = TOKENS_OF_Z_IMAGE, **words: Any) -> None:
        """Take the model's own figure; earlier failures were stored without it, all of Z-Image."""
        super().__init__(limit=limit, **words)


class FoundNoMore(TaskFailure):
    """Only what was drawn before would do, and it was deleted while the order waited."""

    code = "found_no_more"
    title = gettext_noop("What was drawn before is gone")
    detail = gettext_noop(
        "The order takes only a picture that was drawn before (“cache”: “only”), and it was deleted while the order waited. "
        "What was held was given back. Leave “cache” out to have it drawn."
    )


class AnswerLost(TaskFailure):
    """Nobody could find out whether the vendor had taken the order."""

    code = "answer_lost"
    title = gettext_noop("The provider's answer was lost")
    detail = gettext_noop(
        "Whether it was made could not be found out. What was held was given back; order again if you like."
    )


class ProviderUnavailable(TaskFailure):
    """The vendor was away, too busy, or takes no orders of ours, and stayed so."""

    code = "provider_unavailable"
    status = 502
    title = gettext_noop("The provider is not available")
    detail = gettext_noop(
        "It did not take the order, several times. What was held was given back; order again later, or another model."
    )


class ProviderRefused(TaskFailure):
    """The vendor says that the order is wrong."""

    code = "provider_refused"
    status = 502
    title = gettext_noop("The provider refused the order")
    detail = gettext_noop(
        "It takes no such order, which the hub did not know. What was held was given back, and the hub's staff see why."
    )


class ContentRefused(TaskFailure):
    """The vendor does not make such a picture."""

    code = "content_refused"
    status = 422
    title = gettext_noop("The provider does not make this")
    detail = gettext_noop(
        "Its rules forbid what was asked for, or what came of it. What was held was given back; say it otherwise."
    )


class AnswerUnreadable(TaskFailure):
    """The vendor made something that nobody can read or fetch."""

    code = "provider_answer_unreadable"
    status = 502
    title = gettext_noop("The provider's answer could not be read")
    detail = gettext_noop(
        "What it made did not arrive whole. What was held was given back; order again if you like."
    )


class ProviderForgot(TaskFailure):
    """The server that had the order was started anew, and has it no more."""

    code = "provider_forgot"
    status = 502
    title = gettext_noop("The provider has lost the order")
    detail = gettext_noop(
        "Its server was started anew while it worked on it, several times. What was held was given back; order again if "
        "you like."
    )


class ProviderUnsupported(TaskFailure):
    """The vendor lacks a word of the order, which the model's row did not say."""

    code = "provider_unsupported"
    title = gettext_noop("The provider cannot honour a word of the order")
    detail = gettext_noop(
        "The order was not sent, since a word of it would have been dropped. What was held was given back."
    )


class StaysInHouse(TaskFailure):
    """The order must not leave the house, and only a vendor could make it."""

    code = "stays_in_house"
    title = gettext_noop("The order must stay in the house")
    detail = gettext_noop(
        "No server of the house makes it any more. It was not sent; what was held was given back."
    )


class EngineUnavailable(TaskFailure):
    """The model cannot be loaded."""

    code = "engine_unavailable"
    title = gettext_noop("The model is not available")
    detail = gettext_noop("The hub's staff must look at it. What was held was given back.")


class ModelGone(TaskFailure):
    """The model was removed while the task waited for it."""

    code = "model_gone"
    title = gettext_noop("The model is gone")
    detail = gettext_noop(
        "“%(model)s” was removed from this hub. Order with another model. What was held was given back."
    )


class InputLost(TaskFailure):
    """The picture that the order starts from, or its mask, could not be read."""

    code = "input_lost"
    title = gettext_noop("The picture to start from cannot be read")
    detail = gettext_noop("Please upload it and order again. What was held was given back.")


class StoreFailed(TaskFailure):
    """The pictures were made, but the store took none of them."""

    code = "store_failed"
    title = gettext_noop("The result could not be stored")
    detail = gettext_noop("Please order again. What was held was given back.")


class ContentBlocked(TaskFailure):
    """The hub's own rules do not allow what the picture shows."""

    code = "content_blocked"
    status = 422
    title = gettext_noop("The picture was withheld")
    detail = gettext_noop(
        "The hub's moderation objects to what it shows. It was not charged. You may appeal; staff then look at it."
    )


class ContentUnjudged(TaskFailure):
    """Nobody could judge the picture, and the platform delivers nothing that was not judged."""

    code = "content_unjudged"
    status = 503
    title = gettext_noop("The picture could not be checked")
    detail = gettext_noop(
        "No moderation service answered, so that it was withheld. It was not charged. Order again later, or appeal; "
        "staff then look at it."
    )


class Quarantined(TaskFailure):
    """Four workers died on the task."""

    code = "quarantined"
    title = gettext_noop("The task was set aside")
    detail = gettext_noop("Its worker died %(deaths)s times. What was held was given back.")


class DeadlineExceeded(TaskFailure):
    """The task did not end in time."""

    code = "deadline_exceeded"
    title = gettext_noop("The task took too long")
    detail = gettext_noop("It did not end within its time. What was held was given back.")


class TimedOut(TaskFailure):
    """The task was worked on for longer than it may be."""

    code = "timed_out"
    title = gettext_noop("The work took too long")
    detail = gettext_noop(
        "It was not done within the time that its “timeout” allows, or the hub where it says none. What was held was given "
        "back; order with a longer one, or a smaller picture."
    )


class Expired(TaskFailure):
    """The task had not begun when its customer had no use for it any more."""

    code = "expired"
    title = gettext_noop("The order expired")
    detail = gettext_noop(
        "It had not begun within its “expires_in”, and now never will. What was held was given back; order again if you like."
    )
