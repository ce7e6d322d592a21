"""Pages of orders: tasks with their pictures and refunds; providers, models, workers and shares."""

from generation.admin.batches import RefundBatchAdmin
from generation.admin.model import ProviderModelAdmin
from generation.admin.provider import ProviderAdmin
from generation.admin.queue import ShareAdmin, WorkerAdmin
from generation.admin.refunds import RefundRequestAdmin
from generation.admin.task import TaskAdmin

__all__ = [
    "ProviderAdmin",
    "ProviderModelAdmin",
    "RefundBatchAdmin",
    "RefundRequestAdmin",
    "ShareAdmin",
    "TaskAdmin",
    "WorkerAdmin",
]
