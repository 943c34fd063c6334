#!/bin/sh
# A removal stops the timer, an upgrade does not: dpkg says "remove", rpm counts the versions that stay.
set -e
case "$1" in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl disable --now jms-sync.timer || true
	fi
	;;
esac
