"""The hand-off: what the Model and Interface teams build on, from documents and gate report.

`bundle.build` makes the files, `folder.write` puts them in place, `folder.verify` checks them.
"""
