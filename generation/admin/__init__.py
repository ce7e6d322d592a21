"""Pages of orders: tasks with their pictures and refunds; providers, workers and shares."""

from generation.admin.batches import RefundBatchAdmin
from generation.admin.provider import ProviderAdmin
from generation.admin.queue import ShareAdmin, WorkerAdmin
from generation.admin.refunds import RefundRequestAdmin
from generation.admin.task import TaskAdmin

__all__ = [
    "ProviderAdmin",
    "RefundBatchAdmin",
    "RefundRequestAdmin",
    "ShareAdmin",
    "TaskAdmin",
    "WorkerAdmin",
]
