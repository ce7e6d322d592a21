"""The doors of the files: pictures in."""
