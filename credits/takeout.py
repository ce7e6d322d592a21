"""What the ledger gives away of a platform: its users with their purses, and every move."""

from credits.models import Hold, Lot, Purse, Transfer
from genhub.lib.takeout import Table

TABLES = (
    Table("purses", lambda platform_id: Purse.objects.filter(platform=platform_id)),
    Table("lots", lambda platform_id: Lot.objects.filter(purse__platform=platform_id)),
    Table("holds", lambda platform_id: Hold.objects.filter(purse__platform=platform_id)),
    Table("transfers", lambda platform_id: Transfer.objects.filter(purse__platform=platform_id)),
)
