"""The commands of `darkroom`, one a file; `darkroom.__main__` imports the one that is asked for."""
