"""What brings photos back, gives them to whom they belong, and erases them: all stand on one index."""
