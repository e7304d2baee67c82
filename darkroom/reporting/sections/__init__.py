"""What each section of the page shows: values for its template, from the results of the stages."""
