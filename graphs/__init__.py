"""State machines: state, nodes and edges, no prompt text and no I/O."""
