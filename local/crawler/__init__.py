"""Glue crawlers that crawl: what lies in S3 becomes tables and partitions, as AWS's crawlers write them."""
