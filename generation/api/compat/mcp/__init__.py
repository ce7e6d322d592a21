"""`/mcp`: the hub's API as tools of an assistant (Model Context Protocol)."""
