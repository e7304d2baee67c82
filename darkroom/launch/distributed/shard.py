"""The part of every batch that a process feeds to its devices."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shard:
    """The rows of process `process` (from 0) of `processes`, which have `devices` devices in total."""

    process: int = 0
    processes: int = 1
    devices: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes files and prints."""
        return self.process == 0

    def __str__(self) -> str:
        several = f", {self.devices} devices in {self.processes} process{'es' * (self.processes > 1)}"
        return several if self.devices > 1 else ""

    def whole(self, images: int) -> int:
        """The largest number of images, up to `images`, that can be divided evenly among the devices."""
        return images // self.devices * self.devices

    def rows(self, images: int) -> slice:
        """This process's rows of a batch of `images`."""
        size = self.whole(images) // self.processes
        return slice(self.process * size, (self.process + 1) * size)

    def batches(self, images: int, size: int) -> int:
        """The number of batches of at most `size` images; a last batch with fewer images than devices is dropped."""
        return images // size + bool(self.whole(images % size))
