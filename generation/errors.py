"""What the order refuses, and how a task may fail. Stored failures are code + parameters, worded when read."""

from typing import Any, Final

from genhub.lib.errors import Problem, gettext_noop

TOKENS_OF_Z_IMAGE: Final = 512


class GenerationProblem(Problem):
    """Root of this app's refusals."""

    code = "generation_problem"
    status = 409


class NotReady(GenerationProblem):
    """The result was asked for before the task ended."""

    code = "result_not_ready"
    title = gettext_noop("The result is not ready")
    detail = gettext_noop("The task is %(state)s. Ask again, or watch its status.")


class NoResult(GenerationProblem):
    """The task ended without a result."""

    code = "no_result"
    title = gettext_noop("The task has no result")
    detail = gettext_noop("It ended %(state)s; what was held for it was given back.")


class AlreadyEnded(GenerationProblem):
    """The task ended before the cancel arrived."""

    code = "task_already_ended"
    title = gettext_noop("The task has ended")
    detail = gettext_noop("It is %(state)s; there is nothing left to cancel.")


class QueueFull(GenerationProblem):
    """As many pictures wait or are being made as one user, platform or hub may have."""

    code = "queue_full"
    status = 429
    title = gettext_noop("Too much is waiting")
    detail = gettext_noop(
        "This %(scope)s may have %(limit)s pictures waiting or being made, and this order would add %(wanted)s. "
        "Nothing was created or held. Send it again when some are done."
    )


# Whose limit it is, worded with the refusal above.
SCOPES = (gettext_noop("user"), gettext_noop("platform"), gettext_noop("hub"))


class ProviderOff(GenerationProblem):
    """Why a task waits: nobody works for its provider."""

    code = "provider_switched_off"
    title = gettext_noop("The provider is switched off")
    detail = gettext_noop(
        "The task waits until the hub's staff switch “%(provider)s” on again, at most until its deadline."
    )


class ModelOff(GenerationProblem):
    """Why a task waits: nobody draws with its model."""

    code = "model_switched_off"
    title = gettext_noop("The model is switched off")
    detail = gettext_noop(
        "The task waits until the hub's staff switch “%(model)s” on again, at most until its deadline."
    )


class TaskFailure(Problem):
    """Root of the reasons for which a task itself fails."""

    code = "generation_failed"
    status = 500
    title = gettext_noop("The generation failed")
    detail = gettext_noop("The provider could not make it. What was held was given back.")


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


class OutputRefused(TaskFailure):
    """What the provider made is not taken into the store; `storage.content` names the codes."""

    title = gettext_noop("What the provider made was not taken")


class OutputUnread(OutputRefused):
    """The provider's file did not come, or broke off."""

    code = "output_unread"
    detail = gettext_noop(
        "The provider's file did not arrive whole. Please order again. What was held was given back."
    )


class OutputUnreadable(OutputRefused):
    """The provider's file is empty, cut short or broken."""

    code = "output_unreadable"
    detail = gettext_noop(
        "The provider's file is not a whole picture. Please order again. What was held was given back."
    )


class OutputTooLarge(OutputRefused):
    """The provider's file has more bytes than is taken."""

    code = "output_too_large"
    detail = gettext_noop(
        "The provider's file has more than %(limit)s bytes. Order a smaller size. What was held was given back."
    )


class OutputSizeRefused(OutputRefused):
    """The provider's picture has more pixels than is taken, or a shape that is none."""

    code = "output_size_refused"
    detail = gettext_noop(
        "The provider's picture has too many pixels or too long a side. Order another size. What was held was given back."
    )


class OutputAnimated(OutputRefused):
    """The provider's picture moves."""

    code = "output_animated"
    detail = gettext_noop(
        "The provider's picture moves, and this hub keeps still ones only. Order with another model. What was held was "
        "given back."
    )


class OutputTypeUnsupported(OutputRefused):
    """The provider's file is of a kind that is not kept."""

    code = "output_type_unsupported"
    detail = gettext_noop(
        "The provider's file is neither PNG, JPEG nor WebP. Order with another model. What was held was given back."
    )


class OutputVideoUnsupported(OutputRefused):
    """The provider made a video."""

    code = "output_video_unsupported"
    detail = gettext_noop(
        "The provider made a video, and this hub keeps pictures only. Order with another model. What was held was "
        "given back."
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


class NothingToRefund(GenerationProblem):
    """The task cost nothing."""

    code = "nothing_to_refund"
    title = gettext_noop("There is nothing to refund")
    detail = gettext_noop("Nothing was held for this task.")


class ReasonTooShort(GenerationProblem):
    """Staff gave no real reason."""

    code = "reason_too_short"
    status = 400
    title = gettext_noop("A reason is needed")
    detail = gettext_noop("Say why in at least %(least)s characters; it stays in the ledger.")


class RefundTooEarly(GenerationProblem):
    """The task has not ended, so nothing was captured yet."""

    code = "refund_too_early"
    title = gettext_noop("The task has not ended")
    detail = gettext_noop("It is %(state)s. What it costs is known when it has ended.")


class RefundAskedBefore(GenerationProblem):
    """Other requests, which wait, would leave too little."""

    code = "refund_asked_before"
    title = gettext_noop("Another refund of this task waits")
    detail = gettext_noop(
        "Of its credits, %(waiting)s wait for approval already; %(left)s are left to ask for."
    )


class OwnRefund(GenerationProblem):
    """A person decides about a refund that this person asked for."""

    code = "own_refund"
    status = 403
    title = gettext_noop("A second person must decide")
    detail = gettext_noop("You asked for this refund yourself. Nothing was changed.")


class RefundDecided(GenerationProblem):
    """The request does not wait any more."""

    code = "refund_decided"
    title = gettext_noop("This was decided before")
    detail = gettext_noop("Somebody approved or rejected it meanwhile. Nothing was changed.")


class PreviewChanged(GenerationProblem):
    """The tasks of a bulk refund are not what the person saw."""

    code = "preview_changed"
    title = gettext_noop("The tasks changed since you looked")
    detail = gettext_noop(
        "Now %(count)s tasks have %(total)s credits left to refund. Look again, then confirm."
    )


class BulkTooLarge(GenerationProblem):
    """More tasks than one bulk refund takes."""

    code = "bulk_too_large"
    status = 400
    title = gettext_noop("These are too many tasks")
    detail = gettext_noop("One bulk refund takes at most %(most)s tasks. Narrow the filter.")
