"""Jobs that have been judged: nothing that their type needs is missing."""

from dataclasses import dataclass

from app.codes.code_path import sscc_prefix
from app.codes.sscc import BODY_LENGTH, Sscc
from app.domains.identifier_job.service import Job
from app.errors import FailedValidation


@dataclass(frozen=True, slots=True)
class RandomJob:
    """A job of codes with random serials. `prefix`: what all of them begin with."""

    job: Job
    quantity: int
    prefix: str


@dataclass(frozen=True, slots=True)
class SsccJob:
    """A job of SSCCs whose serial references follow each other."""

    job: Job
    quantity: int
    company_prefix: str

    @property
    def prefix(self) -> str:
        """What all of its codes begin with."""
        return sscc_prefix(self.job.sscc_extension_digit, self.company_prefix)

    @property
    def width(self) -> int:
        """Digits of a serial reference."""
        return BODY_LENGTH - len(self.company_prefix)

    @property
    def wanted(self) -> range:
        """The serial references that it is to have."""
        start = self.job.sscc_start_serial
        return range(start, start + self.quantity)

    def sscc(self, serial: int) -> str:
        """The SSCC of a serial reference."""
        return Sscc.build(self.job.sscc_extension_digit, self.company_prefix, serial).value


ValidJob = RandomJob | SsccJob


def valid_job(job: Job, prefix: str | None) -> ValidJob:
    """The job as one of its type. `prefix`: that of its codes, where their serials are random.

    Raises FailedValidation for what is missing; the rules have told all of it before.
    """
    if job.quantity is None:
        raise _missing("quantity")
    if job.type == "sscc":
        if job.sscc_company_prefix is None:
            raise _missing("sscc_company_prefix")
        return SsccJob(job, job.quantity, job.sscc_company_prefix)
    if prefix is None:
        raise _missing("domain" if job.type == "short_code" else "product")
    return RandomJob(job, job.quantity, prefix)


def _missing(field: str) -> FailedValidation:
    return FailedValidation(field, "nnull", "Value can't be null.")
