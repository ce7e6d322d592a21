"""Pages of the ledger: all of them read; a grant is the one move that starts here."""

from credits.admin.hold import HoldAdmin
from credits.admin.purse import PurseAdmin
from credits.admin.transfer import TransferAdmin

__all__ = ["HoldAdmin", "PurseAdmin", "TransferAdmin"]
