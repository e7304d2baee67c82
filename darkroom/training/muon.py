"""Muon: the optimizer of keras.optimizers, extended to convolution kernels."""

import re
from typing import Any

import keras
from keras import ops


class Muon(keras.optimizers.Muon):
    """keras.optimizers.Muon that also orthogonalises the updates of convolution kernels, each reshaped to a matrix.

    Keras's own version leaves every kernel that is not a matrix to AdamW: in a convolutional network, all but the last layers.
    Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024), flatten a kernel to (height x width x
    inputs) x outputs. AdamW updates the variables that are not in `matrices` (biases, norms, depthwise kernels, the logits), at
    the learning rate times `adam_lr_ratio`.
    """

    matrices: frozenset[str] = frozenset()  # the paths of the variables to orthogonalise

    def _should_use_adamw(self, variable: Any) -> bool:
        excluded = any(re.search(keyword, variable.path) for keyword in self.exclude_layers)
        return excluded or variable.path not in self.matrices

    def _muon_update_step(self, gradient: Any, variable: Any, lr: Any, m: Any) -> None:
        self.assign_add(m, ops.add(gradient, m * (self.momentum - 1)))
        ahead = ops.add(gradient, self.momentum * m) if self.nesterov else m
        matrix = ops.reshape(ahead, (-1, variable.shape[-1]))
        update = self.zeropower_via_newtonschulz5(matrix, self.ns_steps)
        self.assign_sub(variable, ops.reshape(self.lr_adjust(lr * update), variable.shape))
