"""Inspect tasks and scorers."""
