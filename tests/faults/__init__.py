"""Faults in real processes; FAULT_COUNT (default small) says how many, `make faults` sets it to the full count."""
