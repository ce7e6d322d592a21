"""From what is asked for to a task: nothing here works on one."""
