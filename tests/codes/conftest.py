"""What a random GS1 key looks like, for every property test of this folder."""

from hypothesis import strategies as st

from app.codes.check_digit import check_digit
from app.codes.company_prefix import is_restricted
from app.codes.epc_uri import Epc, digits_of
from app.codes.grai import Grai
from app.codes.gtin import Gtin, Sgtin
from app.codes.serial_text import CSET_82
from app.codes.sscc import Sscc


def digits(length):
    return st.text("0123456789", min_size=length, max_size=length)


def serials(longest):
    """Numbers and texts alike, because they go to different binary schemes."""
    numbers = st.integers(0, min(2**39, 10**longest - 1)).map(str)
    return numbers | st.text(sorted(CSET_82), min_size=1, max_size=longest)


def prefixed(total):
    """A company prefix, and the digits that fill it up."""
    lengths = st.integers(6, 12)
    return lengths.flatmap(lambda length: st.tuples(digits(length), digits(total - length)))


ordinary_gtins = st.builds(
    lambda indicator, parts: Gtin.build(indicator, *parts), st.integers(0, 9), prefixed(12)
)
# GTIN-8s and what groups them, which no drawn company prefix hits.
gtin8s = st.builds(
    lambda indicator, item: Gtin(
        f"{indicator}00000{item}" + check_digit(f"{indicator}{item:0>12}")
    ),
    st.integers(0, 8),
    digits(7),
)
gtins = st.one_of(ordinary_gtins, ordinary_gtins, gtin8s)
sgtins = st.builds(Sgtin, gtins, serials(20))
ssccs = st.builds(
    lambda extension, parts: Sscc.build(extension, parts[0], int(parts[1])),
    st.integers(0, 9),
    prefixed(16),
)
grais = st.builds(lambda parts, serial: Grai.build(*parts, serial), prefixed(12), serials(16))

st.register_type_strategy(Gtin, gtins)
st.register_type_strategy(Sgtin, sgtins)
st.register_type_strategy(Sscc, ssccs)
st.register_type_strategy(Grai, grais)
keys = sgtins | ssccs | grais
# TDS 7.3.3 to 7.3.8: of these there is no EPC.
unrestricted = keys.filter(lambda key: not is_restricted(digits_of(key)[1:]))
st.register_type_strategy(Epc, st.builds(Epc, unrestricted, st.integers(6, 12)))
