"""The web server before real clients: slow ones, odd ones and many."""
