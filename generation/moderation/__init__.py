"""What may not be asked for or shown: terms, services that are asked, and what was found."""
