"""All that a finished model needs: onnxruntime's session, the metadata in the ONNX file, the Classifier."""
