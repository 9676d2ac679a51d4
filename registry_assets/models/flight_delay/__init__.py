"""The flight delay model: its data, its features and training, and its declaration."""
