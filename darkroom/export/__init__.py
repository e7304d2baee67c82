"""From Keras to ONNX: calibration, conversion, the canonical form, smaller files, provenance."""
