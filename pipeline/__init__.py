"""The stages, in the order of the data: `python -m pipeline.STAGE`.

fingerprint, download, preprocess, train, export, verify, quantize, publish, evaluate, report
"""

import sys
from itertools import pairwise

MOVED = {  # commands that were modules of this package
    "pipeline.predict": "darkroom predict",
    "pipeline.inspect": "darkroom inspect",
    "pipeline.params": "darkroom check",
    "pipeline.why": "darkroom why",
    "pipeline.diverge": "darkroom diverge",
    "pipeline.lr_range": "darkroom lr-finder",
}

if moved := next((name for flag, name in pairwise(sys.orig_argv) if flag == "-m" and name in MOVED), None):
    print(f"python -m {moved} is now `{MOVED[moved]}`", file=sys.stderr)
    sys.exit(2)
