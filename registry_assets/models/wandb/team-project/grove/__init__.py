"""The grove team's model: its data, its features and training, and its declaration."""
