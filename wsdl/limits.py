"""How much a contract may ask of whoever reads it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds on reading one contract; the defaults hold the largest public families known with room to spare.

    Attributes:
        documents: number of documents in the closed set.
        document_bytes: size of one document.
        total_bytes: size of all documents together, and of a zip file as it lies on the disk.
        depth: length of a chain of imports and includes.
        entries: files in a zip, or looked through in a folder.
        seconds: for everything that is fetched from one URL source, together.
        redirects: followed for one document.
    """

    documents: int = 500
    document_bytes: int = 8 * 1024 * 1024
    total_bytes: int = 32 * 1024 * 1024
    depth: int = 40
    entries: int = 5_000
    seconds: float = 60.0
    redirects: int = 5
