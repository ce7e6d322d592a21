#!/usr/bin/env python
"""The hub's command line: `manage.py help` lists every command."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "genhub.settings.embedded")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # A wrong setting is the operator's to mend: the sentence names it, a trace would hide it.
        sys.exit(f"! {error}")
