"""
OUT: pages, files, mail and Teams, all made from a Report or an Assessment without new figures.

    text/   sentences, numbers, comparisons and lists, which the other folders share
    page/   the HTML pages: report, customers, permissions
    files/  CSV and JSON files, and writing them into a folder
    mail/   the mail's content, and the mailers: Graph, SMTP, outbox
    teams/  the report as a card, and the channel it is posted to
"""
