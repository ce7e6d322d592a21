"""The styles that a platform's orders may wear. Writes nothing.

Nothing is put in place of a style that an order, or its template, names: one that is not of the brand is refused.
"""

from collections.abc import Collection
from dataclasses import dataclass

from genhub.lib.errors import gettext_noop, refuse_field

OTHER = gettext_noop("Orders of this platform wear one of these styles: %(styles)s.")


@dataclass(frozen=True)
class Brand:
    """Codes of styles, none: any; and the one of orders that name none, empty: they are refused."""

    styles: Collection[str] = ()
    usual: str = ""

    def choose(self, style: str) -> str:
        """Return the style that an order wears which names this one, or none; refuse what is not of the brand."""
        worn = style or self.usual
        if self.styles and worn not in self.styles:
            raise refuse_field(
                "style_preset", "not_of_the_brand", OTHER, styles=", ".join(self.styles)
            )
        return worn


ANY = Brand()
