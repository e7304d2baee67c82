"""Evaluation on a split, in NumPy and SciPy: metrics, calibration, and the results of a model's files. No Keras."""
