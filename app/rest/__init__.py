"""Directus REST: items and server. Translates names, envelopes and errors; holds no rule."""
