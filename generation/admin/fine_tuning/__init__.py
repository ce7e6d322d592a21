"""Pages of training sets and of the trainings by them."""
