"""The library that speaks to a device (PKCS #11): found, loaded once a process, and its sessions.

python-pkcs11 initialises a library as for a program of one thread (``C_Initialize(NULL)``: PKCS #11 2.40, section 5.4),
and SoftHSM then dies under several.  So it is initialised here, with CKF_OS_LOCKING_OK; a library that cannot lock is
entered by one thread at a time.

A session belongs to one thread; a login belongs to the whole process.  A session that is lost (the token was pulled
out, the device restarted, another program closed it) is opened again, with one new login.  After a fork the library
must be initialised anew in the child (PKCS #11 3.0, section 5.4); the workers of a bus are fresh processes, so this is
met only by programs that embed us.
"""

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import pkcs11
from pkcs11 import exceptions as trouble

from esb.certs.unusable import KeyMissing, KeyUnusable, WrongPassphrase
from esb.kernel.token_uri import TokenUri

T = TypeVar("T")

LOST: Final = (
    trouble.SessionHandleInvalid,
    trouble.SessionClosed,
    trouble.UserNotLoggedIn,
    trouble.TokenNotPresent,
    trouble.TokenNotRecognised,
    trouble.DeviceRemoved,
    trouble.DeviceError,
    trouble.KeyHandleInvalid,
    trouble.ObjectHandleInvalid,
    trouble.OperationNotInitialized,
    trouble.OperationActive,
    trouble.GeneralError,
    trouble.FunctionFailed,
    trouble.NoSuchToken,
    trouble.NoSuchKey,
    trouble.SlotIDInvalid,
)
"""What is tried once more over a new session."""

_FOLDERS: Final = ("pkcs11", "softhsm", ".")
_ROOTS: Final = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib")
_LONGEST_PIN: Final = 1024
# CK_TOKEN_INFO flags (PKCS #11 2.40, section 3.2): the library names some of them only.
_PIN_FINAL_TRY: Final = 0x20000
_PIN_LOCKED: Final = 0x40000
_OS_LOCKING: Final = 2  # CKF_OS_LOCKING_OK
_CANNOT_LOCK: Final = 0xA  # CKR_CANT_LOCK
_ANY: Final = 1 << 30


class _Arguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS: no locks of ours, but those of the system (flags: CKF_OS_LOCKING_OK)."""

    _fields_ = (
        ("mutexes", ctypes.c_void_p * 4),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_void_p),
    )


_Function = ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)


class _Functions(ctypes.Structure):
    """CK_FUNCTION_LIST, as far as it is needed."""

    _fields_ = (("version", ctypes.c_ubyte * 2), ("initialize", _Function), ("finalize", _Function))


class Module:
    """One library, with a gate so that nobody is inside while it is initialised anew.

    Attributes:
        generation: how often it was; sessions of an earlier one are gone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._gate = threading.Condition()
        self._inside = 0
        self._most = _ANY
        self._pid = os.getpid()
        self.generation = 0
        self.library: Any = _load(path)
        listed = ctypes.POINTER(_Functions)()
        ctypes.CDLL(str(path)).C_GetFunctionList(ctypes.byref(listed))
        self._functions = listed.contents
        self.initialise()

    def initialise(self) -> None:
        """End the library and begin it anew for several threads; nobody may be inside.

        Raises:
            KeyUnusable: it does not begin.
        """
        self._functions.finalize(None)
        arguments = _Arguments(flags=_OS_LOCKING)
        result = self._functions.initialize(ctypes.cast(ctypes.pointer(arguments), ctypes.c_void_p))
        if result == _CANNOT_LOCK:
            self._most = 1
            result = self._functions.initialize(None)
        if result:
            raise KeyUnusable(f"{self.path} does not begin to work (PKCS #11 error {result:#x}): look at its own log")
        self.generation += 1

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Be inside: the library is not initialised anew meanwhile."""
        with self._gate:
            while self._inside >= self._most:
                self._gate.wait()
            self._inside += 1
        try:
            yield
        finally:
            with self._gate:
                self._inside -= 1
                self._gate.notify_all()

    def restart(self, generation: int) -> None:
        """Initialise the library anew, which ends every session, unless another thread did so since ``generation``.

        A device that was away and came back is often not seen before.
        """
        with self.quiet():
            if self.generation == generation:
                self.initialise()

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Nobody is inside, and nobody comes in."""
        with self._gate:
            while self._inside:
                self._gate.wait()
            yield

    def mind_forks(self) -> None:
        """Initialise the library anew in a child of the process that loaded it."""
        if self._pid != os.getpid():
            self._gate = threading.Condition()
            self._inside = 0
            self._pid = os.getpid()
            self.initialise()


