"""The tree becomes one SQL statement whose result is the finished JSON."""
