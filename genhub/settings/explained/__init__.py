"""Every setting in words: the handbook's table is made of them, and a test holds them to what is read."""

from genhub.settings.explained import engine, places, work

GROUPS = [*places.GROUPS, *engine.GROUPS, *work.GROUPS]
