"""What a random GS1 key looks like, for every property test of this folder."""

from hypothesis import strategies as st

from app.codes.epc_uri import Epc
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


gtins = st.builds(
    lambda indicator, parts: Gtin.build(indicator, *parts), st.integers(0, 9), prefixed(12)
)
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
st.register_type_strategy(Epc, st.builds(Epc, sgtins | ssccs | grais, st.integers(6, 12)))
