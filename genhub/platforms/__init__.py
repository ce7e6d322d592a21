"""The apps that call the hub, and their keys."""
