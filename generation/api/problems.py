"""What each kind of door refuses beyond what any door does: for the OpenAPI document."""

from credits.errors import (
    AllowanceSpent,
    BudgetExceeded,
    BudgetSpent,
    ConcurrencyReached,
    InsufficientCredits,
    PurseFrozen,
)
from credits.pricing import PriceTooLarge, PriceUnknown
from generation.errors import AlreadyEnded, MakerOff, NoResult, NotReady, QueueFull
from generation.orders.estimate import CostUnknown
from genhub.platforms.authentication import WrongUser
from storage.uploads import UploadsBusy
from templates.errors import TemplateNotOrderable

# What an order is refused for before anybody asks whether it can be paid.
PRICE = (CostUnknown, PriceTooLarge, PriceUnknown, TemplateNotOrderable, UploadsBusy, WrongUser)
ORDER = (
    *PRICE, BudgetExceeded, BudgetSpent, ConcurrencyReached, InsufficientCredits, PurseFrozen, QueueFull,
    AllowanceSpent,
)  # fmt: skip
# What there must be before anything can be fetched of a task, or goes on from it.
RESULT = (NoResult, NotReady)
CANCEL = (AlreadyEnded,)
FOLLOW = (MakerOff, *RESULT)
