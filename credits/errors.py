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
