// Package mapping decides by the rules of a configuration how the asset of an instance should be: its nodes, zone,
// platform, ports, name, labels, accounts and address, and whether it is made or kept active at all. It promises to be
// pure: the same rules and the same instance give the same Outcome, and the instance stays as it is. It knows nothing of
// assets that exist: what of an Outcome is written to them is decided in package plan.
//
// Compile checks rules and returns all mistakes in them at once. Rules are looked at in their order. A rule counts if its
// When holds. The first rule that sets a single field wins for that field; lists (nodes, labels by their names, accounts)
// add up; Stop ends. A template with an empty part sets nothing, so that the next rule may. So the order of two rules
// matters only if both set a field, or one of them stops.
//
// What the cloud did not show of an instance, above all its tags, makes a condition on it neither hold nor fail. What such
// a rule would set is not known then, nor what any later rule sets if it would stop: these fields are in Outcome.Unread.
// All others are as they would be whatever the cloud had shown.
package mapping
