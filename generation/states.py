"""The states of tasks and attempts and the only moves between them; a database trigger refuses to leave an end."""

from enum import StrEnum


class TaskState(StrEnum):
    """Where a customer's order stands; on the wire too."""

    PENDING = "pending"  # -> processing by the claim of its first attempt
    PROCESSING = "processing"  # -> completed or failed by its worker, failed by reaper or deadline
    COMPLETED = "completed"  # end: at least one picture was delivered
    FAILED = "failed"  # end: none was
    CANCELED = "canceled"  # end: by its owner


class BatchState(StrEnum):
    """Where orders stand that were made as one; the database moves it with their counts."""

    PENDING = "pending"  # none of its tasks was begun
    PROCESSING = "processing"  # some were begun, or have ended; not all have
    COMPLETED = "completed"  # end: all tasks have ended, each in its own way
    CANCELED = "canceled"  # end: all have, some of them by a cancel of the whole


class AttemptState(StrEnum):
    """Where one try at one provider stands."""

    QUEUED = "queued"  # -> running by a claim
    # -> an end by its worker, waiting by what its provider answers, unknown when no answer came; by the reaper to
    # waiting, unknown or abandoned, by what had left for its provider
    RUNNING = "running"
    # A remote provider works, nobody sleeps -> running by a poll's claim, an end with its task
    WAITING = "waiting"
    # The provider may have taken the order -> waiting by a callback or a person, an end by a person or the deadline
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"  # end
    FAILED = "failed"  # end; a new attempt may follow
    CANCELED = "canceled"  # end: the task ended meanwhile, or it never came to its provider
    ABANDONED = "abandoned"  # end: its worker died; counts towards quarantine, but not in a batch


TASK_ENDS = frozenset({TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED})
TASK_LIVE = frozenset(TaskState) - TASK_ENDS
ATTEMPT_ENDS = frozenset(
    {
        AttemptState.SUCCEEDED,
        AttemptState.FAILED,
        AttemptState.CANCELED,
        AttemptState.ABANDONED,
    }
)
ATTEMPT_LIVE = frozenset(AttemptState) - ATTEMPT_ENDS
