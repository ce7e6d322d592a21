"""Stable Diffusion WebUI (AUTOMATIC1111, Forge, Forge Neo, SD.Next): a server of the operator's own, or a friend's.

Facts: modules/api/api.py and modules/progress.py of AUTOMATIC1111 and of Forge. One call makes all pictures, seeds one
after the other; `info` is JSON within a string. `force_task_id` names an order, so that `/internal/progress` tells ours
from others'; servers without their web page have only `/sdapi/v1/progress`, which is of whatever is under way. To
interrupt is global, too: it is done only while the order under way is ours. A 404 `Not Found` means that the server was
started without `--api`. The key is `user:password`, where the server has any.

Options of an account: `sampler`, `scheduler`, `batch_size` (most pictures drawn together, 1), `override_settings`, and
`exclusive` (true: nobody else uses the server, so that what is under way there is ours). Options of an offer: the same
but `exclusive`, and stronger; `samplers` and `styles` (those that orders may name). The name at the vendor is the
checkpoint's; it stays loaded for the next order.
"""
