"""What must happen before Keras is imported: its backend, the processes of a distributed training, the checkpoint file.

A stage calls this package first and imports `darkroom.training` afterwards, whose files import Keras at the top. There is no
Keras in it.
"""
