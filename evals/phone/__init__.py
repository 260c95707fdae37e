"""Evaluating phone agents."""
