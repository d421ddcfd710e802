# Mintage with everything in it: as it is, it runs web, worker and embedded services below /data
# (`docker run --init -p 8055:8055 -v mintage:/data mintage`); compose.yaml runs the same image in
# parts, with services of their own.
FROM python:3.11-slim

RUN useradd --create-home --uid 1000 mintage \
    && install --directory --owner mintage --mode 0700 /data
ENV DATA_DIR=/data HOST=0.0.0.0 PYTHONUNBUFFERED=1
WORKDIR /src

# The dependencies first: they change less often than the code.
COPY pyproject.toml constraints.txt README.md ./
RUN mkdir app schema workers migrations \
    && pip install --no-cache-dir --constraint constraints.txt . \
    && pip uninstall --yes mintage

COPY schema schema
COPY app app
COPY workers workers
COPY migrations migrations
RUN pip install --no-cache-dir --no-deps .

# PostgreSQL refuses to run as root, and nothing else needs it.
USER mintage
WORKDIR /data
VOLUME /data
EXPOSE 8055
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8055/server/ping', timeout=4)"]
CMD ["mintage", "run"]
