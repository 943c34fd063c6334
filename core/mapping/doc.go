// Package mapping decides by the rules of a configuration how the asset of an instance should be: its nodes, zone,
// platform, ports, name, labels, accounts and address, and whether it is made or kept active at all. It promises to be
// pure: the same rules and the same instance give the same Outcome. It knows nothing of assets that exist: what of an
// Outcome is written to them is decided in package plan.
//
// Rules are looked at in their order. A rule counts if its When matches. The first rule that sets a single field wins for
// that field; lists (nodes, labels, accounts) add up; Stop ends.
package mapping
