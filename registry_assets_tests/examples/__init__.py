"""What lies in `examples/`, run as its own page says."""
