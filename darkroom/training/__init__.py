"""Keras: networks, optimizers, the input pipeline, `fit` and its callbacks. Call `darkroom.launch.backend.configure` first."""
