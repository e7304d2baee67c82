"""The gate between Keras and the ONNX file: parity on tensors and on image files, and checksums."""
