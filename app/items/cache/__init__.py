"""What was made before, within bounds."""
