"""From files to pixels: sources, readers, the one image path, splits, shards."""
