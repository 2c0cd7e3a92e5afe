"""Şlüz, a state's information-exchange bus (distribution ``shluz``, command ``esb``)."""

from pathlib import Path as _Path

# In a bare checkout the departments (adapters/, certs/, registry/ …) stand beside this folder, not in it.
# The wheel puts them inside; there setup.cfg is absent and this does nothing.
_root = _Path(__file__).resolve().parent.parent
if (_root / "setup.cfg").is_file():
    __path__.append(str(_root))

__version__ = "0.1.0"
