"""The door to a balance."""

from dataclasses import asdict

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from credits.affordability import sum_due
from credits.allowances import view_allowance
from credits.api import schema
from credits.budgets import list_budgets
from credits.selectors import find_balance, list_expiring
from credits.terms import Allowance
from genhub.platforms.authentication import caller_of
from genhub.platforms.models import Scope


class CreditsView(APIView):
    """A user's credits."""

    scopes = {"GET": Scope.CREDITS_READ}

    @extend_schema(
        responses={200: schema.BalanceSerializer, **schema.REFUSALS},
        parameters=[schema.USER],
        summary=_("Read a balance"),
    )
    def get(self, request: Request) -> Response:
        """Answer what is available and held; a user the hub never saw has nothing of either."""
        caller = caller_of(request)
        user = caller.user_for_write(request.query_params.get("user"))
        balance = find_balance(caller.platform.pk, user)
        purse_id = balance.purse_id
        lots = list_expiring(purse_id, live=True) if purse_id else []
        budgets = list_budgets(purse_id, caller.key.pk) if purse_id else []
        if token := caller.token:
            budgets.append(view_allowance(Allowance(token.pk, token.max_credits)))
        return Response(
            {
                "user": user,
                # What is over but not yet swept pays for nothing.
                "available": balance.available - sum_due(purse_id),
                "held": balance.held,
                "expiring": [
                    {"amount": lot.remaining, "expires_at": lot.expires_at} for lot in lots
                ],
                "budgets": [asdict(budget) for budget in budgets],
                "frozen": balance.is_frozen,
                "stopped": balance.is_stopped,
            }
        )
