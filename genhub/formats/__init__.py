"""How times stand on pages: the same, to the second, in every language."""
