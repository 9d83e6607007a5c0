"""What the product is made of: licences, known weaknesses, the bill of materials."""
