"""The command line, from what was written to what is answered, one room for each step.

`options` says what may be written; `asked` makes of it a model, a computer, a goal and a request; `verbs`
answers, one module a verb; `documents` is the answer as JSON and `text` the answer for people. `main` starts
the verb and ends with the exit code of the contract.
"""
