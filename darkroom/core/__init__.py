"""What every other package stands on: errors, the workspace, atomic writes, the image policy, transforms, DVC's files."""