_modules: dict[Path, Module] = {}
_loading = threading.Lock()


def module_of(uri: TokenUri) -> Module:
    """The library that a URI names; loaded once a process.

    Raises:
        KeyUnusable: there is no such library, or it is none of PKCS #11.
    """
    # One library under two names would be begun twice, which none allows.
    path = (uri.module_path or _found(str(uri.module_name))).resolve()
    with _loading:
        module = _modules.get(path)
        if module is None:
            module = _modules[path] = Module(path)
        module.mind_forks()
        return module


def _found(name: str) -> Path:
    names = (f"lib{name}.so", f"{name}.so", f"{name}-pkcs11.so", f"lib{name}-pkcs11.so")
    for root in _ROOTS:
        for folder in _FOLDERS:
            for file in names:
                path = Path(root) / folder / file
                if path.is_file():
                    return path
    raise KeyUnusable(
        f"no library called {name} was found where systems keep those of PKCS #11: install it, or give its place by "
        "module-path="
    )


def _load(path: Path) -> Any:
    if not path.is_file():
        raise KeyUnusable(f"{path} is not there: it is the library that speaks to the key's device")
    try:
        return pkcs11.lib(str(path))
    except (trouble.PKCS11Error, RuntimeError, OSError):
        raise KeyUnusable(
            f"{path} could not be loaded as a library of PKCS #11: look at its own settings and log"
        ) from None


class Sessions:
    """The sessions of one token, one for each thread.

    Args:
        uri: names the token.
        pin: what logs in; never shown.
        find: looks up what the session is used with, such as a key's handle, in a fresh session.

    Attributes:
        problem: why the last use failed; "" when it did not.
    """

    def __init__(self, uri: TokenUri, pin: bytes, find: Callable[[Any], Any], *, writable: bool = False) -> None:
        self._uri = uri
        self._pin = pin
        self._find = find
        self._writable = writable
        self._module = module_of(uri)
        self._mine = threading.local()
        self._login = threading.Lock()
        self.problem = ""

    def use(self, act: Callable[[Any], T]) -> T:
        """Do something with what ``find`` found, in this thread's session; once more in a new one when it was lost.

        Raises:
            KeyUnusable: the device is away, or does not do it.
        """
        try:
            done = self._use(act)
        except KeyUnusable as error:
            self.problem = str(error)
            raise
        self.problem = ""
        return done

    def _use(self, act: Callable[[Any], T]) -> T:
        module = self._module
        module.mind_forks()
        try:
            return self._once(act)
        except LOST:
            pass
        except trouble.PKCS11Error as error:
            raise _told(self._uri, error) from None
        generation = module.generation
        self._mine.__dict__.clear()
        try:
            return self._once(act)
        except LOST:
            pass
        except trouble.PKCS11Error as error:
            raise _told(self._uri, error) from None
        try:
            module.restart(generation)
            return self._once(act)
        except trouble.PKCS11Error as error:
            self._mine.__dict__.clear()
            raise _told(self._uri, error) from None

    def _once(self, act: Callable[[Any], T]) -> T:
        with self._module.entered():
            mine = self._mine.__dict__
            if mine.get("generation") != self._module.generation:
                # A session is dropped, never closed: closing one logs the whole process out.
                mine["found"] = self._find(self._open())
                mine["generation"] = self._module.generation
            return act(mine["found"])

    def _open(self) -> Any:
        token = token_of(self._module.library, self._uri)
        with self._login:
            check_pin_left(token, self._uri)
            try:
                return token.open(rw=self._writable, user_pin=self._pin.decode("utf-8"))
            except trouble.UserAlreadyLoggedIn:
                return token.open(rw=self._writable)


