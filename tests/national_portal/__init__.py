"""The national portal to test against: a process that speaks the protocol of the national database of procedures
(Cổng dịch vụ công quốc gia) as real systems implement it. A double of the outside, not a part of the product.

Owns    its own store, its own calendar and its own judgement of what is on time; nothing of it is the product's code.
Offers  /auth, /share and /integration as the outside does, and /_control/… to testers, from the same machine only.
Calls   nobody.
Never   leaves a doubt unsaid: docs/national-portal.md says of each behaviour whether it was seen or is assumed.

`python -m tests.national_portal --port 0` starts it and prints its address as one line of JSON.
"""
