# One image for the four processes of docker-compose.yml: web, worker, sender, scheduler.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /srv/bedel
COPY requirements.lock .
RUN pip install --require-hashes --requirement requirements.lock

COPY . .

# Pages' own files are collected into the image, so DATA_DIR holds only what must be kept (STATIC_ROOT lies elsewhere).
ENV STATIC_ROOT=/srv/bedel-static DATA_DIR=/var/lib/bedel
RUN useradd --system --uid 1000 --home-dir /var/lib/bedel --create-home bedel \
    && mkdir -p "$STATIC_ROOT" \
    && SECRET_KEY=only-to-collect SITE_URL=http://localhost DATA_DIR=/tmp/build \
       python manage.py collectstatic --no-input --verbosity 0 \
    && rm -rf /tmp/build

USER bedel
VOLUME /var/lib/bedel
EXPOSE 8000
CMD ["python", "-m", "granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "8", "config.wsgi:application"]
