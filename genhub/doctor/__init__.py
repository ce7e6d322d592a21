"""What is wrong with an installation, found by trying, and how to mend it: `manage.py doctor`."""
