"""Settings by environment: base, embedded (one machine, no services), test, production."""
