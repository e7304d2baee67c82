"""The report: charts, the sections of the page with their templates, and the page itself."""
