"""Control of a running lab from another process: its folder, control socket, workspace copy and score."""
