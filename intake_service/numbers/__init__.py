"""Identity numbers at rest: sealed under the installation's keys, and sealed anew when those change."""
