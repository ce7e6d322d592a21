"""The panel in other people's editors, and before those who look for barriers: `make panel` fetches both."""
