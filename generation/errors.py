"""What the order refuses, and why a task waits."""

from collections.abc import Sequence
from typing import Any

from genhub.lib.errors import Problem, gettext_noop


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


class BatchEnded(GenerationProblem):
    """All tasks of a batch had ended before the cancel arrived."""

    code = "batch_already_ended"
    title = gettext_noop("The batch has ended")
    detail = gettext_noop("All of its tasks have ended; there is nothing left to cancel.")


class NotCached(GenerationProblem):
    """Only what was drawn before would do, and there is none."""

    code = "not_cached"
    status = 404
    title = gettext_noop("It was not drawn before")
    detail = gettext_noop(
        "The order takes only a picture that was drawn before (“cache”: “only”), and there is none for it: name the seed, or a "
        "template that uses the cache. Nothing was created or held. Leave “cache” out to have it drawn."
    )


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


class ModelBroken(GenerationProblem):
    """Why a task waits: its model ended one worker after the other, and was switched off by itself."""

    code = "model_broken"
    title = gettext_noop("The model was switched off by itself")
    detail = gettext_noop(
        "“%(model)s” ended several workers within minutes. The task waits until the hub's staff switch it on again, at "
        "most until its deadline."
    )


class ProviderRests(GenerationProblem):
    """Why a task waits: its provider takes no orders for a while."""

    code = "provider_rests"
    title = gettext_noop("The provider takes no orders now")
    detail = gettext_noop(
        "“%(provider)s” is at its limit, or failed several times. The task goes on by itself, there or where else it can "
        "be made."
    )


class QueuePaused(GenerationProblem):
    """Why a task waits: staff hold up the whole queue."""

    code = "queue_paused"
    title = gettext_noop("The queue is paused by the hub's staff")
    detail = gettext_noop(
        "The hub's staff have paused the queue “%(queue)s”. The task waits until they let it go on, at most until its "
        "deadline."
    )


class ProviderPaused(GenerationProblem):
    """Why a task waits: staff hold up its provider's orders."""

    code = "provider_paused"
    title = gettext_noop("The provider is paused by the hub's staff")
    detail = gettext_noop(
        "The hub's staff have paused “%(provider)s”. The task waits until they let it go on, or another provider takes it, "
        "at most until its deadline."
    )


class QueueUnknown(GenerationProblem):
    """Somebody steers a queue that no provider has."""

    code = "queue_unknown"
    status = 404
    title = gettext_noop("There is no such queue")
    detail = gettext_noop("“%(queue)s” is none of: %(queues)s. Nothing was changed.")


class NotWaiting(GenerationProblem):
    """Staff move an order in its queue that does not wait there, or no more."""

    code = "not_waiting"
    title = gettext_noop("This order does not wait any more")
    detail = gettext_noop(
        "It is at work, or has ended: only what waits is moved. Nothing was changed."
    )


class PriorityTooHigh(GenerationProblem):
    """Staff give an order a priority that its platform's plan does not allow."""

    code = "priority_above_plan"
    title = gettext_noop("The plan allows no such priority")
    detail = gettext_noop(
        "“%(priority)s” is above “%(highest)s”, the highest of the platform's plan. Nothing was changed; raise the plan's, "
        "or choose another."
    )


class InDoubt(GenerationProblem):
    """Why a task waits: nobody knows whether its vendor has the order."""

    code = "provider_in_doubt"
    title = gettext_noop("The provider's answer was lost")
    detail = gettext_noop(
        "It may have the order or not, and to send it again might cost it twice. The task waits until that is known, "
        "at most until its deadline."
    )


class MakerOff(GenerationProblem):
    """The account that made a picture, and that alone could go on with it, is off."""

    code = "maker_switched_off"
    title = gettext_noop("Who made the picture is switched off")
    detail = gettext_noop(
        "Only “%(provider)s” can go on with it, and that, or its “%(model)s”, is switched off or gone. Nothing was "
        "created or held. Try again later, or order with the picture as “image”."
    )


class NotInDoubt(GenerationProblem):
    """Somebody decides about an attempt that is not, or no more, unknown at its provider."""

    code = "not_in_doubt"
    title = gettext_noop("This is known by now")
    detail = gettext_noop(
        "The provider answered, somebody else decided, or the task ended meanwhile. Nothing was changed."
    )


class PromptRefused(GenerationProblem):
    """The hub's own rules do not allow what was asked for; `found` says for staff what was found."""

    code = "prompt_refused"
    status = 422
    title = gettext_noop("This hub does not make that")
    detail = gettext_noop(
        "Nothing was created or charged. Say it otherwise; if your meaning is harmless, tell the hub's staff, who see "
        "what was refused."
    )

    def __init__(self, found: Sequence[Any] = (), **words: Any) -> None:
        """Take what was found, besides what any problem takes."""
        super().__init__(**words)
        self.found = tuple(found)


class ModerationUnavailable(GenerationProblem):
    """Nobody could judge the prompt, and the platform takes nothing that was not judged."""

    code = "moderation_unavailable"
    status = 503
    title = gettext_noop("The prompt could not be checked")
    detail = gettext_noop(
        "The moderation service does not answer. Nothing was created or charged. Send it again in a moment."
    )


class NothingWithheld(GenerationProblem):
    """An appeal needs something that was withheld."""

    code = "nothing_withheld"
    title = gettext_noop("Nothing was withheld")
    detail = gettext_noop(
        "Of this task no picture was withheld, so that there is nothing to appeal against."
    )


class AppealMade(GenerationProblem):
    """A task's owner may appeal once."""

    code = "appeal_made"
    title = gettext_noop("You have appealed before")
    detail = gettext_noop(
        "Of each task there is one appeal. Read what became of it at the same address."
    )


class FindingDecided(GenerationProblem):
    """What moderation found stands as somebody wants it to be."""

    code = "finding_decided"
    title = gettext_noop("This was decided before")
    detail = gettext_noop("It stands as you want it to be. Nothing was changed.")


class StepCanceled(GenerationProblem):
    """A step of a chain that was not made, since its owner canceled the rest."""

    code = "step_canceled"
    status = 409
    title = gettext_noop("This step was canceled")
    detail = gettext_noop(
        "The order was canceled before this step was done. What was held for it was given back; what was delivered before "
        "it stays, and was paid."
    )


class TrainingEnded(GenerationProblem):
    """There is nothing left of a training to stop."""

    code = "training_ended"
    title = gettext_noop("The training has ended")
    detail = gettext_noop("There is nothing left to stop. Nothing was changed.")


class TrainingUnderWay(GenerationProblem):
    """A training learns from what was to be taken away."""

    code = "training_under_way"
    title = gettext_noop("A training learns from this set")
    detail = gettext_noop("Wait until it has ended, or stop it. Nothing was changed.")


class TrainingNotHeldUp(GenerationProblem):
    """A training waits, is under way or is done: there is nothing to start again."""

    code = "training_not_held_up"
    title = gettext_noop("The training was neither stopped nor has it failed")
    detail = gettext_noop("Only such a one starts again. Nothing was changed.")
