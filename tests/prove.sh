#!/usr/bin/env bash
# Same bytes: two fresh clones of HEAD run every stage by force; each must end with HEAD's own dvc.lock and a clean tree.
# In the second one the training of `cnn` is killed first, again and again: in its first epoch, in the middle of writing a
# checkpoint, in its last epoch; it must then have gone on, not begun anew. The folder of a clone that fails is kept, and named.
set -euo pipefail
root=$(git rev-parse --show-toplevel)
work=$(mktemp -d)

killed() {  # MOMENT, as tests/kill.py has it; 137 is what a shell makes of SIGKILL
    local code=0
    python -m tests.support.kill cnn "$1" | tee "$work/log" || code=$?
    [ "$code" = 137 ] || { echo "killing at $1 gave exit code $code; see $work" >&2; exit 1; }
    echo "killed at $1"
}

resumed() {  # EPOCH: the run in the log went on in it
    grep -q "^cnn: resumes in epoch $1\$" "$work/log" || { echo "it did not resume in epoch $1; see $work" >&2; exit 1; }
}

for clone in a b; do
    git clone --quiet "$root" "$work/$clone"
    cd "$work/$clone"
    if [ "$clone" = b ]; then
        dvc repro --force preprocess
        killed 0.100
        killed write.1
        killed 6.300
        resumed 2
    fi
    echo "clone $clone: every stage"
    dvc repro --force | tee "$work/log"
    [ "$clone" = a ] || resumed 7
    git -C "$root" show HEAD:dvc.lock | cmp - dvc.lock || { echo "clone $clone: another dvc.lock; see $work" >&2; exit 1; }
    changed=$(git status --porcelain)
    [ -z "$changed" ] || { echo "clone $clone: $changed; see $work" >&2; exit 1; }
    echo "clone $clone: the committed dvc.lock, a clean tree"
done
rm -rf "$work"
echo "proved: two clones, every stage forced, one of them killed three times: the committed dvc.lock both times"
