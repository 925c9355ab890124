"""Scrapy settings. What an operator may change comes over them from newsfold's configuration.

Components are named by their paths, so that this room needs none of the others; the add-on puts the
operator's configuration into the settings, for `scrapy crawl feeds` as for `newsfold crawl`.
"""

BOT_NAME = "newsfold"
SPIDER_MODULES = ["crawler.spiders"]
ADDONS = {"newsfold.addon.NewsfoldAddon": 0}
FEED_BOOK = "pipelines.book.RedisBook"

ITEM_PIPELINES = {
    "pipelines.clean.CleanPipeline": 100,
    "pipelines.place.PlacePipeline": 200,
}
DOWNLOADER_MIDDLEWARES = {
    "crawler.middlewares.AddressGuardMiddleware": 50,
    "crawler.middlewares.HostWaitsMiddleware": 60,
    "crawler.middlewares.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.middlewares.Redirects": 600,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    # Publishers owe a crawler no cookies, and pages no second try by a refresh tag.
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    # What a crawl of feeds has no use for; each is paid for with every request.
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.stats.DownloaderStats": None,
}
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware": None,
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
    "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,
}
# Scrapy starts so many tasks for every answer, whether it brings items or none; the placer gathers over answers.
CONCURRENT_ITEMS = 4
DOWNLOAD_HANDLERS = {
    "http": "crawler.handlers.GuardedAiohttpHandler",
    "https": "crawler.handlers.GuardedAiohttpHandler",
    # The guard refuses other schemes; nothing that could serve them is there either.
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
# An unchanged feed costs little but the loop, HTTP and Scrapy: this loop is compiled.
ASYNCIO_EVENT_LOOP = "uvloop.Loop"
TWISTED_DNS_RESOLVER = "crawler.handlers.GuardedResolver"
EXTENSIONS = {
    "scrapy.extensions.telnet.TelnetConsole": None,
    "scrapy.extensions.remote_control.RemoteControl": None,
    "scrapy.extensions.feedexport.FeedExporter": None,
    "scrapy.extensions.logstats.LogStats": None,
}

# One connection a host and a delay between requests; many hosts at once.
CONCURRENT_REQUESTS = 32
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 1.0
DOWNLOAD_TIMEOUT = 30
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_WARNSIZE = 0
ROBOTSTXT_OBEY = True
ROBOTSTXT_PARSER = "crawler.robots.FirstOfRobots"
# Of what sets no bound of its own: robots.txt.
DOWNLOAD_MAXSIZE = 2_000_000
# What a publisher sends should not depend on a language that nobody chose.
DEFAULT_REQUEST_HEADERS = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
COOKIES_ENABLED = False
REDIRECT_MAX_TIMES = 5
RETRY_ENABLED = False  # feeds and pages have due times of their own
HTTPPROXY_ENABLED = True
LOG_FORMATTER = "crawler.logs.QuietFormatter"
LOG_LEVEL = "INFO"
STATS_DUMP = False
