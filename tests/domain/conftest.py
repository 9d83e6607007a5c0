"""Property tests say what must always hold; how long an example takes on a busy machine says nothing."""

from hypothesis import settings

settings.register_profile("motcua", deadline=None)
settings.load_profile("motcua")
