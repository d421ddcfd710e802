"""The words a credential's permissions are made of, by its kind (systems.md 4.1, 6.2)."""

from collections.abc import Mapping

WORDS: Mapping[str, frozenset[str]] = {
    "scantrust_uat": frozenset(
        "codes_view scans_download scm_bulk_edit scm_code_edit "
        "product_view product_create product_edit product_delete brand_create campaign_create "
        "workorder_view workorder_create workorder_edit workorder_cancel workorder_archive "
        "workorder_delete workorder_download workorder_sid_download "
        "ingestion_view ingestion_cancel ingestion_code_create".split()
    ),
    "kitcheck": frozenset({"tags_create"}),
}
"""The words of the kinds that have some of their own. The others take any words."""
