"""SageMaker on a laptop: jobs run AWS's own toolkit, endpoints are processes that refuse what TF Serving refuses."""
