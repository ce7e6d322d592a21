"""A picture that opens in large where it stands: what the page's dialog has to know of it."""

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext


@dataclass(frozen=True)
class Enlarged:
    """A picture's id, its signed links on this site, the words that it was drawn from, and the page that tells more."""

    picture: str
    large: str
    small: str
    download: str
    prompt: str = ""
    page: str = ""

    def draw(self) -> SafeString:
        """Return it as a link; without scripts it leads to the page, or the file."""
        return format_html(
            '<a class="hub-pictures is-large" href="{}" data-picture="{}" data-large="{}" data-download="{}" '
            'data-prompt="{}" data-page="{}"><img src="{}" alt="{}" loading="lazy"></a>',
            self.page or self.large, self.picture, self.large, self.download, self.prompt, self.page, self.small,
            gettext("Picture"),
        )  # fmt: skip
