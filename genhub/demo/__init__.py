"""The first visit: what `make demo` does beside starting the hub."""
