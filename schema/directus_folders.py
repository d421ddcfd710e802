"""directus_folders: virtual folders of files."""

from schema.definition import Collection, m2o, string, uuid

directus_folders = Collection(
    "directus_folders",
    note="Folders that files are sorted into.",
    fields=(
        uuid("id", primary_key=True),
        string("name", required=True),
        m2o("parent", to="directus_folders", indexed=True),
    ),
)
