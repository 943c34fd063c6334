// Package infra is what has to be there for jms-sync to run: policies, Terraform modules, a recipe
// of an image, units of systemd. It holds no code; its tests keep these files, and s.yaml, equal to
// what the program calls and understands.
package infra
