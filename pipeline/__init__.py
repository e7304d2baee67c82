"""The stages, in the order of the data: `python -m pipeline.STAGE`.

fingerprint, download, preprocess, train, export, verify, quantize, publish, evaluate, report
"""

import sys

MOVED = {  # commands that were modules of this package
    "pipeline.predict": "darkroom predict",
    "pipeline.inspect": "darkroom inspect",
    "pipeline.params": "darkroom check",
    "pipeline.why": "darkroom why",
    "pipeline.diverge": "darkroom diverge",
    "pipeline.lr_range": "darkroom lr-finder",
}

if moved := next((name for name in sys.orig_argv[1:3] if name in MOVED), None):
    print(f"python -m {moved} is now `{MOVED[moved]}`", file=sys.stderr)
    sys.exit(2)
