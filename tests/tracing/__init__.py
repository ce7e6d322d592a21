"""Traces of requests, sent to a collector of the tests' own."""
