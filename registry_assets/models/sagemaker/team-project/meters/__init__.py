"""The meters team's model: its data, its features and training, and its declaration."""
