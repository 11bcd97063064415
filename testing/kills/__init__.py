"""SIGKILL of a process: before a step of a command (`commands`), or at a system call (`system_calls`)."""
