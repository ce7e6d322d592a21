"""What pictures show, asked of a vision model once they are delivered: better words than those that rules make."""
