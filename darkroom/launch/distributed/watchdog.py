"""Reports the loss of another process of a training in one line: `python -m darkroom.launch.distributed.watchdog`.

Reads the stderr of a training process from stdin; writes it to stderr. When a training cannot continue, JAX ends the process
from its C++ code, with twenty lines of stack trace and no hook. The watchdog replaces those lines with one.
"""

import re
import sys

LOST = (
    "another process of this training has ended or cannot be reached; "
    "the next run resumes from the last checkpoint, if there is one"
)
NOT_CONNECTED = (
    "not all processes of this training connected in time, or two of them have the same number; start all of them again"
)
CONNECTED = "all processes of this training are connected"
SIGNS_OF_LOSS = re.compile(r"gloo|nccl|coordination|heartbeat|peer", re.IGNORECASE)  # in JAX's error if a process is lost
FATAL = "Terminating process because the JAX distributed service"
NOISE = re.compile(r"[IWEF]\d{4} [\d:.]+ .*coordination|Additional GRPC error|:UNKNOWN:Error received from peer", re.IGNORECASE)


def main() -> None:
    """Copies stdin to stderr until JAX ends the process."""
    reported = connected = False
    for line in sys.stdin:
        reported = reported or LOST in line
        if line.strip() == CONNECTED:
            connected = True
            continue
        if FATAL in line:
            if not reported:
                print(LOST if connected else NOT_CONNECTED, file=sys.stderr, flush=True)
            sys.stdin.read()
        elif not NOISE.match(line):
            print(line, end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
