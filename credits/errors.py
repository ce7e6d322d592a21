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


class UserStopped(CreditsProblem):
    """Staff stopped the user."""

    code = "user_stopped"
    status = 403
    title = gettext_noop("This user may order nothing new")
    detail = gettext_noop(
        "The hub's staff stopped this user. Nothing was created or held; what there is can still be read. Ask the "
        "hub's staff."
    )


class StoppedBefore(CreditsProblem):
    """A user who is stopped was to be stopped."""

    code = "stopped_before"
    title = gettext_noop("This user is stopped already")
    detail = gettext_noop("Somebody else may have done it. Nothing was changed.")


class NotStopped(CreditsProblem):
    """A user who is not stopped was to be allowed again."""

    code = "not_stopped"
    title = gettext_noop("This user is not stopped")
    detail = gettext_noop("Somebody else may have allowed them. Nothing was changed.")


class PurseErased(CreditsProblem):
    """The user's data was deleted at this very moment: the name begins anew, with another purse."""

    code = "purse_erased"
    status = 409
    title = gettext_noop("This user's data has just been deleted")
    detail = gettext_noop(
        "Nothing was created or held. Send it again: the user then begins anew, without credits."
    )


class BudgetExceeded(CreditsProblem):
    """A budget would not hold in its window."""

    code = "budget_exceeded"
    status = 402
    title = gettext_noop("The budget is used up")
    detail = gettext_noop(
        "This %(scope)s may spend %(limit)s credits per %(period)s; %(spent)s are spent and this needs %(wanted)s. "
        "Nothing was created or held. The budget begins anew at %(resets_at)s."
    )


class BudgetSpent(BudgetExceeded):
    """A budget that never begins anew would not hold."""

    code = "budget_spent"
    detail = gettext_noop(
        "This %(scope)s may spend %(limit)s credits in total; %(spent)s are spent and this needs %(wanted)s. "
        "Nothing was created or held. The hub's staff can raise the budget."
    )


class ConcurrencyReached(BudgetExceeded):
    """As many tasks are under way as the budget allows."""

    code = "concurrency_reached"
    status = 429
    title = gettext_noop("Too many tasks at the same time")
    detail = gettext_noop(
        "This %(scope)s may have %(limit)s tasks under way; %(spent)s are, and this adds %(wanted)s. "
        "Nothing was created or held. Send it again when one of them has ended."
    )


class AllowanceSpent(CreditsProblem):
    """What a browser token may hold is held or spent."""

    code = "token_credits_spent"
    status = 402
    title = gettext_noop("The browser token's credits are used up")
    detail = gettext_noop(
        "Its orders may hold %(limit)s credits in all; %(spent)s are held or spent and this needs %(wanted)s. "
        "Nothing was created or held. Ask your app's server for a new token."
    )


# Values of the refusals above, worded with them.
BUDGET_WORDS = (
    gettext_noop("purse"), gettext_noop("hour"), gettext_noop("day"), gettext_noop("month"),
)  # fmt: skip


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


class BooksMoved(CreditsProblem):
    """Credits moved between a person's look at the books and what the person stated."""

    code = "books_moved"
    title = gettext_noop("Credits moved meanwhile")
    detail = gettext_noop(
        "They moved after you opened this page. Look at the figures again. Nothing was changed."
    )


class OwnGrant(CreditsProblem):
    """A person decides about credits that this person asked to move."""

    code = "own_grant"
    status = 403
    title = gettext_noop("A second person must decide")
    detail = gettext_noop("You asked for this yourself. Nothing was changed.")


class GrantDecided(CreditsProblem):
    """The request does not wait any more."""

    code = "grant_decided"
    title = gettext_noop("This was decided before")
    detail = gettext_noop("Somebody approved or rejected it meanwhile. Nothing was changed.")
