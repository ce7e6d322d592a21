"""Edits of stored pictures: crop, colour, text, logo; one decode and one encode, in a process that may die of them."""
