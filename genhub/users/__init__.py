"""Staff accounts; end users of platforms are names on purses and tasks, not accounts."""
