"""A Step Functions interpreter for JSONata machines, in place of MiniStack's where that is wrong against AWS.

MiniStack keeps the API, the records and the JSONata library. Ours are the states: variables belong to their branch, a
failed branch ends its siblings, every state leaves events in the history, timeouts and StopExecution interrupt, and a
Lambda is invoked with the machine's role.
"""