def token_of(library: Any, uri: TokenUri) -> Any:
    """The one token that a URI names.

    Raises:
        KeyUnusable: several tokens are called so.
        pkcs11.exceptions.NoSuchToken: none is there.
    """
    found = [
        token
        for slot in library.get_slots(token_present=True)
        if uri.slot is None or slot.slot_id == uri.slot
        for token in _tokens(slot)
        if _is_meant(token, uri)
    ]
    if not found:
        raise trouble.NoSuchToken
    if len(found) > 1:
        raise KeyUnusable(f"{uri}: {len(found)} tokens are called so: add serial= or slot-id= to the URI")
    return found[0]


def _tokens(slot: Any) -> Iterator[Any]:
    try:
        yield slot.get_token()
    except (trouble.TokenNotPresent, trouble.TokenNotRecognised):
        return


def _is_meant(token: Any, uri: TokenUri) -> bool:
    says = (token.label, token.manufacturer_id, token.model, token.serial.decode("ascii", "replace").strip())
    wanted = (uri.token, uri.manufacturer, uri.model, uri.serial)
    initialised = bool(token.flags & pkcs11.TokenFlag.TOKEN_INITIALIZED)
    return initialised and all(want is None or want == said for want, said in zip(wanted, says, strict=True))


def check_pin_left(token: Any, uri: TokenUri) -> None:
    """Refuse to try a PIN when one more wrong one would lock the token: a service that is restarted again and again
    would do it.

    Raises:
        KeyUnusable: the token is locked, or has one try left.
    """
    if int(token.flags) & _PIN_LOCKED:
        raise KeyUnusable(f"{uri}: the token is locked after wrong PINs: its security officer must set a new one")
    if int(token.flags) & _PIN_FINAL_TRY:
        raise KeyUnusable(
            f"{uri}: the token has one try of the PIN left, which is kept for you: log in once by hand with the right "
            "PIN, and look at pin-source"
        )


def pin_of(uri: TokenUri, passphrase: bytes) -> bytes:
    """The PIN: the first line of the file that the URI names, else the passphrase of the home's keys.

    Raises:
        KeyUnusable: the file cannot be read, is open to others, or holds no PIN.
    """
    source = uri.pin_source
    if source is None:
        pin = passphrase
    else:
        try:
            mode = source.stat().st_mode
            with source.open("rb") as file:
                pin = file.readline(_LONGEST_PIN).rstrip(b"\r\n")
        except OSError as error:
            raise KeyUnusable(f"the PIN's file {source} cannot be read: {error.strerror}") from error
        if mode & 0o077:
            raise KeyUnusable(f"the PIN's file {source} can be read by others than its owner.  Close it: chmod 600")
    try:
        pin.decode("utf-8")
    except UnicodeDecodeError:
        raise KeyUnusable(f"{uri}: the PIN is not UTF-8") from None
    if not pin:
        raise WrongPassphrase(f"{uri}: there is no PIN: name its file by pin-source=, or give the keys' passphrase")
    return pin


def _told(uri: TokenUri, error: trouble.PKCS11Error) -> KeyUnusable:
    """The device's error as ours.  Its name is told; its text may hold anything."""
    name = type(error).__name__
    if isinstance(error, trouble.PinIncorrect | trouble.PinInvalid | trouble.PinLenRange | trouble.ArgumentsBad):
        return WrongPassphrase(f"{uri}: the PIN is wrong ({name}): look at pin-source before you try again")
    if isinstance(error, trouble.PinLocked | trouble.PinExpired):
        return KeyUnusable(f"{uri}: the PIN is locked or expired ({name}): its security officer must set a new one")
    if isinstance(error, trouble.NoSuchToken | trouble.TokenNotPresent | trouble.DeviceRemoved):
        return KeyUnusable(f"{uri}: the token is not there ({name}): plug it in, or look at the device")
    if isinstance(error, trouble.NoSuchKey):
        return KeyMissing(f"{uri}: the token holds no such private key.  Make one with: esb key make")
    return KeyUnusable(f"{uri}: the device does not do it ({name}): look at its own log")
