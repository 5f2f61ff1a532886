"""Benchmarks: print ratios against a baseline of the same run, never fixed times."""
