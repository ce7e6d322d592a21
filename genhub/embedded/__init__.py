"""Real servers from wheels, run as child processes of `manage.py up`."""
