"""Campaigns (systems.md 4.6, 7.4)."""

from tests.vendors.scantrust.conftest import OTHER

CAMPAIGNS = "/api/v2/campaigns/"


async def test_a_campaign_comes_with_its_scm_fields(as_company, uat):
    """systems.md 6.3: scm_field; their order is the order of a download's columns."""
    company = await as_company(uat(account=OTHER))
    fields = [{"key": "farm_name", "label": "Farm"}, {"key": "harvest_date", "type": "date"}]
    made = await company.post(CAMPAIGNS, json={"name": "Pork", "scm_fields": fields, "id": 7})
    assert made.status_code == 201, made.text
    campaign = made.json()
    assert [field["key"] for field in campaign["scm_fields"]] == ["farm_name", "harvest_date"]
    assert set(campaign) == {
        "id",
        "name",
        "description",
        "is_archived",
        "max_scan_count",
        "scm_fields",
        "creation_date",
    }
    assert (await company.get(f"{CAMPAIGNS}{campaign['id']}/")).json() == campaign
    listed = (await company.get(f"{CAMPAIGNS}?is_archived=false&search=por")).json()
    assert listed == {"count": 1, "next": None, "previous": None, "results": [campaign]}


async def test_refusals_name_the_field(as_company, uat):
    company = await as_company(uat(account=OTHER))
    refused = await company.post(CAMPAIGNS, json={})
    assert (refused.status_code, refused.json()) == (400, {"name": ["This field is required."]})
    reserved = {"name": "x", "scm_fields": [{"key": "status"}]}
    refused = await company.post(CAMPAIGNS, json=reserved)
    assert refused.status_code == 400
    assert list(refused.json()) == ["scm_fields"]


async def test_campaigns_of_others_are_not_there(as_company, uat):
    """systems.md 6.1.5."""
    company, other = await as_company(uat(account=OTHER)), await as_company(uat())
    made = (await company.post(CAMPAIGNS, json={"name": "Pork"})).json()
    missing = await other.get(f"{CAMPAIGNS}{made['id']}")
    assert (missing.status_code, missing.json()) == (404, {"detail": "Not found."})
    assert (await other.get(CAMPAIGNS)).json()["count"] == 0


async def test_words_are_asked_for(as_company, uat):
    seeing = await as_company(uat("codes_view"))
    assert (await seeing.get(CAMPAIGNS)).status_code == 200
    assert (await seeing.post(CAMPAIGNS, json={"name": "x"})).status_code == 403
    scanning = await as_company(uat("scans_download"))
    assert (await scanning.get(CAMPAIGNS)).status_code == 403
