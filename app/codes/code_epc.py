"""The EPC of a code, and what a code is told apart by: the Python twin of functions.sql."""

import re

from app.codes import epc_binary
from app.codes.check_digit import InvalidCheckDigit, require_check_digit
from app.codes.code_path import CodePath
from app.codes.company_prefix import is_restricted
from app.codes.epc_uri import Epc, prefix_length_of
from app.codes.errors import CodeError

_KEY_DIGITS = re.compile(r"/01/([0-9]{14})(?:/.*)?|/00/([0-9]{18})|/8003/([0-9]{14}).*", re.DOTALL)


def epc_of(path: str, prefix_length: int | None) -> Epc | None:
    """The EPC of the code with this path, whose company prefix has so many digits, if there is one.

    None for a short code or a class, a wrong check digit, a restricted prefix, and a length that is
    not known or not 6 to 12.

    >>> epc_of("/01/00000096385074/21/1", None).pure_identity()
    'urn:epc:id:sgtin:00000963.08507.1'
    >>> epc_of("/01/09312345551925/21/bad2", 7) is None
    True
    """
    try:
        key = CodePath.of_path(path).key
        length = None if key is None else prefix_length_of(key, prefix_length)
        return None if key is None or length is None else Epc(key, length)
    except CodeError:
        return None


def extended_id(path: str, prefix_length: int | None) -> str | None:
    """The EPC in hex with filter 0 ("all others"), else the path; `gs1_extended_id` in SQL.

    None for a GS1 key whose check digit is wrong or whose company prefix may not be in an EPC.

    >>> extended_id("/01/00000096385074/21/1", None)
    '30100001E1884EC000000001'
    >>> extended_id("brand.example/x7Kp", 7)
    'brand.example/x7Kp'
    """
    epc = epc_of(path, prefix_length)
    if epc is not None:
        return epc_binary.encode(epc)
    found = _KEY_DIGITS.fullmatch(path)
    return path if found is None or _is_sound(found[found.lastindex or 0]) else None


def _is_sound(digits: str) -> bool:
    try:
        require_check_digit(digits)
    except InvalidCheckDigit:
        return False
    return not is_restricted(digits[1:])
