"""Pages of orders: tasks with their pictures and refunds; providers, models, workers and shares."""

from generation.admin.accounts.account import ProviderAdmin
from generation.admin.accounts.costs import CostsAdmin
from generation.admin.accounts.offer import ProviderModelAdmin
from generation.admin.refunds.bulk import RefundBatchAdmin
from generation.admin.refunds.single import RefundRequestAdmin
from generation.admin.tasks.batch import BatchAdmin
from generation.admin.tasks.desk import DeskAdmin
from generation.admin.tasks.page import TaskAdmin
from generation.admin.tasks.queue import ShareAdmin, WorkerAdmin

__all__ = [
    "BatchAdmin",
    "CostsAdmin",
    "DeskAdmin",
    "ProviderAdmin",
    "ProviderModelAdmin",
    "RefundBatchAdmin",
    "RefundRequestAdmin",
    "ShareAdmin",
    "TaskAdmin",
    "WorkerAdmin",
]
