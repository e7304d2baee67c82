"""Labelled images in, a proven ONNX classifier out."""
