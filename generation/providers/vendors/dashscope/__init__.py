"""Z-Image, Qwen-Image and Wan pictures of Alibaba's DashScope (Model Studio).

Facts: dashscope 2.0.2 (v2/resources/images.py, _jobs.py, v2/errors.py) and alibabacloud.com/help/en/model-studio/
manage-asynchronous-tasks. Models answer in one of three ways: `sync` at once; `task` takes the same body and is asked
for; `synthesis` (wan2.5 and older) is asked for, too, and has a body of its own. An error may come with HTTP 200. A
task of several pictures has succeeded when one of them has. UNKNOWN is a task that is gone, or another region's. Times
are UTC+8. Models of edits take up to 3 pictures (model-studio/qwen-image-edit-api), each a part of the content. What
comes as a `file:` or a path its SDK would upload; here pictures are sent as data and nothing else is.

Options of an account: `workspace`.
Options of an offer: `way` (of the three; as a rule by the model's name), `most_pictures` (of one call; as a rule 4 of
Wan's, else 1), `prompt_extend` (the vendor rewrites the prompt, and charges more), `watermark`.
"""
