"""How a crawl ends early."""


class CrawlFailed(Exception):
    """The crawl's last word, as GetCrawler's LastCrawl.ErrorMessage tells it."""


class Stopped(Exception):
    """StopCrawler was called."""
