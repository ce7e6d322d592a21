"""The money: purses, transfers and holds. It knows nothing of pictures."""
