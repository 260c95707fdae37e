"""Task templates, one file an app."""
