"""The sections of the page: each collects the values of its template from the results of the stages."""
