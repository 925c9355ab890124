FROM python:3.13-slim
WORKDIR /src
COPY requirements.txt pyproject.toml README.md LICENSE scrapy.cfg ./
COPY crawler crawler
COPY dedup dedup
COPY storage storage
COPY pipelines pipelines
COPY newsfold newsfold
RUN pip install --no-cache-dir . \
 && useradd --system --create-home newsfold \
 && install -d -o newsfold -g newsfold /var/lib/newsfold
USER newsfold
WORKDIR /home/newsfold
CMD ["newsfold", "--help"]
