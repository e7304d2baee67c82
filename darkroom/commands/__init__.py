"""The commands of `darkroom`, one per file; `darkroom.__main__` imports only the one that runs."""
