"""Reading a body: never more bytes than allowed, as sent or as unpacked."""

from __future__ import annotations

import codecs
import re
import zlib
from typing import Protocol

import httpx

from ...errors import FetchRefused

_META_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([a-zA-Z0-9_.:-]{2,40})""", re.IGNORECASE
)
_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]{0,100}encoding\s*=\s*["']([a-zA-Z0-9_.:-]{2,40})["']""")
# Labels that pages use for a larger set than they name (encoding.spec.whatwg.org).
_WIDER = {
    "iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "ascii": "cp1252", "us-ascii": "cp1252",
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "euc-kr": "cp949", "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949", "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
    "windows-31j": "cp932", "big5": "big5hkscs", "utf8": "utf-8", "x-euc-jp": "euc-jp",
}  # fmt: skip
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class _Unpacker(Protocol):  # the object of zlib.decompressobj, whose type has no public name
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


async def read_body(response: httpx.Response, max_bytes: int) -> bytes:
    """Stream a body, unpacking gzip or deflate in bounded steps, so that a bomb stops at the cap.

    Raises:
        FetchRefused: Too large, packed in another way, or damaged.
    """
    declared = response.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes:
        raise _too_large(response, max_bytes)
    unpack = _unpacker(response)
    sent, body = 0, bytearray()
    async for chunk in response.aiter_raw(65536):
        sent += len(chunk)
        try:
            piece = unpack.decompress(chunk, max_bytes + 1 - len(body)) if unpack else chunk
        except zlib.error as error:
            raise FetchRefused(
                f"{str(response.url)!r} sent a damaged body ({error}).", mend="Try again later."
            ) from error
        body += piece
        if sent > max_bytes or len(body) > max_bytes:
            raise _too_large(response, max_bytes)
    if unpack and sent and not unpack.eof:
        raise FetchRefused(f"{str(response.url)!r} sent only part of its body.", mend="Try again later.")
    return bytes(body)


def _unpacker(response: httpx.Response) -> _Unpacker | None:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip", "deflate"):
        return zlib.decompressobj(zlib.MAX_WBITS | 32)  # takes both the gzip and the zlib header
    raise FetchRefused(
        f"{str(response.url)!r} is packed as {encoding!r}, though only gzip was asked for.",
        mend="Choose another source.",
    )


def _too_large(response: httpx.Response, max_bytes: int) -> FetchRefused:
    return FetchRefused(
        f"{str(response.url)!r} is larger than {max_bytes:,} bytes.",
        mend="Raise max_bytes, or save the file and index it as a document.",
    )


def decode(body: bytes, charset: str | None) -> str:
    """Bytes to text: byte order mark, then the header's charset, then the page's own, then UTF-8, then a guess."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body.decode(name, "replace")
    for label in (charset, _declared(body)):
        codec = _codec(label)
        if codec is None:
            continue
        text = body.decode(codec, "replace")
        if text.count("\ufffd") <= len(text) // 50:  # a wrong label shows as a rash of replacement marks
            return text
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return _guess(body)


def _declared(body: bytes) -> str | None:
    found = _XML_ENCODING.search(body[:200]) or _META_CHARSET.search(body[:4096])
    return found[1].decode("ascii") if found else None


def _codec(label: str | None) -> str | None:
    if not label:
        return None
    name = label.strip().strip("\"'").lower()
    try:
        info = codecs.lookup(_WIDER.get(name, name))
    except LookupError:
        return None
    # Python also has codecs that are not character sets (base64, zip): a bomb by another door.
    return info.name if getattr(info, "_is_text_encoding", True) else None


def _guess(body: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(body[:200_000]).best()
    return body.decode(best.encoding if best else "cp1252", "replace")
