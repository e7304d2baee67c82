"""What a batch looks like."""

Shapes = tuple[
    tuple[tuple[int, ...], str], ...
]  # of each part of a batch the shape, without the batch dimension, and the dtype
