"""The loan approval model: its data, its features and training, and its declaration."""
