"""What staff do with training sets and trainings; `life.trainings` writes how far a training is."""
