"""Rows of the order; one aggregate a module."""

from generation.models.account import Account, AccountKey, Rest
from generation.models.attempt import Attempt, Costs
from generation.models.backlog import PlatformBacklog, TaskCount, UserBacklog
from generation.models.batch import Batch
from generation.models.bulk_cancel import BulkCancel
from generation.models.cards import find_card, get_card
from generation.models.closed_day import ClosedDay, DayCost, DayCount, DayTime
from generation.models.death import WorkerDeath
from generation.models.describer import Describer, Undescribed
from generation.models.desk import DeskEntry, LateOutput
from generation.models.event import Event
from generation.models.finding import Appeal, Finding, RefusedPrompt
from generation.models.loop import LoopBeat
from generation.models.moderator import Moderator
from generation.models.offer import Offer
from generation.models.other_name import OtherName
from generation.models.output import Output
from generation.models.pace import Pace
from generation.models.queue import Queue, QueueChange
from generation.models.refund import RefundBatch, RefundRequest, RefundState
from generation.models.search import TaskText
from generation.models.share import Share
from generation.models.task import Task
from generation.models.taste import Preferences, Subject
from generation.models.term import Term, TermsChange
from generation.models.training import TrainingJob, TrainingPicture, TrainingSet
from generation.models.weights import LocalWeights
from generation.models.worker import Worker

__all__ = [
    "Account",
    "AccountKey",
    "Appeal",
    "Attempt",
    "Batch",
    "BulkCancel",
    "ClosedDay",
    "Costs",
    "DayCost",
    "DayCount",
    "DayTime",
    "Describer",
    "DeskEntry",
    "Event",
    "Finding",
    "LateOutput",
    "LocalWeights",
    "LoopBeat",
    "Moderator",
    "Offer",
    "OtherName",
    "Output",
    "Pace",
    "PlatformBacklog",
    "Preferences",
    "Queue",
    "QueueChange",
    "RefundBatch",
    "RefundRequest",
    "RefundState",
    "RefusedPrompt",
    "Rest",
    "Share",
    "Subject",
    "Task",
    "TaskCount",
    "TaskText",
    "Term",
    "TermsChange",
    "TrainingJob",
    "TrainingPicture",
    "TrainingSet",
    "Undescribed",
    "UserBacklog",
    "Worker",
    "WorkerDeath",
    "find_card",
    "get_card",
]
