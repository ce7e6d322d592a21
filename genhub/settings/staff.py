"""How staff sign in."""

from genhub.settings.parts import at_least, one_of

__all__ = ["LOGIN_TRIES", "LOGIN_WINDOW_SECONDS", "SECOND_STEP_REQUIRED", "WRONG_KEYS_PER_MINUTE"]

# Wrong tries to sign in within so long of the first, and wrong API keys of an address a minute (0: any number).
LOGIN_TRIES = at_least("LOGIN_TRIES", 5, 1, 1000)
LOGIN_WINDOW_SECONDS = at_least("LOGIN_WINDOW_SECONDS", 900, 1, 86_400)
WRONG_KEYS_PER_MINUTE = at_least("WRONG_KEYS_PER_MINUTE", 60, 0)
# Whether all staff, not only those who set it up, are asked for a code of their phone after the password.
SECOND_STEP_REQUIRED = one_of("STAFF_SECOND_STEP", "optional", "required") == "required"
