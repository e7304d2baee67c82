"""From Keras to ONNX: calibration, conversion, the canonical form, quantized files, provenance."""
