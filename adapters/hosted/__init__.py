"""Typed services that the bus hosts itself: Spyne gives them their WSDL and turns XML into values and back.

Signing, grants, judgement and evidence are not in here: a hosted service stands behind the same way as every other.
"""
