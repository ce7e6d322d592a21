"""What the admin pages of every app share; it knows none of them."""
