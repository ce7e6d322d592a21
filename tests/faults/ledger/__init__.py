"""Faults and races of money: small counts in `make test`, full counts in `make faults SET=ledger`."""
