"""Whether lxml and python-xmlsec fit together: each wheel carries a libxml2, and two that differ crash or refuse."""

from esb.kernel.faults import EsbError

_INSTALL = "pip install --only-binary :all: lxml==6.1.3 xmlsec==1.3.17"


class PairUnfit(EsbError):
    """The second opinion cannot be had as things are installed; the text says what to install."""


def check_pair() -> None:
    """Import the two together.

    Raises:
        PairUnfit: one is missing, or they were built against different releases of libxml2.
    """
    try:
        import xmlsec
        from lxml import etree
    except Exception as error:  # an ImportError, or an error of xmlsec's own that cannot be named without it
        raise PairUnfit(
            f"lxml and xmlsec cannot be used together ({error}). Install a pair that fits: {_INSTALL}"
        ) from error
    compiled, loaded = xmlsec.get_libxml_version(), etree.LIBXML_VERSION
    if tuple(compiled[:2]) != tuple(loaded[:2]):
        raise PairUnfit(
            f"xmlsec works with libxml2 {_dotted(compiled)} and lxml with {_dotted(loaded)}: "
            f"messages cannot be handed between them. Install a pair that fits: {_INSTALL}"
        )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
