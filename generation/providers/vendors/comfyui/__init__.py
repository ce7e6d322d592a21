"""ComfyUI: a server of the operator's own that makes whatever its workflows make, pictures and clips.

Facts: server.py and execution.py of ComfyUI. A workflow in the form that the editor exports for the API goes to
`/prompt` with an id of ours (older servers give one of their own) and waits in the server's queue; `/history/{id}`
tells what came of it, `/queue` what waits and what runs. Both are in the server's memory: what neither knows, asked for
before and after the other, was forgotten by a server that was started anew, and is ordered again. `/interrupt` is
global where the server is old, so it is called only while the prompt that runs is ours; what waits is taken out of the
queue. How far a prompt is only a websocket (`/ws`) tells: it is listened to for a moment while ours runs. The server
itself knows no keys: where one is given, it is for a proxy before it, `user:password` or a token.

Options of an account: `refusals` (further words of an error that mean that it does not make such a picture).
Options of an offer: `workflow`, `inputs` (where our words go, `{"prompt": "6.text", "seed": ["3.seed", "9.seed"]}`: a
node's id and the name of its input; `prompt`, `negative_prompt`, `seed`, `steps`, `cfg_scale`, `sampler`, `width`,
`height`, `image`, `mask`, `strength`; of clips also `last_image`, `seconds`, `fps`, `frames` and `audio`), `output`
(the id of the node whose file is meant, where several save one).
"""
