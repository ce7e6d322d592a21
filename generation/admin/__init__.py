"""Pages of orders: tasks with their pictures and refunds, what is remembered of users, and the machines behind."""

from generation.admin.accounts.account import ProviderAdmin
from generation.admin.accounts.costs import CostsAdmin
from generation.admin.accounts.offer import ProviderModelAdmin
from generation.admin.accounts.other_name import OtherNameAdmin
from generation.admin.describers import DescriberAdmin
from generation.admin.fine_tuning.jobs import TrainingJobAdmin
from generation.admin.fine_tuning.sets import TrainingSetAdmin
from generation.admin.moderation.approvals import ReviewedPictureAdmin
from generation.admin.moderation.desk import FindingAdmin
from generation.admin.moderation.refused import RefusedPromptAdmin
from generation.admin.moderation.services import ModeratorAdmin
from generation.admin.moderation.terms import TermAdmin
from generation.admin.refunds.bulk import RefundBatchAdmin
from generation.admin.refunds.single import RefundRequestAdmin
from generation.admin.tasks.batch import BatchAdmin
from generation.admin.tasks.bulk_cancel import BulkCancelAdmin
from generation.admin.tasks.desk import DeskAdmin
from generation.admin.tasks.live import QueueAdmin
from generation.admin.tasks.page import TaskAdmin
from generation.admin.tasks.queue import ShareAdmin, WorkerAdmin
from generation.admin.taste import PreferencesAdmin, SubjectAdmin

__all__ = [
    "BatchAdmin",
    "BulkCancelAdmin",
    "CostsAdmin",
    "DescriberAdmin",
    "DeskAdmin",
    "FindingAdmin",
    "ModeratorAdmin",
    "OtherNameAdmin",
    "PreferencesAdmin",
    "ProviderAdmin",
    "ProviderModelAdmin",
    "QueueAdmin",
    "RefundBatchAdmin",
    "RefundRequestAdmin",
    "RefusedPromptAdmin",
    "ReviewedPictureAdmin",
    "ShareAdmin",
    "SubjectAdmin",
    "TaskAdmin",
    "TermAdmin",
    "TrainingJobAdmin",
    "TrainingSetAdmin",
    "WorkerAdmin",
]
