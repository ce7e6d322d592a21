"""The playground: the panel for staff and developers, beside each request that it sends and the raw answer."""
