"""Benchmarks: each against a named limit or peer, in one run. `make bench` runs them all."""
