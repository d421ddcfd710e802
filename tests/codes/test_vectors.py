"""Every published GS1 vector is reproduced: check digits, EPC forms, Digital Links, refusals."""

import json
import re
from pathlib import Path

import pytest

from app.codes import digital_link, epc_binary, epc_plus
from app.codes.check_digit import InvalidCheckDigit, check_digit, require_check_digit
from app.codes.code_path import CodePath
from app.codes.epc_plus import EpcPlus
from app.codes.epc_uri import Epc, TagUri
from app.codes.errors import CodeError
from app.codes.grai import Grai
from app.codes.gtin import LENGTHS, Sgtin, normalise
from app.codes.sscc import Sscc

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "gs1_vectors.json").read_text())
KINDS = {}


def vectors(kind):
    found = [vector for vector in VECTORS["vectors"] if vector["kind"] == kind]
    KINDS[kind] = len(found)
    return pytest.mark.parametrize("vector", found, ids=[vector["id"] for vector in found])


def values_of(element_string):
    return dict(re.findall(r"\(([0-9]{2,4})\)([^(]*)", element_string))


def key_of(element_string):
    values = values_of(element_string)
    if "01" in values:
        return Sgtin.parse(values["01"], values["21"])
    return Sscc.parse(values["00"]) if "00" in values else Grai.parse(values["8003"])


@vectors("check_digit")
def test_check_digit(vector):
    assert check_digit(vector["payload"]) == vector["check_digit"]
    assert require_check_digit(vector["full"]) == vector["full"]
    if len(vector["full"]) in LENGTHS:
        assert normalise(vector["full"]) == vector["full"].rjust(14, "0")


@vectors("check_digit_invalid")
def test_wrong_check_digit_is_refused(vector):
    with pytest.raises(InvalidCheckDigit):
        normalise(vector["value"])


@vectors("sscc_split")
def test_sscc_splits_behind_its_prefix(vector):
    sscc = Sscc.parse(vector["sscc"])
    prefix, reference = sscc.split(len(vector["company_prefix"]))
    assert sscc.extension_digit == vector["extension_digit"]
    assert (prefix, reference) == (vector["company_prefix"], vector["serial_reference"])
    assert sscc.check_digit == vector["check_digit"]
    assert Sscc.build(int(sscc.extension_digit), prefix, int(reference)) == sscc


@vectors("epc_binary")
def test_epc_binary_both_ways(vector):
    epc = Epc(key_of(vector["element_string"]), vector["company_prefix_length"])
    tag = TagUri(epc, vector["scheme"], vector["filter"])
    assert epc.pure_identity() == vector["pure_identity_uri"]
    assert Epc.parse(vector["pure_identity_uri"]) == epc
    assert str(tag) == vector["tag_uri"]
    assert TagUri.parse(vector["tag_uri"]) == tag
    assert epc_binary.encode(epc, vector["filter"], vector["scheme"]) == vector["hex"]
    assert epc_binary.decode(vector["hex"]) == tag


@vectors("epc_binary")
def test_all_epc_forms_name_one_path(vector):
    forms = (vector["pure_identity_uri"], vector["tag_uri"], vector["hex"], vector["hex"].lower())
    assert len({CodePath.parse(form).path for form in forms}) == 1


@vectors("epc_uri")
def test_epc_uri_both_ways(vector):
    epc = Epc(key_of(vector["element_string"]), vector["company_prefix_length"])
    assert epc.pure_identity() == vector["pure_identity_uri"]
    assert Epc.parse(vector["pure_identity_uri"]) == epc


@vectors("epc_invalid")
def test_invalid_epc_is_refused(vector):
    # Two of them are good URIs whose serial just does not fit the 96 bits.
    narrow = vector["pure_identity_uri"].split(":")[3] + "-96"
    with pytest.raises(CodeError):
        epc_binary.encode(Epc.parse(vector["pure_identity_uri"]), scheme=narrow)


@vectors("epc_plus")
def test_epc_plus_both_ways(vector):
    facts = dict(fact.split("=") for fact in vector["identifier"].split(";"))
    key = (
        Sgtin.parse(facts["gtin"], facts["serial"])
        if "gtin" in facts
        else Grai.parse(facts["grai"])
    )
    epc = EpcPlus(
        key, int(facts["filter"]), facts.get("expDate", ""), has_data=bool(vector["data_toggle"])
    )
    assert epc.scheme == vector["scheme"]
    assert epc_plus.encode(epc) == vector["hex"]
    assert epc_plus.decode(vector["hex"]) == epc
    assert epc.digital_link() == vector["digital_link"]


@vectors("digital_link")
def test_digital_link_is_built_and_parsed(vector):
    values = values_of(vector["element_string"])
    root = "https://" + vector["uri"].split("/")[2]
    assert digital_link.build(values, root) == vector["uri"]
    assert digital_link.parse(vector["uri"]).values == values
    assert (digital_link.canonical(vector["uri"]) == vector["uri"]) is vector["canonical"]


@vectors("percent_encoding_path")
def test_percent_encoding(vector):
    assert digital_link.percent_encode(vector["raw"]) == vector["encoded"]


@vectors("digital_link_parse")
def test_digital_link_is_parsed(vector):
    expected = values_of(vector["element_string"])
    assert list(digital_link.parse(vector["uri"]).values.items()) == list(expected.items())


@vectors("digital_link_invalid")
def test_invalid_digital_link_is_refused(vector):
    with pytest.raises(CodeError):
        digital_link.parse(vector["uri"])


@vectors("digital_link_canonical")
def test_canonical_digital_link(vector):
    assert digital_link.canonical(vector["uri"]) == vector["canonical_uri"]


def test_no_vector_is_left_out():
    assert sum(KINDS.values()) == len(VECTORS["vectors"])
