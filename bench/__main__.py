"""All benchmarks in one run: `make bench`. Exits 1 when a limit is missed."""

import sys

from bench import (
    csv_export,
    documents,
    job_minting,
    minting,
    pages,
    posting,
    requests,
    scm_upload,
)

_ALL = (minting, job_minting, requests, pages, posting, csv_export, documents, scm_upload)


def main() -> int:
    missed = 0
    for benchmark in _ALL:
        print(f"\n{(benchmark.__doc__ or '').splitlines()[0]}")
        for row in benchmark.main():
            print(f"  {row}", flush=True)
            missed += not row.keeps
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
