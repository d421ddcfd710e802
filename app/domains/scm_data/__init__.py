"""Supply-chain data of many codes at once (systems.md 4.6, 6.3, 6.8)."""
