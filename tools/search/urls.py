"""When two addresses are the same source."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

_TRACKING = re.compile(
    r"utm_.*|gclid|gclsrc|dclid|fbclid|msclkid|yclid|twclid|igshid|mc_(?:cid|eid)|_ga|_gl|ref_src|ref_url|spm|"
    r"wt_mc|s_cid|cmpid|ncid|vero_id|oly_(?:anon|enc)_id|hsa_.*|mkt_tok|si",
    re.IGNORECASE,
)
_ARXIV = re.compile(
    r"/(?:abs|pdf|html)/((?:[a-z-]+(?:\.[a-z]{2})?/)?\d[\d.]+)(?:v\d+)?(?:\.pdf)?$", re.IGNORECASE
)
_ARXIV_DOI = re.compile(r"/10\.48550/arxiv\.(\d[\d.]+)$", re.IGNORECASE)


def canonical_url(url: str) -> str:
    """One spelling per source: no scheme, `www.`, port, fragment, tracking or order of parameters.

    arXiv's abs, pdf and html pages of all versions are one, and so is the paper's DOI. Only for comparing; addresses
    that are not http stay whole, since the fragment of a `doc:` address can be a passage.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return url
    host = re.sub(r"^(?:www|m|mobile|export|dx)\.", "", parts.hostname.rstrip("."))
    path = unquote(parts.path).rstrip("/")
    if host == "arxiv.org" and (found := _ARXIV.match(path)):
        return f"arxiv.org/abs/{found[1].lower()}"
    if host == "doi.org":
        found = _ARXIV_DOI.match(path)
        return f"arxiv.org/abs/{found[1]}" if found else f"doi.org{path.lower()}"
    query = sorted(
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(pair[0])
    )
    place = f"{host}:{port}" if port and port not in (80, 443) else host
    return f"{place}{path}{'?' + urlencode(query) if query else ''}"
