"""Hexadecimal checksums: SHA-256 for our own records, MD5 where DVC or a publisher uses it."""

import hashlib
from pathlib import Path


def sha256(content: bytes) -> str:
    """The SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def md5(content: bytes) -> str:
    """The MD5 of bytes, as DVC computes it."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def of_file(path: Path, algorithm: str = "sha256") -> str:
    """The checksum of a file, read in chunks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()
