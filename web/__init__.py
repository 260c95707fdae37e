"""Run manager, API and page."""
