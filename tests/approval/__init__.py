"""Pictures that are published only once staff approved them."""
