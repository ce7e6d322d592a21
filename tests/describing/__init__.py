"""What vision models say of pictures."""
