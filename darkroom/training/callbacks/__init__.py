"""Callbacks of Keras, one a file: what a training records, keeps and listens to."""
