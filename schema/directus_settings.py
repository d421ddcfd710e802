"""directus_settings: the installation's own settings that clients may read and change."""

from schema.definition import Collection, boolean, integer, json, m2o, string, text

directus_settings = Collection(
    "directus_settings",
    note="One row: how the project is called and shown, and its rules for logins.",
    singleton=True,
    fields=(
        integer("id", primary_key=True, generated="sequence"),
        string("project_name", default="Mintage", max_length=100),
        string("project_url"),
        string("project_color", default="#6644FF", max_length=50),
        m2o("project_logo", to="directus_files", enforced=False),
        string("project_descriptor", max_length=100),
        string("default_language", default="en-US"),
        string("default_appearance", default="auto"),
        string("default_theme_light"),
        string("default_theme_dark"),
        json("theme_light_overrides"),
        json("theme_dark_overrides"),
        m2o("public_foreground", to="directus_files", enforced=False),
        m2o("public_background", to="directus_files", enforced=False),
        m2o("public_favicon", to="directus_files", enforced=False),
        text("public_note"),
        text("custom_css"),
        boolean("public_registration", required=True, default=False),
        boolean("public_registration_verify_email", default=True),
        m2o("storage_default_folder", to="directus_folders"),
        integer(
            "auth_login_attempts",
            default=25,
            minimum=0,
            note="Wrong passwords of an address for an e-mail before it has to wait.",
        ),
        string("auth_password_policy", note="A regular expression passwords have to match."),
    ),
)
