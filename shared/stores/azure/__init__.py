"""
Table Storage and Blob Storage of one account.

Tables ``tenants``, ``ledger``, ``publications`` (newest day first), ``deliveries``, ``runs`` and
``claims``, and, for people, ``metrics``, ``days``, ``applications`` and ``customers``
(docs/tables.md); containers ``rollups``, ``parts`` and ``reports``. The name of a blob, but
for parts, contains the version it belongs to, ``reports/{tenant_id}/{ending}/{version}/{file}``,
and a row of ``publications`` or ``ledger`` says which version is current: such a blob is never
overwritten with other content, so what a link to one gives does not change. Etags keep writers from
overwriting what they have not seen. The column ``Format`` says which releases can read a row, and
``Digest`` that nobody else has changed it; rows of the first releases have neither.
"""
