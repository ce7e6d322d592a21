"""Tags and filters of the hub's pages."""
