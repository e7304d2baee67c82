"""What kind of file some bytes are, by their first ones, and which suffixes go with it. Names of kinds are Pillow's."""

from pathlib import PurePath

SUFFIXES_OF = {
    "JPEG": (".jpg", ".jfif", ".jpe", ".jpeg"),
    "PNG": (".png", ".apng"),
    "GIF": (".gif",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "AVIF": (".avif",),
    "JPEG2000": (".jp2", ".j2k"),
    "PPM": (".pbm", ".pgm", ".pnm", ".ppm"),
}
REFUSED = {"HEIC": (".heic", ".heif"), "JPEG XL": (".jxl",)}  # pictures without a decoder here: listed, so that this is said
SUFFIXES = frozenset(suffix for kind in (SUFFIXES_OF, REFUSED) for suffixes in kind.values() for suffix in suffixes)

BEGINNINGS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    *((begins, "TIFF") for begins in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    *((b"P%d" % number, "PPM") for number in range(1, 7)),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
)


def kind_of(content: bytes) -> str | None:
    """A key of `SUFFIXES_OF` or `REFUSED`; None where the bytes are no picture that is known here."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[4:8] == b"ftyp":
        return _of_box(content)
    return next((kind for begins, kind in BEGINNINGS if content.startswith(begins)), None)


def misnamed(content: bytes, name: str) -> str | None:
    """`a PNG file named .jpg`; None where the suffix of `name` and the content agree, or the content is no known picture."""
    kind, suffix = kind_of(content), PurePath(name).suffix.lower()
    if kind is None or suffix in {**SUFFIXES_OF, **REFUSED}[kind]:
        return None
    article = "an" if kind in ("AVIF", "HEIC") else "a"
    return f"{article} {kind} file " + (f"named {suffix}" if suffix else "without a suffix")


def _of_box(content: bytes) -> str | None:
    """AVIF and HEIC share a container: the brands that it begins with tell them apart (ISO/IEC 23008-12, section 10)."""
    length = min(int.from_bytes(content[:4], "big"), 256)
    brands = {content[start : start + 4] for start in (8, *range(16, length, 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    heic = {b"mif1", b"msf1", *(b"hei" + end for end in (b"c", b"x", b"m", b"s")), *(b"hev" + end for end in (b"c", b"x"))}
    return "HEIC" if brands & heic else None
