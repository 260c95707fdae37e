"""One role each: its prompt, its structured output, its parser and its fallback."""
