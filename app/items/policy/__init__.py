"""What a caller may see and do: permissions, row rules, tenancy."""
