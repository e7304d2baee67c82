"""The shapes and dtypes of a batch."""

# For each part of a batch: its shape, without the batch dimension, and its dtype.
Shapes = tuple[tuple[tuple[int, ...], str], ...]
