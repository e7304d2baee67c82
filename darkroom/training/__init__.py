"""Keras: networks, optimizers, batches, determinism, the canonical archive. TensorFlow is imported here, inside functions."""
