"""Campaigns: simulated days, crash sweeps, kills, and known-bad executors that must be caught by them.

The whole product (web application, trader's loop, SmartAPI client, store) over the simulator on one thread and a
clock that jumps. What is checked is checked against the exchange's truth and what the sender was answered.
"""
