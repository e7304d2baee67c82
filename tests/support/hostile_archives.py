"""Hostile and damaged archives, as bytes, each with the expected error line."""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import warnings
import zipfile
import zlib

Zipped = tuple[str, bytes] | tuple[str, bytes, int]
A = ("a", b"apple")
TREE = [("a.bin", b"apple" * 99), ("ä/b c\n.png", bytes(range(256)) * 9), ("empty/", b""), ("d/e/f", b"")]
NO_ARCHIVE = "neither a zip nor a tar (plain, or compressed with gzip, bzip2 or xz)"
LOST = "damaged or truncated (its end is missing)"
NO_END = "damaged or truncated (Compressed file ended before the end-of-stream marker was reached)"


def zipped(*members: Zipped, method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of (name, content, mode of a Unix file: 0 if left out)."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two of one name
        for name, content, *mode in members:
            info = zipfile.ZipInfo("?")
            info.filename, info.compress_type, info.external_attr = name, method, sum(mode) << 16
            archive.writestr(info, content)
    return stream.getvalue()


def tarred(
    *members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE, mode: str = "w", layout: int = tarfile.PAX_FORMAT
) -> bytes:
    """A tar of (name, content), all of one kind; a name that ends in `/` is a folder."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode, format=layout) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = tarfile.DIRTYPE if name[-1:] == "/" else kind, len(content), "../victim"
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def header(name: bytes, size: int, kind: bytes = b"0", content: bytes = b"", layout: int = tarfile.GNU_FORMAT) -> bytes:
    """One member of a tar, without the blocks that end the archive."""
    info = tarfile.TarInfo(name.decode())
    info.size, info.type = size, kind
    return info.tobuf(layout) + content + bytes(-len(content) % 512)


def patched(content: bytes, signature: bytes, offset: int, new: bytes, nth: int = 0) -> bytes:
    """`content` with `new` written `offset` bytes after the start of the nth `signature`."""
    at = -1
    for _ in range(nth + 1):
        at = content.index(signature, at + 1)
    return content[: at + offset] + new + content[at + offset + len(new) :]


LOCAL, LISTED, END = b"PK\3\4", b"PK\1\2", bytes(1024)
TWO = zipped(A, ("b", b"pear"))
ZEROS = zipped(("a", bytes(1000)), method=zipfile.ZIP_DEFLATED)
SHORT = patched(patched(ZEROS, LISTED, 24, struct.pack("<I", 10)), LISTED, 16, struct.pack("<I", zlib.crc32(bytes(11))))
WHOLE = tarred(A)
SPARSE = header(b"x", 44, b"x", b"22 GNU.sparse.size=10\n22 GNU.sparse.map=0,1\n")

ZIPS = {
    "climbs": (zipped(A, ("x/../../victim", b"")), "the name 'x/../../victim' leads out of the folder"),
    "absolute": (zipped(("/victim", b"")), "the name '/victim' leads out of the folder"),
    "drive": (zipped(("C:/victim", b"")), "the name 'C:/victim' leads out of the folder"),
    "backslash": (zipped(("..\\victim", b"")), r"the name '..\\victim' holds a backslash; pack it with / between folders"),
    "NUL byte": (zipped(("a\0.png", b"")), r"the name 'a\x00.png' holds a NUL byte"),
    "no name": (zipped((".", b"")), "holds a member without a name"),
    "many folders": (zipped(("d/" * 100 + "a", b"")), f"the name '{'d/' * 20}'... is 101 folders deep, the limit is 100"),
    "not UTF-8": (
        patched(patched(zipped(("ä", b"")), LOCAL, 30, b"\xff"), LISTED, 46, b"\xff"),
        "damaged or truncated ('utf-8' codec can't decode byte 0xff in position 0: invalid start byte)",
    ),
    "link": (zipped(("a", b"../victim", stat.S_IFLNK)), "holds a link ('a'); pack the files themselves"),
    "pipe": (zipped(("a", b"", stat.S_IFIFO)), "holds 'a', which is neither a file nor a folder"),
    "folder with content": (zipped(("a/", b"x")), "'a/' is a folder but has content"),
    "twice": (zipped(A, ("./a", b"")), "holds two files named 'a'"),
    "file and folder": (zipped(A, ("a/b", b"")), "holds 'a' as a file and as a folder"),
    "folder and file": (zipped(("a/b/c", b""), A), "holds 'a' as a file and as a folder"),
    "password": (patched(TWO, LISTED, 8, b"\1", nth=1), "'b' is encrypted; pack it without a password"),
    "bzip2": (
        zipped(A, method=zipfile.ZIP_BZIP2),
        "'a' is compressed with method 12, which is not supported; pack it with deflate",
    ),
    "newer": (patched(TWO, LISTED, 6, b"\x5b"), "cannot be read (zip file version 9.1)"),
    "same bytes": (patched(TWO, LISTED, 42, bytes(4), nth=1), "'a' overlaps another member, as in a zip bomb"),
    "quoted": (patched(TWO, LISTED, 20, b"\x20\0\0\0\x20\0\0\0"), "'a' overlaps another member, as in a zip bomb"),
    "says less": (SHORT, "'a': damaged or truncated (its size is not the 10 bytes stated in its header)"),
    "says more": (
        patched(ZEROS, LISTED, 24, struct.pack("<I", 2000)),
        "'a': damaged or truncated (its size is not the 2,000 bytes stated in its header)",
    ),
    "swallowed by a length": (patched(TWO, LISTED, 32, b"\x2f"), "damaged or truncated (it lists 1 of 2 members)"),
    "other name": (
        patched(TWO, LISTED, 46, b"c"),
        "'c': damaged or truncated (File name in directory 'c' and header b'a' differ.)",
    ),
    "changed": (patched(TWO, b"pear", 1, b"o"), "'b': damaged or truncated (Bad CRC-32 for file 'b')"),
    "cut": (TWO[:-1], "damaged or truncated (File is not a zip file)"),
}
TARS = {
    "climbs": (tarred(A, ("../victim", b"")), "the name '../victim' leads out of the folder"),
    "absolute": (tarred(("/victim", b"")), "the name '/victim' leads out of the folder"),
    "no name": (tarred(("", b"")), "holds a member without a name"),
    "NUL byte": (header(b"x", 12, b"x", b"12 path=a\0b\n") + WHOLE, r"the name 'a\x00b' holds a NUL byte"),
    "not UTF-8": (tarred(("\udce4", b""), layout=tarfile.GNU_FORMAT), r"the name '\udce4' is not UTF-8"),
    "link": (tarred(("a", b""), kind=tarfile.SYMTYPE), "holds a link ('a'); pack the files themselves"),
    "hard link": (tarred(("a", b""), kind=tarfile.LNKTYPE), "holds a link ('a'); pack the files themselves"),
    "device": (tarred(("a", b""), kind=tarfile.CHRTYPE), "holds 'a', which is neither a file nor a folder"),
    "pipe": (tarred(("a", b""), kind=tarfile.FIFOTYPE), "holds 'a', which is neither a file nor a folder"),
    "sparse": (tarred(A, kind=tarfile.GNUTYPE_SPARSE), "holds 'a', which is neither a file nor a folder"),
    "endless": (header(b"x", 9, b"g", b"9 size=0\n") + header(b"a", 2**80), LOST),
    "sparse and cut": (
        header(b"1" * 138 + b"/n", 0, b"S", layout=tarfile.USTAR_FORMAT),
        "holds 'n', which is neither a file nor a folder",
    ),
    "sparse by name": (SPARSE + WHOLE, "holds 'a', which is neither a file nor a folder"),
    "bomb": (
        header(b"a", 2**33 - 1),
        "unpacks to more than 1,073,741,824 bytes, like a decompression bomb; if you trust it, unpack it yourself",
    ),
    "negative": (header(b"a", -512) + END, "damaged or truncated ('a' has -512 bytes)"),
    "absurd": (header(b"a", 2**29) + b"apple", "'a': damaged or truncated (unexpected end of data)"),
    "long header": (header(b"x", 2**15, b"x", b"1" * 2**15), "holds a header of 32,768 bytes, the limit is 16,384"),
    "twice": (tarred(A, A), "holds two files named 'a'"),
    "file and folder": (tarred(A, ("a/b", b"")), "holds 'a' as a file and as a folder"),
    "folder and file": (tarred(("a/", b""), A), "holds 'a' as a file and as a folder"),
    "bad header": (patched(tarred(A, ("b", b"")), b"b\0\0", 9, b"x"), "damaged or truncated (a header is damaged)"),
    "two in one": (WHOLE + WHOLE, "has data after its end; is it two archives in one?"),
    "cut in a file": (tarred(("a", bytes(2000)))[:1500], "'a': damaged or truncated (unexpected end of data)"),
    "cut after a file": (WHOLE[:1024], LOST),
    "cut gzip": (gzip.compress(WHOLE, mtime=0)[:-9], NO_END),
    "cut bzip2": (bz2.compress(WHOLE)[:-4], NO_END),
    "cut xz": (lzma.compress(WHOLE)[:-12], NO_END),
    "changed gzip": (
        gzip.compress(WHOLE, mtime=0)[:-8] + bytes(4) + gzip.compress(WHOLE)[-4:],
        f"damaged or truncated (CRC check failed 0x0 != {zlib.crc32(WHOLE):#x})",
    ),
    "changed bzip2": (patched(bz2.compress(WHOLE), b"1AY&SY", 6, bytes(4)), "damaged or truncated (Invalid data stream)"),
    "changed xz": (patched(lzma.compress(WHOLE), b"YZ", -9, b"\xff"), "damaged or truncated (Corrupt input data)"),
    "no tar in it": (gzip.compress(b"not a tar, but quite long" * 99), NO_ARCHIVE),
    "a page": (b"<!doctype html><title>404</title>", NO_ARCHIVE),
    "nothing": (b"", "the file is empty"),
}
