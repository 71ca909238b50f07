"""Credentials for devpi indexes from the devpi-tokens agent.

The work is done by three programs that come with this distribution. This package only tells Python's
``keyring`` about them: see :mod:`devpi_tokens_agent.backend`.
"""
