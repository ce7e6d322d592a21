"""How much an API key may ask, and how it changes."""

from genhub.settings.parts import at_least

# Requests a minute, unless the key or its platform's plan says otherwise; 0: any number. Far above what an app needs
# that is well, and what no hub should take from one that is not.
KEY_RATES = {
    "reads": at_least("KEY_READS_PER_MINUTE", 6000, 0),
    "writes": at_least("KEY_WRITES_PER_MINUTE", 1200, 0),
}
# So long both secrets of a rotated key work, unless who rotates it says otherwise.
LONGEST_OVERLAP_HOURS = 720
KEY_OVERLAP_HOURS = at_least("KEY_OVERLAP_HOURS", 24, 0, LONGEST_OVERLAP_HOURS)
# What browser tokens spent: platforms themselves know no credits.
TOKEN_SPENDING = "credits.allowances.read_used"
