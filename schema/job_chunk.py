"""job_chunk: one piece of one long job (DESIGN.md 6). Internal."""

from schema.definition import Collection, Index, big_integer, integer, json, string, text, timestamp

job_chunk = Collection(
    "job_chunk",
    note="A piece of a long job. Its result and its done-mark commit together.",
    internal=True,
    fields=(
        big_integer("id", primary_key=True, generated="sequence"),
        string("kind", required=True, max_length=64, note="The kind of job, e.g. identifier_job."),
        string("job", required=True, max_length=64, note="The job's key."),
        integer("number", required=True, note="Place in the job, from 0."),
        json("payload", note="What the kind needs to do the chunk."),
        integer("amount", required=True, note="Units of work in the chunk."),
        integer("created", required=True, default=0, note="Units that came of it."),
        integer("attempts", required=True, default=0),
        timestamp("not_before", note="Back-off after a failure."),
        timestamp("done_at"),
        text("error"),
    ),
    indexes=(
        Index(("kind", "job", "number"), unique=True),
        Index(("kind", "job"), where="done_at IS NULL"),
    ),
)
