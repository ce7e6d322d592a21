"""The promises of the house, kept by real servers."""
