// Package infra keeps what jms-sync needs around it equal to the program: policies, Terraform modules, a recipe of an
// image, systemd units and s.yaml. It holds no code, only tests that compare these files with what the program calls and
// understands.
package infra
