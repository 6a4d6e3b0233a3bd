"""Whom can the log be trusted about, and what may be told of them?"""
