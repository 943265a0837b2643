"""Make a published run again by the code that is here, beside what it published, and say what differs.

The steps are the product's own handlers, called in this process. They read the stack's buckets and write into a folder;
training and the endpoint are SageMaker's, by the stack's own roles. It knows a stack by its variables and clients only.
"""
