"""Given candidates and evidence, what comes first?"""
