#!/bin/sh
# Nothing is started: there is no configuration yet. An upgrade is taken by the next run of the timer.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
