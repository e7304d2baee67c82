"""A small params.yaml, and parts of it that tests replace."""

PARAMS = """\
seed: 0
dataset: data/catalog/digits.yaml
image: {height: 8, width: 8, channels: 1, shape: stretch, interpolation: area, background: [0, 0, 0], max_pixels: 100_000_000}
preprocess: {validation: 0.1, test: 0.2, transforms: [], refused: 0.05, duplicates: {policy: report, similarity: null}, workers: 1, executor: processes}
training: {backend: tensorflow, precision: float32, deterministic: true, workers: 1, checkpoint_steps: null}
models:
  tiny:
    layers:
      - Conv2D: {filters: 8, kernel_size: 3}
      - Flatten
    augment: [HorizontalFlip: {p: 0.5}]
    fit:
      epochs: 3
      batch_size: 32
      optimizer: {Adam: {learning_rate: {CosineDecay: {initial_learning_rate: 0.01, decay_steps: 3 epochs}}}}
      warmup: null
      loss: CategoricalCrossentropy
      class_weight: null
      callbacks: [EarlyStopping: {monitor: val_loss, patience: 2}]
    flip_averaging: false
export: {opset: 18, calibrate: true, error_rate: 0.05}
verify: {largest_difference: 1.0e-5, flips: 0, images: 40, files: 4}
quantize: {forms: [int8], images: 64, largest_drop: 0.05}
evaluate: {confidence: 0.95}
report: {mistakes: 4}
"""
LAYERS = "    layers:\n      - Conv2D: {filters: 8, kernel_size: 3}\n      - Flatten\n"
RATE = "Adam: {learning_rate: {CosineDecay: {initial_learning_rate: 0.01, decay_steps: 3 epochs}}}"
