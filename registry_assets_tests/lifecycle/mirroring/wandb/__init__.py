"""What goes to Weights & Biases and comes from there, shown against a double by its real client."""
