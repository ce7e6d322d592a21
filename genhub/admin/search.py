"""The admin's command search, whose theme reads any page number and breaks on what is none."""

from typing import Any

from django.contrib import admin
from django.core.paginator import InvalidPage
from django.http import Http404, HttpRequest, HttpResponse

from genhub.api.pages import LONGEST_DIGITS


def search(request: HttpRequest) -> HttpResponse:
    """Answer what was found, or 404 where no such page is."""
    page = request.GET.get("page", "1")
    if not (page.isascii() and page.isdecimal() and len(page) <= LONGEST_DIGITS):
        raise Http404
    site: Any = admin.site
    try:
        found: HttpResponse = site.search(request)
    except InvalidPage as error:
        raise Http404 from error
    return found
