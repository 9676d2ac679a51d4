"""The project as a whole: its boundaries, its files, its lock."""
