"""The tables of an empty database, as all migrations together make them."""
