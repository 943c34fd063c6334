// Package explain answers what people ask about one instance or asset: what the cloud says of it, which mapping rules
// match and why the others do not, how its asset should be and how it is, who decides on each field, and what a run would
// do with it and why. It promises to be pure: it explains what a dry run has read and decided, and decides nothing.
package explain
