"""Exports of a roster: tables, spreadsheet, calendar and the chart of coverage."""
