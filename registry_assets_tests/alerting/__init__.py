"""What an alert says to each reader, and that it gets there, or is not said to have."""
