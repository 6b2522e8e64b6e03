"""Pathways: a population's patients, the regimens a policy gives them line by line, and what then happens."""
