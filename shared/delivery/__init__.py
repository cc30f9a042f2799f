"""
What goes out: the page, the CSV files, the mail. Pure functions of a Report or an Assessment.

    words       numbers, dates and names as a reader sees them
    sentences   what a figure amounts to, in words: headline, completeness, forecast
    charts      the geometry of bars, waterfall and trend, out of the printed numbers
    render      the page
    csv_files   the five CSV files; directory_rows: those of accounts and customers
    customers   the customers as JSON, and as a page
    letter      what the mail says; mail_content renders it, mail and its kin carry it
    teams_card  the same words as a card; teams carries it into a channel
    summary     the report in a few lines of plain text
    token_answer  what an access token says and would be answered, as text and as JSON
    folder      files into a folder of the user's, all or none
"""
