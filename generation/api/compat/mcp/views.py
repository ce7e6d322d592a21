"""The door of `/mcp`: whose key it is, and whether a page of somebody else's asks. What is said there, the events
process hears."""

from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from generation.api.live.views import make_watch, refuse_elsewhere
from generation.api.live.watch import Watch
from genhub.api.negotiation import WhateverIsAccepted
from genhub.platforms.authentication import caller_of
from genhub.platforms.pages import check_page
from genhub.platforms.rates import Rate


class Conversation(HttpResponse):
    """What the door answers: whoever serves it lets the assistant speak; `watch` says whose events it may follow."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch


class McpView(APIView):
    """One message of an assistant."""

    content_negotiation_class = WhateverIsAccepted
    # An order counts once more, as what it is.
    rate = Rate.READS

    @extend_schema(exclude=True)
    def post(self, request: Request) -> HttpResponseBase:
        """Open a conversation; its words are not read yet."""
        # A name that was bound to our address must not lead a page to the hub.
        check_page(request)
        refuse_elsewhere(request)
        return Conversation(make_watch(request, user=caller_of(request).user, after=None))
