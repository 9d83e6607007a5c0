"""Phản ánh, kiến nghị: what anybody has to say of procedures, or of how officers behaved, until it is answered and
published."""
