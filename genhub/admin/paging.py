"""Pages of lists that grow for ever: none counts its rows, and none lies so deep that the database reads far for it."""

from typing import Final

from django.utils.functional import cached_property
from unfold import paginator

# Nobody turns over as many; filters and the search lead to older rows.
MOST_PAGES: Final = 100


class InfinitePaginator(paginator.InfinitePaginator):
    """The first pages of a list; one beyond the last is refused, like one that is none. The theme tells by the name of
    this class that rows were not counted."""

    template_name = "admin/hub/pages.html"

    @cached_property
    def count(self) -> int:
        """Return how many rows can be turned over: no more are counted."""
        return MOST_PAGES * int(self.per_page)
