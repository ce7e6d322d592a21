"""Browser tokens: what an app hands to one end user's browser, short-lived and good for a few origins only."""
