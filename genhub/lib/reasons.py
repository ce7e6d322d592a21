"""How long a reason that staff give must be, for forms and services alike."""

SHORTEST_REASON = 10
LONGEST_REASON = 500
