"""What predicts demand: one file for each way of doing it, and one that chooses."""
