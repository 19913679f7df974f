#!/bin/sh
# Process 1 of the image, a shell because Node leaves two duties of that process undone: every orphan of the container becomes
# its child, and what it does not wait for stays as a zombie (Node waits only for children it started itself); and the kernel
# lets no signal end it that it has no handler for, so that a command could not be interrupted.
child=
pass() { [ -n "$child" ] || exit 143; kill -s "$1" "$child" 2>/dev/null; }
trap 'pass TERM' TERM
trap 'pass HUP' HUP
trap 'pass QUIT' QUIT
# a terminal interrupts both of us by itself, and a server that is interrupted twice ends at once
if [ -t 0 ]; then trap : INT; else trap 'pass INT' INT; fi

node /opt/trainyard/trainyard.mjs "$@" <&0 &
child=$!
wait "$child"
code=$?
# a signal ends the wait before it ends the child
while kill -s 0 "$child" 2>/dev/null; do
  wait "$child"
  code=$?
done
exit "$code"
