"""Messages to webhooks: made from the logs, sent to addresses that are held up each time, and kept until they are
over."""
