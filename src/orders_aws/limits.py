"""Sizes that AWS's services take and give, in bytes where not said otherwise.

What the code fills, splits or trims is measured against these, and so are the doubles in the tests.
"""

from typing import Final

MAX_ANSWER_BYTES: Final = 6 * 1024 * 1024
"""A function's response. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

MAX_QUERY_PAGE_BYTES: Final = 1024 * 1024
"""What one Query reads. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""

MAX_ITEM_BYTES: Final = 400 * 1024
"""An item with the names of its attributes (the same page)."""

MAX_TRANSACTION_BYTES: Final = 4 * 1024 * 1024
MAX_TRANSACTION_ITEMS: Final = 100
"""All items of a TransactWriteItems (the same page)."""

MAX_PUT_EVENTS_BYTES: Final = 256 * 1024
"""All entries of a PutEvents, and so each of them.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
"""

MAX_PUT_EVENTS_ENTRIES: Final = 10

MAX_MESSAGE_BYTES: Final = 256 * 1024
"""A message of SQS, and all of a SendMessageBatch; queues may be set to more, these are not.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
"""
