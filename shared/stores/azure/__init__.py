"""
Table Storage and Blob Storage of one account.

Tables ``tenants``, ``ledger``, ``metrics`` (newest day first; filter by ``Day``), ``runs`` and
``claims``; containers ``rollups`` and ``reports``. A blob's name holds the version that it belongs
to, ``reports/{tenant_id}/{ending}/{version}/{file}``, and a row of ``metrics`` or ``ledger`` says
which version counts: blobs are never overwritten with other content, so neither is what a link to
one gives. Etags keep writers from overwriting what they have not seen.
"""
