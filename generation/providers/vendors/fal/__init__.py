"""fal: anybody's models, each with words of its own, made one by one through the queue, polled for.

Facts: fal's documentation (queue, cancel, request errors, pricing, FAQ) and fal-client 1.0.3. COMPLETED is no success:
the status may carry an error, and the result then answers the error's own status. Addresses of an order name owner and
app without the path of the model, and three segments in some namespaces, so that those of the create are asked. Failed
requests and time in the queue are free; a filtered picture is a picture. Its own client is not used: it sends an order
again when the answer is lost.

Options of an account: `expiration_seconds` (how long the vendor keeps what it made), `platform_url` (of the API that
tells prices, where the base URL is not the vendor's). Options of an offer of pictures: `input` and `words` (see
`wording.input_of`), `size` (`object`, `pixels`, `ratio`, or empty: not said), `ratios`; of clips: see
`clips.clip_input_of`, and `with_image` (the model for orders with a picture, which many have apart).
"""
