"""Small tools that know nothing of the apps above them."""
