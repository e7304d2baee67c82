"""From the files of a data set to prepared images: sources, decoding, splits, duplicates, shards."""
