"""Tables as others have printed them, checked against themselves."""
