"""What must happen before Keras is imported: its backend, the processes of a distributed training, the checkpoint file.

A stage calls this package first and then imports `darkroom.training`, whose files import Keras at the top. This package does
not import Keras.
"""
