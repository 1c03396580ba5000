"""Benchmarks: the host and the handler against what a user would otherwise pick, both sides in one run."""
