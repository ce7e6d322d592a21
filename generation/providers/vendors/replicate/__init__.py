"""Replicate: anybody's models, each with words of its own, made one by one, polled for.

Facts: Replicate's OpenAPI (201 and 202 both mean taken; `aborted` never ran and is free, `canceled` did and is billed;
inputs and outputs are deleted after an hour), its documentation of predictions, webhooks and rate limits, and
replicate-javascript 1.4.0 (the fields of a prediction). Who pays by the second is told seconds, not money. A refusal is
a failure in free words: those that mean one are known of few models.

Models: `owner/name`, `owner/name:version`, `deployments/owner/name`. Options of an account: `refusals` (further words
of its models' refusals). Options of an offer of pictures: `input` and `words` (see `wording.input_of`), `size`
(`ratio`, `pixels`, or empty: not said), `ratios`; of clips: see `clips.clip_input_of`.
"""
