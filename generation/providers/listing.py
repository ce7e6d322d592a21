"""Lists of what a vendor works on, read for those that are asked for: by their ids, or page by page."""

from collections.abc import Iterator, Sequence

# Ids that one address names, and rows that one page holds.
IDS_A_CALL, ROWS_A_PAGE = 50, 100
# A list is read for as long as that costs a fraction of what it costs to ask for each.
ORDERS_A_PAGE = 10


def parts_of(remote_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the ids in parts that one call may name."""
    for begin in range(0, len(remote_ids), IDS_A_CALL):
        yield remote_ids[begin : begin + IDS_A_CALL]


def most_pages(remote_ids: Sequence[str]) -> int:
    """Return how many pages are read for so many orders."""
    return max(len(remote_ids) // ORDERS_A_PAGE, 1)
