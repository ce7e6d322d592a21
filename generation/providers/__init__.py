"""Adapters: each gets a spec, returns a value, raises a ProviderError. They save nothing, sleep never, retry never."""
