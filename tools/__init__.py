"""Everything that touches the world: search, corpora, files, SQL."""
