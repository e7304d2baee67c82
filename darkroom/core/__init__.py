"""What every other package builds on: errors, the workspace, atomic writes, the image policy, transforms, DVC's files."""
