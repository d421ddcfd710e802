"""The Mintage application: one data door (`items`), its rules (`domains`), its surfaces."""
