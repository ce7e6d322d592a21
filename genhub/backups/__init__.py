"""All that a hub must keep, in one folder, and a hub made of it again."""
