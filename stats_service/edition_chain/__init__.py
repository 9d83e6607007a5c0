"""The chain of sealed editions: each is bound to the one before it, so that none can be changed, taken away or put in
between unseen."""
