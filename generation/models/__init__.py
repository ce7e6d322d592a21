"""Rows of the order; one aggregate a module."""

from generation.models.account import Account, AccountKey, Rest
from generation.models.attempt import Attempt, Costs
from generation.models.backlog import PlatformBacklog, UserBacklog
from generation.models.batch import Batch
from generation.models.desk import DeskEntry, LateOutput
from generation.models.event import Event
from generation.models.loop import LoopBeat
from generation.models.offer import Offer, find_card, get_card
from generation.models.pace import Pace
from generation.models.refund import RefundBatch, RefundRequest, RefundState
from generation.models.search import TaskText
from generation.models.share import Share
from generation.models.task import Output, Task, TaskCount
from generation.models.taste import Preferences, Subject
from generation.models.weights import LocalWeights
from generation.models.worker import Worker

__all__ = [
    "Account",
    "AccountKey",
    "Attempt",
    "Batch",
    "Costs",
    "DeskEntry",
    "Event",
    "LateOutput",
    "LocalWeights",
    "LoopBeat",
    "Offer",
    "Output",
    "Pace",
    "PlatformBacklog",
    "Preferences",
    "RefundBatch",
    "RefundRequest",
    "RefundState",
    "Rest",
    "Share",
    "Subject",
    "Task",
    "TaskCount",
    "TaskText",
    "UserBacklog",
    "Worker",
    "find_card",
    "get_card",
]
