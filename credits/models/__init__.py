"""Rows of the ledger, one aggregate a module. They move only through `ledger`; the database refuses the rest it can."""

from credits.models.audit import AuditRun
from credits.models.default_budget import DefaultBudget
from credits.models.grant_request import GrantKind, GrantRequest, GrantState
from credits.models.hold import Hold, HoldState
from credits.models.limit import Budget, BudgetUse, Count, FreeUse, GrantRule, Period
from credits.models.lot import Lot, LotUse
from credits.models.price import Effect, Per, PriceRule
from credits.models.purse import Freeze, Purse
from credits.models.stop import Stop
from credits.models.transfer import ROUTES, Bucket, Kind, Reason, Transfer

__all__ = [
    "ROUTES",
    "AuditRun",
    "Bucket",
    "Budget",
    "BudgetUse",
    "Count",
    "DefaultBudget",
    "Effect",
    "FreeUse",
    "Freeze",
    "GrantKind",
    "GrantRequest",
    "GrantRule",
    "GrantState",
    "Hold",
    "HoldState",
    "Kind",
    "Lot",
    "LotUse",
    "Per",
    "Period",
    "PriceRule",
    "Purse",
    "Reason",
    "Stop",
    "Transfer",
]
