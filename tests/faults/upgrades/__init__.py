"""An older release before this one, and put back after it: nothing that anybody entered is lost on either way."""
