#!/bin/sh
# Configuration and state stay.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
