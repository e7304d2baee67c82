"""The sections of the page: each takes the values for its template from the results of the stages."""
