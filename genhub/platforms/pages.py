"""Pages of other sites, which may make a browser ask here: refused where a browser adds what proves who asks."""

from rest_framework.request import Request

from genhub.lib.errors import Problem, gettext_noop


class ForeignPage(Problem):
    """A page of another site asked."""

    code = "foreign_page"
    status = 403
    title = gettext_noop("A page of another site asked")
    detail = gettext_noop(
        "“Origin” names another site than the hub's, so nothing was done. Ask from your app's server, which sends none."
    )


def check_page(request: Request) -> None:
    """Raise ForeignPage when a page asks that is not the hub's own; what is no page names no site."""
    origin = request.headers.get("Origin", "").lower()
    scheme, _, place = origin.partition("://")
    is_site = scheme in {"http", "https", "null"}
    if is_site and place != request.get_host().lower():
        raise ForeignPage
