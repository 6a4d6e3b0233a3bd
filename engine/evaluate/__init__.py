"""How good are the answers, and how sure are we?"""
