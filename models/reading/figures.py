"""Figures parsed deeply: a chart's table, a molecule, plane geometry, or a caption; each with its validator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ...errors import MissingExtra
from ...pages import Note, PageReading
from .geometry import Drawing, parse_geometry
from .tables import TableReport, table_report

_MAX_SMILES = 2000  # characters; RDKit's parser takes longer with each ring
_SMILES = re.compile(r"[A-Za-z0-9@+\-\[\]().=#$:/\\%*~&!,;<>|]{1,2000}")
_CODE_FENCE = re.compile(r"\A```\w{0,16}\s*\n|\n?```\Z")
_TAGS = re.compile(r"</?smiles>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as its table; `table.problems` says what is wrong with it."""

    table: TableReport
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Molecule:
    """A chemical formula.

    Attributes:
        smiles: As the model wrote it.
        canonical: RDKit's canonical SMILES, the same for any way of writing one molecule.
        inchi_key: Its InChIKey; empty where RDKit cannot give one.
    """

    smiles: str
    canonical: str
    inchi_key: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Geometry:
    """Plane geometry, checked."""

    drawing: Drawing
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Caption:
    """What the model says of a picture that is none of the others, as plain text."""

    text: str
    notes: tuple[Note, ...] = ()


Figure = Chart | Molecule | Geometry | Caption


def parse_figure(reading: PageReading | str, label: str = "") -> Figure:
    """What a figure's reading (task `figure`) holds.

    The label of the page's region decides where it names a kind; otherwise the validators are tried in the order of
    their strictness: geometry, table, SMILES. What none accepts is a caption. A kind that the label or the text
    promises and its validator refuses becomes a caption with a note of kind `figure` that says why.

    Args:
        reading: The reading of the cropped figure, or its text.
        label: Of the figure's region on its page: chart, molecule, geometry, or anything else.

    Raises:
        MissingExtra: It looks like a molecule and RDKit is not installed (extra `chem`).
    """
    said = reading if isinstance(reading, str) else _said(reading)
    text = _CODE_FENCE.sub("", said.strip()).strip()
    kind = _kind(text, label.casefold())
    try:
        match kind:
            case "geometry":
                return Geometry(parse_geometry(text))
            case "chart":
                return _chart(text)
            case "molecule":
                return _molecule(_TAGS.sub("", text).strip(), sure=_is_named(label.casefold(), "molecule"))
            case _:
                return Caption(text)
    except ValueError as error:
        return Caption(text, (Note(kind="figure", message=f"No valid {kind}: {error}."),))


def _said(reading: PageReading) -> str:
    return reading.raw if reading.finish == "end" and reading.raw else reading.text


def _kind(text: str, label: str) -> str:
    for kind in ("geometry", "chart", "molecule"):
        if _is_named(label, kind):
            return kind
    if text.startswith("{"):
        return "geometry"
    if "<table" in text:
        return "chart"
    return "molecule" if _TAGS.match(text) or looks_like_smiles(text) else "caption"


def _is_named(label: str, kind: str) -> bool:
    words = {
        "geometry": ("geometry", "geometric"),
        "chart": ("chart", "plot", "table"),
        "molecule": ("molecule", "chemical", "chemistry", "smiles"),
    }
    return any(word in label for word in words[kind])


def looks_like_smiles(text: str) -> bool:
    """Whether a text could be SMILES and is no English word: one run without spaces, with atoms and a bond's sign."""
    if not _SMILES.fullmatch(text) or not re.search(r"[CNOSPFclnosBI]", text):
        return False
    return bool(re.search(r"[0-9=#()\[\]@]", text)) or re.fullmatch(r"[CNOSPFIclnosBr]+", text) is not None


def _chart(text: str) -> Chart:
    report = table_report(text)
    if not report.grid:
        raise ValueError(" ".join(report.problems))
    return Chart(report, tuple(Note(kind="table", message=problem) for problem in report.problems))


def _molecule(smiles: str, *, sure: bool) -> Molecule:
    if not smiles:  # RDKit holds an empty text for a molecule without atoms
        raise ValueError("the text is empty")
    if len(smiles) > _MAX_SMILES or not _SMILES.fullmatch(smiles):
        raise ValueError(f"{smiles[:40]!r} has letters that SMILES has not, or more than {_MAX_SMILES}")
    try:
        from rdkit import Chem
        from rdkit.rdBase import BlockLogs
    except ImportError as error:
        if not sure:  # by its looks alone nobody is sent to install a chemist's library
            raise ValueError("RDKit, which checks molecules, is not installed (extra chem)") from error
        raise MissingExtra("Checking molecules", "chem") from error
    with BlockLogs():  # RDKit writes every refused molecule to standard error
        molecule: Any = Chem.MolFromSmiles(smiles)  # None for what it refuses, against its stub
        if molecule is None or molecule.GetNumAtoms() == 0:
            raise ValueError(f"RDKit refuses {smiles[:60]!r}: an open ring, a wrong valence or no SMILES")
        key = str(Chem.MolToInchiKey(molecule) or "")
        return Molecule(smiles, str(Chem.MolToSmiles(molecule)), key)
