"""Keras: networks, optimizers, the input pipeline, `fit` and its callbacks. Import it after `darkroom.launch`."""
