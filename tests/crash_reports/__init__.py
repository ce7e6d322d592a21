"""Errors, told to a Sentry of the tests' own."""
