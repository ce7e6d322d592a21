"""What each kind of door refuses beyond what any door does: for the OpenAPI document."""

from credits.errors import (
    AllowanceSpent,
    BudgetExceeded,
    BudgetSpent,
    ConcurrencyReached,
    InsufficientCredits,
    PurseErased,
    PurseFrozen,
    UserStopped,
)
from credits.pricing import PriceTooLarge, PriceUnknown
from generation import failures
from generation.errors import (
    AlreadyEnded,
    AppealMade,
    MakerOff,
    ModerationUnavailable,
    NoResult,
    NotCached,
    NothingWithheld,
    NotReady,
    PromptRefused,
    QueueFull,
)
from generation.orders.estimate import CostUnknown
from genhub.platforms.authentication import WrongUser
from storage.edits.wording import NotAPicture
from storage.uploads import UploadsBusy
from storage.usage import StorageFull
from templates.errors import TemplateNotOrderable

# What an order is refused for before anybody asks whether it can be paid.
PRICE = (
    CostUnknown, NotCached, PriceTooLarge, PriceUnknown, PromptRefused, TemplateNotOrderable, UploadsBusy, WrongUser,
)  # fmt: skip
ORDER = (
    *PRICE, BudgetExceeded, BudgetSpent, ConcurrencyReached, InsufficientCredits, ModerationUnavailable, PurseErased,
    PurseFrozen, QueueFull, AllowanceSpent, StorageFull, UserStopped,
)  # fmt: skip
# An edit costs nothing unless a price rule names it.
EDIT_PRICE = (NotAPicture, PriceTooLarge, WrongUser)
EDIT = (
    *EDIT_PRICE, AllowanceSpent, BudgetExceeded, BudgetSpent, ConcurrencyReached, InsufficientCredits, PurseErased,
    PurseFrozen, StorageFull, UploadsBusy, UserStopped,
)  # fmt: skip
# What there must be before anything can be fetched of a task, or goes on from it.
RESULT = (NoResult, NotReady)
CANCEL = (AlreadyEnded,)
# Why a task itself failed: doors that wait for its end refuse so.
FAILED = tuple(
    kind
    for kind in vars(failures).values()
    if isinstance(kind, type) and issubclass(kind, failures.TaskFailure)
)
FOLLOW = (MakerOff, *RESULT)
APPEAL = (AppealMade, NothingWithheld)
