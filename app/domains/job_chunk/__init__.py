"""Chunks of long jobs, as far as the app touches them; the engine in `workers` owns the rest."""
