"""What the books and the tables of a hub must not say, asked in its own shell."""

# The rows that contradict each promise.
COUNT = """
import json
from django.db import connection
def count(text):
    with connection.cursor() as cursor:
        cursor.execute(text)
        return [str(row[0]) for row in cursor.fetchall()]
print(json.dumps({
    "captured twice": count("SELECT hold_id FROM credits_transfer WHERE kind = 'capture' GROUP BY 1 HAVING count(*) > 1"),
    "sent twice": count("SELECT task_id FROM generation_attempt WHERE sending_at IS NOT NULL"
                        " GROUP BY 1, step HAVING count(*) FILTER (WHERE remote_id > '') > 1"),
    "more pictures than ordered": count("SELECT t.id FROM generation_task t JOIN generation_output o ON o.task_id = t.id"
                                        " WHERE o.artifact_id IS NOT NULL GROUP BY t.id, t.num_images"
                                        " HAVING count(*) > t.num_images"),
    "still held": count("SELECT id FROM credits_hold WHERE state <> 'settled'"),
    "still live": count("SELECT id FROM generation_task WHERE state IN ('pending', 'processing')"),
}))
"""
