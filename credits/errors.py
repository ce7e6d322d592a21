"""What the ledger refuses."""

from genhub.lib.errors import Problem, gettext_noop


class CreditsProblem(Problem):
    """Root of the ledger's refusals."""

    code = "credits_problem"
    status = 409


class InsufficientCredits(CreditsProblem):
    """The purse has less available than the price."""

    code = "insufficient_credits"
    status = 402
    title = gettext_noop("Too few credits")
    detail = gettext_noop(
        "This costs %(price)s credits and %(available)s are available. Nothing was created or held."
    )


class InvalidAmount(CreditsProblem):
    """An amount is not a positive whole number of credits."""

    code = "invalid_amount"
    status = 400
    title = gettext_noop("The amount is not valid")
    detail = gettext_noop("Credits move in whole numbers from 1 to %(most)s.")


class HoldNotOpen(CreditsProblem):
    """The hold was captured or released before."""

    code = "hold_not_open"
    title = gettext_noop("The hold is settled")
    detail = gettext_noop("It was captured or released before; each hold is settled once.")


class RefundTooLarge(CreditsProblem):
    """More was to be refunded than is left of what was captured."""

    code = "refund_too_large"
    title = gettext_noop("The refund is too large")
    detail = gettext_noop("At most what was captured and not yet refunded can be given back.")


class KeyReused(CreditsProblem):
    """A transfer key came again with another amount or purse."""

    code = "transfer_key_reused"
    title = gettext_noop("This was done before, differently")
    detail = gettext_noop("A transfer with this key exists and differs. Nothing was moved.")


class PurseUnknown(CreditsProblem):
    """There is no such purse."""

    code = "purse_unknown"
    status = 404
    title = gettext_noop("There is no such purse")
    detail = gettext_noop("A purse opens with a user's first order or grant. Nothing was moved.")


class PurseFrozen(CreditsProblem):
    """The audit found the purse's books wrong; a person must look before it pays again."""

    code = "purse_frozen"
    title = gettext_noop("These credits are frozen")
    detail = gettext_noop(
        "The hub's staff must look at this account first. Nothing was created or held."
    )


class BudgetExceeded(CreditsProblem):
    """A budget would not hold."""

    code = "budget_exceeded"
    status = 402
    title = gettext_noop("The budget is used up")
    detail = gettext_noop(
        "The budget of this %(scope)s (%(period)s) is %(limit)s; %(spent)s are spent and this needs %(wanted)s. "
        "Nothing was created or held. It begins anew at: %(resets_at)s."
    )


class ExpiryPast(CreditsProblem):
    """Credits were to be granted that would be dead at once."""

    code = "expiry_past"
    status = 400
    title = gettext_noop("The expiry is over")
    detail = gettext_noop("Name a time to come, or none: then the credits never expire.")


class NotFrozen(CreditsProblem):
    """A purse that is not frozen was to be unfrozen."""

    code = "purse_not_frozen"
    title = gettext_noop("The purse is not frozen")
    detail = gettext_noop("Somebody else may have ended the freeze. Nothing was changed.")
