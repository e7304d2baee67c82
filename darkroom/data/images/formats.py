"""The format of an image file by its first bytes, and the suffixes of each format. Formats have Pillow's names."""

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
UNSUPPORTED = {"HEIC": (".heic", ".heif"), "JPEG XL": (".jxl",)}  # recognised only so that the error can name the format
SUFFIXES = frozenset(suffix for formats in (SUFFIXES_OF, UNSUPPORTED) for group in formats.values() for suffix in group)

SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    *((signature, "TIFF") for signature in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    *((b"P%d" % number, "PPM") for number in range(1, 7)),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
)


def format_of(content: bytes) -> str | None:
    """The format of a file, a key of `SUFFIXES_OF` or `UNSUPPORTED`; None where its first bytes match none of them."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[4:8] == b"ftyp":
        return _format_of_box(content)
    return next((name for signature, name in SIGNATURES if content.startswith(signature)), None)


def misnamed(content: bytes, name: str) -> str | None:
    """`a PNG file named .jpg`; None where the suffix of `name` matches the content, or the format is unknown."""
    image_format, suffix = format_of(content), PurePath(name).suffix.lower()
    if image_format is None or suffix in {**SUFFIXES_OF, **UNSUPPORTED}[image_format]:
        return None
    article = "an" if image_format in ("AVIF", "HEIC") else "a"
    return f"{article} {image_format} file " + (f"named {suffix}" if suffix else "without a suffix")


def _format_of_box(content: bytes) -> str | None:
    """AVIF and HEIC share a container; the brands in its first box tell them apart (ISO/IEC 23008-12, section 10)."""
    length = min(int.from_bytes(content[:4], "big"), 256)
    brands = {content[start : start + 4] for start in (8, *range(16, length, 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    heic = {b"mif1", b"msf1", *(b"hei" + end for end in (b"c", b"x", b"m", b"s")), *(b"hev" + end for end in (b"c", b"x"))}
    return "HEIC" if brands & heic else None
