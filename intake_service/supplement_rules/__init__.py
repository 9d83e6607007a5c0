"""What the law says of supplements, as dated data: how often, until when, and what it makes of the clock."""
