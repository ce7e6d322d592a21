"""Where single sign-on begins and ends. The library keeps state, nonce and PKCE's verifier in the session, each good
for one answer; whatever goes wrong ends at the first page, with a sentence."""

import logging
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from genhub.lib import throttle
from genhub.lib.addresses import network_of
from genhub.lib.requestlog import client_ip
from genhub.users.signing_in import address_of
from genhub.users.single_sign_on.provider import ProviderFailed
from genhub.users.single_sign_on.words import read_setting

logger = logging.getLogger(__name__)

# Who does not come back within so long begins anew: strangers' sessions do not pile up.
BEGUN_SECONDS: Final = 900
# Sign-ins that one address may begin a minute: an office may come in the morning.
BEGINS_PER_MINUTE: Final = 60


class BeginView(OIDCAuthenticationRequestView):
    """Sends to the provider."""

    get_settings = staticmethod(read_setting)

    def __init__(self, **words: Any) -> None:
        # What the library reads here is asked of the provider, once there is one.
        super(OIDCAuthenticationRequestView, self).__init__(**words)

    def get(self, request: HttpRequest) -> HttpResponse:
        """Send to the provider, or say on the first page why not."""
        bound = throttle.per(60, BEGINS_PER_MINUTE, "single-sign-on")
        if seconds := throttle.count(bound, network_of(client_ip(request))):
            refusal = fail(request, "too many were begun")
            refusal["Retry-After"] = str(seconds)
            return refusal
        self.OIDC_RP_CLIENT_ID = self.get_settings("OIDC_RP_CLIENT_ID")
        try:
            self.OIDC_OP_AUTH_ENDPOINT = self.get_settings("OIDC_OP_AUTHORIZATION_ENDPOINT")
        except ProviderFailed as error:
            return fail(request, str(error), away())
        answer: HttpResponse = super().get(request)
        if not request.user.is_authenticated:
            request.session.set_expiry(BEGUN_SECONDS)
        return answer


class CallbackView(OIDCAuthenticationCallbackView):
    """Takes what the provider sends back."""

    get_settings = staticmethod(read_setting)

    def get(self, request: HttpRequest) -> HttpResponse:
        """Sign in, or say on the first page why not."""
        if error := request.GET.get("error"):
            # Who is signed in stays so, whoever made this address up.
            request.session.get("oidc_states", {}).pop(request.GET.get("state"), None)
            request.session.modified = True
            return fail(request, f"the provider said {error[:100]!r}")
        try:
            answer: HttpResponse = super().get(request)
        except SuspiciousOperation as refusal:
            return fail(request, str(refusal))
        except ProviderFailed as failure:
            return fail(request, str(failure), away())
        return answer

    def login_success(self) -> HttpResponse:
        """Go where one wanted to, with a session that lives as any."""
        self.request.session.set_expiry(None)
        answer: HttpResponse = super().login_success()
        return answer

    def login_failure(self) -> HttpResponse:
        """Say so on the first page; the log says more."""
        return fail(
            self.request, "it answers no sign-in that this browser began, or nobody who may sign in"
        )


def fail(request: HttpRequest, why: str, said: str = "") -> HttpResponse:
    """Lead to the first page with a sentence; why is for the log alone."""
    logger.warning("single sign-on from %s failed: %s", address_of(request), why)
    usual = gettext(
        "%(name)s did not sign you in here. Try again; if it stays so, ask an owner of this hub whether you have an account."
    )
    messages.error(request, said or usual % {"name": settings.OIDC_NAME})
    return HttpResponseRedirect(reverse("admin:login"))


def away() -> str:
    """Return that the provider is away."""
    said = gettext(
        "%(name)s does not answer, or not as it should. Try again later, or sign in by password."
    )
    return said % {"name": settings.OIDC_NAME}


begin_view, callback_view = BeginView.as_view(), CallbackView.as_view()


@never_cache
def begin(request: HttpRequest) -> HttpResponse:
    """Begin, where there is a provider."""
    if not settings.OIDC_ISSUER:
        raise Http404
    answer: HttpResponse = begin_view(request)
    return answer


@never_cache
def end(request: HttpRequest) -> HttpResponse:
    """Take the answer, where there is a provider."""
    if not settings.OIDC_ISSUER:
        raise Http404
    answer: HttpResponse = callback_view(request)
    return answer
