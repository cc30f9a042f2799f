"""
What goes out: the page, the CSV files, the mail. Pure functions of a Report or an Assessment.

    words       numbers, dates and names as a reader sees them
    sentences   what a figure amounts to, in words: headline, completeness, forecast
    charts      the geometry of bars, waterfall and trend, out of the printed numbers
    render      the page
    csv_files   the five CSV files
"""
