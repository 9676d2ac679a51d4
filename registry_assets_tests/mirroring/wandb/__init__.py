"""The client of Weights & Biases, and what surrounds it."""
