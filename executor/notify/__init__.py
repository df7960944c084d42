"""Notices to people: follows the audit from saved cursors, tells final states, and is never in the way of trading."""
