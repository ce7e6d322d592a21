"""What the doctor finds on good and on broken installations."""
