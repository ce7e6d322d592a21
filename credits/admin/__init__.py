"""Pages of the ledger. What moved is read only; grants start here, and staff set limits."""

from credits.admin.audit import AuditRunAdmin
from credits.admin.budget import BudgetAdmin
from credits.admin.default_budget import DefaultBudgetAdmin
from credits.admin.freeze import FreezeAdmin
from credits.admin.grant_request import GrantRequestAdmin
from credits.admin.grant_rule import GrantRuleAdmin
from credits.admin.hold import HoldAdmin
from credits.admin.lot import LotAdmin
from credits.admin.price import PriceRuleAdmin
from credits.admin.purse import PurseAdmin
from credits.admin.stop import StopAdmin
from credits.admin.transfer import TransferAdmin

__all__ = [
    "AuditRunAdmin",
    "BudgetAdmin",
    "DefaultBudgetAdmin",
    "FreezeAdmin",
    "GrantRequestAdmin",
    "GrantRuleAdmin",
    "HoldAdmin",
    "LotAdmin",
    "PriceRuleAdmin",
    "PurseAdmin",
    "StopAdmin",
    "TransferAdmin",
]
