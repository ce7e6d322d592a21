"""What the ledger promises, in as few words as possible: the model that the real one is held against. Time in days."""

from dataclasses import dataclass, field

GRACE_DAYS = 30
NEVER = 10**9


@dataclass
class PlainHold:
    amount: int
    # (expiry, credits) as taken, the earliest expiring first; NEVER is what no lot covers.
    parts: list[list[int]]
    captured: list[list[int]] = field(default_factory=list)
    refunded: int = 0
    overrun: int = 0
    is_open: bool = True

    @property
    def total_captured(self) -> int:
        return sum(credits for _, credits in self.captured) + self.refunded


@dataclass
class PlainBook:
    today: int = 0
    # Free credits by the day they expire.
    lots: dict[int, int] = field(default_factory=lambda: {NEVER: 0})
    holds: list[PlainHold] = field(default_factory=list)

    @property
    def available(self) -> int:
        return sum(self.lots.values())

    @property
    def held(self) -> int:
        return sum(hold.amount for hold in self.holds if hold.is_open)

    def put(self, day: int, credits: int) -> None:
        self.lots[day] = self.lots.get(day, 0) + credits

    def expire(self) -> None:
        self.lots = {day: credits for day, credits in self.lots.items() if day > self.today}

    def hold(self, amount: int) -> bool:
        if amount > sum(credits for day, credits in self.lots.items() if day > self.today):
            return False
        self.expire()
        self.holds.append(PlainHold(amount, take(self.lots, sorted(self.lots), amount)))
        return True

    def settle(self, number: int, due: int) -> bool:
        hold = self.holds[number]
        if not hold.is_open:
            return False
        hold.is_open, hold.overrun = False, max(due - hold.amount, 0)
        left = min(due, hold.amount)
        for day, credits in hold.parts:
            captured = min(credits, left)
            left -= captured
            hold.captured.append([day, captured])
            self.put(day, credits - captured)
        if any(day != NEVER for day, _ in hold.parts):
            self.expire()
        return True

    def refund(self, number: int, amount: int) -> bool:
        hold = self.holds[number]
        if amount > sum(credits for _, credits in hold.captured):
            return False
        for part in reversed(hold.captured):
            day, credits = part
            back = min(credits, amount)
            amount -= back
            part[1] -= back
            hold.refunded += back
            if back:
                self.put(day if day > self.today else self.today + GRACE_DAYS, back)
        return True

    def adjust(self, amount: int) -> bool:
        if -amount > self.available:
            return False
        if amount >= 0:
            self.put(NEVER, amount)
        else:
            take(self.lots, sorted(self.lots, reverse=True), -amount)
        return True


def take(lots: dict[int, int], days: list[int], amount: int) -> list[list[int]]:
    """Take credits out of lots in this order and return what was taken of each."""
    taken = []
    for day in days:
        part = min(lots[day], amount)
        amount -= part
        lots[day] -= part
        if part:
            taken.append([day, part])
    return taken
