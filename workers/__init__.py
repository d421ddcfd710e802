"""Dramatiq: the broker, the chunked-job engine, one module of actors per kind of job."""
