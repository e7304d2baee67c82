"""Darkroom: labelled images in, a proven ONNX classifier out.

The stages, in reading order: download, preprocess, train, export, verify, evaluate, report.
"""
