"""Tells in one line that another process of a training is gone. Started by `devices.join`: `python -m pipeline.training.gone`.

JAX ends a process whose training cannot go on from within its C++ code, with twenty lines of stack trace and no way to be asked
before. So what a process of several writes to stderr goes through this reader, to its end, and those lines become one.
"""

import re
import sys

LINE = "another process of this training has ended or cannot be reached; the next run goes on from the last state"
SIGNS = re.compile(r"gloo|nccl|coordination|heartbeat|peer", re.IGNORECASE)  # of it in an error of JAX
FATAL = "Terminating process because the JAX distributed service"
NOISE = re.compile(r"[IWEF]\d{4} [\d:.]+ .*coordination|Additional GRPC error|:UNKNOWN:Error received from peer", re.IGNORECASE)


def main() -> None:
    """Copies stdin to stderr until JAX ends the process."""
    told = False
    for line in sys.stdin:
        told = told or LINE in line
        if FATAL in line:
            if not told:
                print(LINE, file=sys.stderr, flush=True)
            sys.stdin.read()
        elif not NOISE.match(line):
            print(line, end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
