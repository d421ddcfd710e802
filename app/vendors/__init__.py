"""Surfaces of other products, one folder each: names, times, envelopes and errors (DESIGN.md 1)."""
